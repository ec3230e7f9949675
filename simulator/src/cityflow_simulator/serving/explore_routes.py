"""Opendatasoft Explore v2.1 over HTTP."""

from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Response, request

from cityflow.contracts.synthetic import SYNTHETIC_MEMBER
from cityflow_simulator.explore import answer as answers
from cityflow_simulator.explore.csv_rows import csv_export
from cityflow_simulator.explore.errors import ExploreError, forbidden, not_found
from cityflow_simulator.explore.json_rows import (
    dumped,
    geojson_export,
    json_export,
    jsonl_export,
    records_of,
)
from cityflow_simulator.explore.metadata import metadata
from cityflow_simulator.explore.parameters import (
    Clauses,
    Style,
    clauses_of,
    export_window,
    page_of,
    style_of,
)
from cityflow_simulator.explore.parquet_rows import parquet_export
from cityflow_simulator.explore.query import query_of
from cityflow_simulator.published.altered import Altered, Forbidden, Stale
from cityflow_simulator.published.dataset import About, Dataset
from cityflow_simulator.serving.bodies import gzipped
from cityflow_simulator.serving.faults import Fault
from cityflow_simulator.serving.world import World

FAULT = "cityflow.fault"
"""Where the request's environment holds the fault that the dataset itself must show."""

BASE = "/api/explore/v2.1/catalog/datasets"
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "geojson": "application/geo+json; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
NOT_SERVED = frozenset(
    {"fgb", "gpx", "jsonld", "kml", "n3", "ov2", "rdfxml", "shp", "turtle", "xlsx"}
)


def explore_routes(world: World) -> Blueprint:
    """The routes of the portal."""
    routes = Blueprint("explore", __name__, url_prefix=BASE)

    @routes.errorhandler(ExploreError)
    def failed(error: ExploreError) -> Response:
        return _json(error.body, error.status)

    @routes.get("/<dataset_id>")
    def entry(dataset_id: str) -> Response:
        return _json(metadata(_dataset(world, dataset_id), world.clock.now()))

    @routes.get("/<dataset_id>/records")
    def records(dataset_id: str) -> Response:
        return _records(world, _readable(world, dataset_id))

    @routes.get("/<dataset_id>/exports/<form>")
    def exports(dataset_id: str, form: str) -> Response:
        return _export(world, _dataset(world, dataset_id), form)

    return routes


def _json(body: object, status: int = 200) -> Response:
    return Response(dumped(body), status, content_type="application/json; charset=utf-8")


def _fault() -> Fault | None:
    return cast("Fault | None", request.environ.get(FAULT))


def _dataset(world: World, dataset_id: str) -> Dataset:
    if dataset_id not in world.datasets:
        raise not_found(dataset_id)
    return _altered(world.datasets[dataset_id], _fault())


def _altered(dataset: Dataset, fault: Fault | None) -> Dataset:
    """The dataset as a fault shows it."""
    match fault:
        case Fault(kind="drop_field" | "rename_field" | "add_field" as change):
            return Altered(dataset, change, fault.field or "", fault.text)
        case Fault(kind="stale"):
            return Stale(dataset, fault.days)
        case Fault(kind="forbidden"):
            return Forbidden(dataset)
    return dataset


def _readable(world: World, dataset_id: str) -> Dataset:
    dataset = _dataset(world, dataset_id)
    if dataset.about.forbidden:
        raise forbidden()
    return dataset


def _clauses() -> Clauses:
    given = request.args
    return clauses_of(given, given.getlist("refine"), given.getlist("exclude"))


def _records(world: World, dataset: Dataset) -> Response:
    clauses, now = _clauses(), world.clock.now()
    query = query_of(dataset.about, clauses)
    window = page_of(request.args, query.grouped)
    found = records_of(answers.answer(dataset, query, window, now), clauses.zone)
    total = len(found) if query.grouped else answers.count(dataset, query, now)
    return _json({"total_count": total, "results": found})


def _export(world: World, dataset: Dataset, form: str) -> Response:
    """A stream without a length; its first piece is made before the status goes out."""
    if form not in _MEDIA:
        if form in NOT_SERVED:
            message = f"The stand-in does not write {form}; ask for one of {', '.join(_MEDIA)}."
            raise ExploreError(501, "NotImplemented", message)
        raise ExploreError(400, "InvalidRESTParameterError", f"Unknown export format: {form}")
    clauses, style = _clauses(), style_of(request.args)
    query = query_of(dataset.about, clauses)
    window = export_window(request.args)
    found = answers.answer(dataset, query, window, world.clock.now())
    body = _written(form, found, style, clauses, dataset.about)
    fault = _fault()
    if fault is not None and fault.kind == "header" and form == "csv":
        body = _with_header(body, fault.text)
    name = f"{dataset.about.dataset_id}.{form}"
    if style.compressed:
        return _stream(gzipped(body), "application/gzip", f"{name}.gz")
    response = _stream(body, _MEDIA[form], name)
    if "gzip" in request.headers.get("Accept-Encoding", "") and form != "parquet":
        response.response = gzipped(body)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response


def _stream(body: Iterator[bytes], media: str, name: str) -> Response:
    response = Response(body, content_type=media, direct_passthrough=True)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _with_header(body: Iterator[bytes], line: str) -> Iterator[bytes]:
    """The same rows below another first line."""
    next(body)
    yield f"{line}\n".encode()
    yield from body


def _written(
    form: str, found: answers.Answer, style: Style, clauses: Clauses, about: About
) -> Iterator[bytes]:
    match form:
        case "csv":
            return csv_export(found, style, clauses.zone)
        case "json":
            return json_export(found, style, clauses.zone)
        case "jsonl":
            return jsonl_export(found, style, clauses.zone)
        case "geojson":
            members = {SYNTHETIC_MEMBER: True} if about.synthetic else {}
            return geojson_export(found, clauses.zone, members)
    return parquet_export(found, style)
