"""One arc over days: each with its edition and coverage, absence said in words, never as 0."""

from datetime import date, timedelta

import polars as pl
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts import Pointer
from cityflow.contracts.api import ArcDay, ArcDays
from cityflow_api import http_cache, rows
from cityflow_api.answering import json_answer, page_links
from cityflow_api.arc_history import ArcHistory
from cityflow_api.documented import answers, operation_id
from cityflow_api.failures import BadParameter, NotFound
from cityflow_api.negotiation import form
from cityflow_api.params import ArcDaysQuery, ArcPath
from cityflow_api.reading import NO_DATA
from cityflow_api.routes.asked import ROADS, reading

LONGEST = 400
USUAL = 31
routes = APIBlueprint(
    "arc_days",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="arcs")],
    operation_id_callback=operation_id,
)


@routes.get("/arcs/<string:arc_id>/days", responses=answers(ArcDays, 304, 404, 503))
def days_of_arc(path: ArcPath, query: ArcDaysQuery) -> Response:
    """The arc's figures over days, oldest first; at most 400 days, the last 31 by default."""
    form(None, "json")
    first, last = _range(query)
    pointers = reading().pointers(ROADS, first, last)
    etag = http_cache.tag_of(
        path.arc_id, f"{first} {last}", *(f"{p.day} {p.edition}" for p in pointers)
    )

    def make() -> Response:
        history = ArcHistory.of(reading(), ROADS, pointers)
        credits = history.attributions()
        answer = ArcDays(
            attribution=credits[0],
            context_attributions=credits[1:],
            arc_id=path.arc_id,
            first=first,
            last=last,
            days=_days(path.arc_id, history),
        )
        return page_links(json_answer(answer, credits), None)

    return http_cache.revalidated(etag, make, forever=False)


def _range(query: ArcDaysQuery) -> tuple[date, date]:
    """The days asked for; without `to` up to the newest published day."""
    last = query.last or _newest(query.first)
    first = query.first or _back(last, USUAL - 1)
    if first > last:
        raise BadParameter("from", f"{first} is after `to`, {last}")
    if (last - first).days >= LONGEST:
        raise BadParameter("from", f"{first} to {last} is more than {LONGEST} days; ask in parts")
    return first, last


def _newest(first: date | None) -> date:
    pointer = reading().newest(ROADS)
    if pointer is None:
        raise NotFound("unknown-day", f"No day of {ROADS} is published yet")
    return max(pointer.day, first) if first else pointer.day


def _back(day: date, days: int) -> date:
    return day - min(timedelta(days=days), day - date.min)


def _days(arc_id: str, history: ArcHistory) -> tuple[ArcDay, ...]:
    rows_of = history.rows(arc_id)
    found = tuple(_day(pointer, rows_of.get(pointer.day)) for pointer in history.pointers)
    with_data = [day for day in found if day.status != NO_DATA]
    if with_data and all(day.status == "absent" for day in with_data):
        raise NotFound(
            "unknown-arc",
            f"No arc {arc_id} has a row from {found[0].day} to {found[-1].day}; "
            f"/v1/days/{with_data[-1].day}/arcs lists the arcs of a day",
        )
    return found


def _day(pointer: Pointer, row: pl.DataFrame | None) -> ArcDay:
    if pointer.status == NO_DATA or row is None:
        return ArcDay(day=pointer.day, edition=pointer.edition, status=NO_DATA, figures=None)
    figures = rows.arc_figures(row)
    return ArcDay(
        day=pointer.day,
        edition=pointer.edition,
        status="absent" if figures is None else "observed",
        figures=figures,
    )
