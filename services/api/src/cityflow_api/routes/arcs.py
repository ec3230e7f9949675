"""The arcs of a day and their hours: pages of published tables, one edition for a whole walk."""

import polars as pl
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts.api import ArcCollection, ArcHourPage, ArcPage
from cityflow_api import rows
from cityflow_api.answering import here, json_answer, page_links
from cityflow_api.documented import answers, operation_id
from cityflow_api.failures import NotFound
from cityflow_api.negotiation import form
from cityflow_api.paging import Rows
from cityflow_api.params import (
    ArcsQuery,
    DayArcPath,
    DayPath,
    EditionQuery,
    HoursQuery,
    WalkQuery,
)
from cityflow_api.routes.asked import ROADS, Walk, walk, walk_hours

HOURS_OF_AN_ARC = 25
routes = APIBlueprint(
    "arcs",
    __name__,
    url_prefix="/v1",
    abp_tags=[Tag(name="arcs")],
    operation_id_callback=operation_id,
)


@routes.get(
    "/days/<string:date>/arcs",
    responses=answers(ArcPage, 304, 404, 503, csv=True, geojson=ArcCollection),
)
def arcs(path: DayPath, query: ArcsQuery) -> Response:
    """Arcs of a day by arc_id, as JSON, GeoJSON or CSV.

    `bbox` keeps the arcs whose own bounding box meets it.
    """
    wanted = form(query.format, "json", "geojson", "csv")
    step = walk(path.date, query)

    def make() -> Response:
        page = step.page("arcs", *_arc_filters(query))
        return page_links(_ARC_FORMS[wanted](step, page), page.next_cursor)

    return step.answer(wanted, make)


@routes.get(
    "/days/<string:date>/arc-hours", responses=answers(ArcHourPage, 304, 404, 503, csv=True)
)
def arc_hours(path: DayPath, query: HoursQuery) -> Response:
    """Hours of all arcs of a day by (arc_id, hour_end), as JSON or CSV; raw or filtered."""
    wanted = form(query.format, "json", "csv")
    step, filters = walk_hours(path.date, query, ROADS)

    def make() -> Response:
        page = step.page("arc_hours", *filters)
        answer = _hours_csv(step, page) if wanted == "csv" else _hour_page(step, page)
        return page_links(answer, page.next_cursor)

    return step.answer(wanted, make)


@routes.get(
    "/days/<string:date>/arcs/<string:arc_id>/hours", responses=answers(ArcHourPage, 304, 404, 503)
)
def hours_of_arc(path: DayArcPath, query: EditionQuery) -> Response:
    """The hours of one arc on a day, in time order."""
    form(None, "json")
    step = walk(path.date, WalkQuery(edition=query.edition, limit=HOURS_OF_AN_ARC))
    page = step.page("arc_hours", pl.col("arc_id") == path.arc_id)
    if page.matched == 0 and step.facts.status == "published":
        raise NotFound(
            "unknown-arc",
            f"No arc {path.arc_id} has a row on {path.date}; "
            f"/v1/days/{path.date}/arcs lists the arcs of that day",
        )
    return step.answer("json", lambda: page_links(_hour_page(step, page), None))


def _arc_filters(query: ArcsQuery) -> list[pl.Expr]:
    filters = []
    if query.arrondissement is not None:
        filters.append(pl.col("arrondissement") == query.arrondissement)
    if query.bbox is not None:
        west, south, east, north = (float(edge) for edge in query.bbox.split(","))
        filters += [pl.col("west") <= east, pl.col("east") >= west]
        filters += [pl.col("south") <= north, pl.col("north") >= south]
    return filters


def _arc_page(step: Walk, page: Rows) -> Response:
    answer = ArcPage(
        **step.about,
        matched=page.matched,
        arcs=rows.arc_rows(page.frame),
        next_cursor=page.next_cursor,
    )
    return json_answer(answer, step.facts.credit.attributions)


def _arc_collection(step: Walk, page: Rows) -> Response:
    features = rows.arc_features(page.frame)
    following = None if page.next_cursor is None else here(cursor=page.next_cursor)
    answer = ArcCollection(
        **step.about,
        type="FeatureCollection",
        numberMatched=page.matched,
        numberReturned=len(features),
        links=rows.collection_links(here(), following, step.facts.credit.attribution.licence_url),
        features=features,
    )
    return json_answer(answer, step.facts.credit.attributions, "geojson")


def _hour_page(step: Walk, page: Rows) -> Response:
    answer = ArcHourPage(
        **step.about,
        matched=page.matched,
        hours=rows.arc_hour_rows(page.frame),
        next_cursor=page.next_cursor,
    )
    return json_answer(answer, step.facts.credit.attributions)


def _arcs_csv(step: Walk, page: Rows) -> Response:
    return step.csv(page, f"{ROADS}_arcs")


def _hours_csv(step: Walk, page: Rows) -> Response:
    return step.csv(page, f"{ROADS}_arc_hours")


_ARC_FORMS = {"json": _arc_page, "geojson": _arc_collection, "csv": _arcs_csv}
