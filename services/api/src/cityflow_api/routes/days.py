"""Which days are published, newest first; and the summary of one dataset on one of them."""

from datetime import date, timedelta
from itertools import chain

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts import ComptagesSummary, Dataset, Pointer, PublishedDocument
from cityflow.contracts.api import DatasetDay, DayEntry, DayList, ReportDay
from cityflow.contracts.published import SUMMARIES
from cityflow_api import http_cache, paging
from cityflow_api.answering import json_answer, page_links
from cityflow_api.documented import answers, operation_id
from cityflow_api.failures import BadParameter, NotFound
from cityflow_api.negotiation import form
from cityflow_api.params import DaysQuery, EditionQuery, MetricsPath
from cityflow_api.reading import REPORT
from cityflow_api.routes.asked import reading

routes = APIBlueprint(
    "days",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="days")],
    operation_id_callback=operation_id,
)


@routes.get("/days", responses=answers(DayList, 304, 503))
def days(query: DaysQuery) -> Response:
    """Published days, newest first, with the edition of each dataset and of the report."""
    form(None, "json")
    found = reading().days(query.first, _last(query), query.limit + 1)
    shown = dict(list(found.items())[: query.limit])
    more = len(found) > len(shown)
    editions = (p.model_dump_json() for p in chain(*shown.values()))
    return http_cache.revalidated(
        http_cache.tag_of(str(more), *editions), lambda: _list(shown, more=more), forever=False
    )


@routes.get(
    "/days/<string:date>/metrics/<string:type>",
    responses=answers(
        ComptagesSummary, 304, 404, 503, others=tuple(dict.fromkeys(SUMMARIES.values()))[1:]
    ),
)
def metrics(path: MetricsPath, query: EditionQuery) -> Response:
    """The published summary of a dataset on a day: totals, profile, rankings, quality.

    Of reference data the version that was received on the day.
    """
    form(None, "json")
    summary_of = _summary_model(path.type)
    found = reading().find(path.type, path.date, query.edition)
    facts = reading().facts(found)

    def make() -> Response:
        summary = summary_of.model_validate(reading().document(found))
        return page_links(json_answer(summary, facts.credit.attributions), None)

    return http_cache.revalidated(http_cache.tag(found.edition), make, forever=found.pinned)


def _summary_model(dataset: str) -> type[PublishedDocument]:
    if dataset not in SUMMARIES:
        names = ", ".join(SUMMARIES)
        raise NotFound("unknown-dataset", f"There is no summary of {dataset!r}; there is: {names}")
    return SUMMARIES[dataset]


def _list(shown: dict[date, list[Pointer]], *, more: bool) -> Response:
    pointers = [pointer for entry in shown.values() for pointer in entry]
    listed = DayList(
        attributions=reading().attributions(pointers),
        days=tuple(_entry(day, entry) for day, entry in shown.items()),
        next_cursor=paging.encode_day(min(shown)) if more else None,
    )
    return page_links(json_answer(listed, listed.attributions), listed.next_cursor)


def _last(query: DaysQuery) -> date | None:
    """The last day of this page: what was asked for, and before the page that was sent."""
    if query.first and query.last and query.first > query.last:
        raise BadParameter("from", f"{query.first} is after `to`, {query.last}")
    sent = paging.decode_day(query.cursor)
    if sent is None:
        return query.last
    before = sent - timedelta(days=1)
    return min(before, query.last) if query.last else before


def _entry(day: date, pointers: list[Pointer]) -> DayEntry:
    report = next((p for p in pointers if p.dataset == REPORT), None)
    return DayEntry(
        day=day,
        datasets=tuple(_dataset_day(p) for p in pointers if p is not report),
        report=ReportDay(edition=report.edition, published_at=report.published_at)
        if report
        else None,
    )


def _dataset_day(pointer: Pointer) -> DatasetDay:
    return DatasetDay(
        dataset=Dataset(pointer.dataset),
        edition=pointer.edition,
        status=pointer.status,
        records=pointer.records,
        published_at=pointer.published_at,
    )
