"""One arc beside its typical day: the newest analysed day, or the newest of a type."""

from datetime import date

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.calendar import DayType, day_type
from cityflow.contracts import Dataset, Pointer
from cityflow.contracts.api import ArcProfile, ArcProfileHour
from cityflow.errors import ObjectNotFound
from cityflow_api import http_cache
from cityflow_api.answering import json_answer, page_links
from cityflow_api.documented import answers, operation_id
from cityflow_api.failures import NotFound
from cityflow_api.negotiation import form
from cityflow_api.params import ArcPath, ProfileQuery
from cityflow_api.reading import NO_DATA, Found
from cityflow_api.routes.asked import reading

ANALYSIS = Dataset.ROADS_ANALYSIS.value
routes = APIBlueprint(
    "profile",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="arcs")],
    operation_id_callback=operation_id,
)


@routes.get("/arcs/<string:arc_id>/profile", responses=answers(ArcProfile, 304, 404, 503))
def profile_of_arc(path: ArcPath, query: ProfileQuery) -> Response:
    """The arc's hours beside its typical day: the newest analysed one, or the newest of a type."""
    form(None, "json")
    newest = _newest(query.day_type)
    etag = http_cache.tag_of(path.arc_id, f"{newest.day} {newest.edition}")
    return http_cache.revalidated(etag, lambda: _answer(path.arc_id, newest), forever=False)


def _newest(kind: DayType | None) -> Pointer:
    held = reading().pointers(ANALYSIS, date.min, date.max)
    fit = (p for p in reversed(held) if p.status != NO_DATA and kind in (None, day_type(p.day)))
    found = next(fit, None)
    if found is None:
        what = "day" if kind is None else f"day of the type {kind.value}"
        raise NotFound(
            "unknown-day", f"No {what} with data is analysed yet; /v1/days lists all days"
        )
    return found


def _answer(arc_id: str, pointer: Pointer) -> Response:
    found = Found(ANALYSIS, pointer.day, pointer.edition, pinned=False)
    facts = reading().facts(found)
    try:
        rows = reading().frames.hours_of_arc(ANALYSIS, pointer.day, pointer.edition, arc_id)
    except ObjectNotFound as error:
        raise NotFound(
            "unknown-edition",
            f"Edition {pointer.edition} of {ANALYSIS} {pointer.day} has no typical day: an earlier "
            f"version made it; process the day again",
        ) from error
    names = list(ArcProfileHour.model_fields)
    answer = ArcProfile(
        **dict(facts.credit),
        day=pointer.day,
        edition=pointer.edition,
        status=facts.status,
        arc_id=arc_id,
        day_type=day_type(pointer.day).value,
        hours=tuple(ArcProfileHour(**row) for row in rows.select(names).iter_rows(named=True)),
    )
    return page_links(json_answer(answer, facts.credit.attributions), None)
