"""The daily report: as JSON from its edition, as CSV from the files made of it."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts.report import DailyReport
from cityflow.storage import layout
from cityflow.storage.canonical import digest
from cityflow_api import http_cache
from cityflow_api.answering import csv_answer, json_answer, page_links
from cityflow_api.documented import answers, operation_id
from cityflow_api.failures import BadParameter, NotFound
from cityflow_api.negotiation import form
from cityflow_api.params import DayPath, ReportQuery
from cityflow_api.reading import REPORT, Found
from cityflow_api.routes.asked import reading

routes = APIBlueprint(
    "reports",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="reports")],
    operation_id_callback=operation_id,
)


@routes.get("/reports/<string:date>", responses=answers(DailyReport, 304, 404, 503, csv=True))
def report(path: DayPath, query: ReportQuery) -> Response:
    """The daily report as JSON; as CSV its figures in one list, or one `section` of it."""
    wanted = form(query.format or ("csv" if query.section else None), "json", "csv")
    if query.section and wanted != "csv":
        raise BadParameter("section", "sections are CSV files; ask for format=csv")
    found = reading().find(REPORT, path.date, query.edition)
    body = DailyReport.model_validate(reading().document(found))
    if wanted == "json":
        etag = http_cache.tag(found.edition)
        return http_cache.revalidated(
            etag,
            lambda: page_links(json_answer(body, body.attributions), None),
            forever=found.pinned,
        )
    return _csv(found, body, query.section)


def _csv(found: Found, body: DailyReport, section: str | None) -> Response:
    """The file of figures follows the current edition; the sections belong to theirs."""
    if section is None:
        _only_current(found)
        key, name = layout.report_file(found.day, "csv"), f"daily_report_{found.day}"
    else:
        key = layout.report_section(found.day, found.edition, section)
        name = f"report_{section}_{found.day}"
    data = reading().store().objects.read(key)
    return http_cache.revalidated(
        http_cache.tag(digest(data)[:20], "csv"),
        lambda: page_links(csv_answer(data, name, body.attributions), None),
        forever=found.pinned and section is not None,
    )


def _only_current(found: Found) -> None:
    if found.pinned and reading().find(REPORT, found.day, None).edition != found.edition:
        raise NotFound(
            "unknown-edition",
            f"Report {found.edition} of {found.day} is not the current one: of an earlier report "
            "there is the JSON, and the CSV of each section",
        )
