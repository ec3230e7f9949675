"""The hours of the bike counters on a day: pages of a published table, raw or filtered."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts import Dataset
from cityflow.contracts.api import CounterHourPage
from cityflow_api import rows
from cityflow_api.answering import json_answer, page_links
from cityflow_api.documented import answers, operation_id
from cityflow_api.negotiation import form
from cityflow_api.paging import Rows
from cityflow_api.params import DayPath, HoursQuery
from cityflow_api.routes.asked import Walk, walk_hours

BIKES = Dataset.BIKES.value
routes = APIBlueprint(
    "counters",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="counters")],
    operation_id_callback=operation_id,
)


@routes.get(
    "/days/<string:date>/counter-hours",
    responses=answers(CounterHourPage, 304, 404, 503, csv=True),
)
def counter_hours(path: DayPath, query: HoursQuery) -> Response:
    """Hours of all bike counters of a day by (counter_id, mode, hour_start); raw or filtered."""
    wanted = form(query.format, "json", "csv")
    step, filters = walk_hours(path.date, query, BIKES)

    def make() -> Response:
        page = step.page("counter_hours", *filters)
        csv = wanted == "csv"
        answer = step.csv(page, f"{BIKES}_counter_hours") if csv else _page(step, page)
        return page_links(answer, page.next_cursor)

    return step.answer(wanted, make)


def _page(step: Walk, page: Rows) -> Response:
    answer = CounterHourPage(
        **step.about,
        matched=page.matched,
        hours=rows.counter_hour_rows(page.frame),
        next_cursor=page.next_cursor,
    )
    return json_answer(answer, step.facts.credit.attributions)
