"""The OpenAPI 3.1 document: parameters from the route models, schemas from the contracts."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.license import License
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.api import (
    ArcCollection,
    ArcDays,
    ArcHourPage,
    ArcPage,
    ArcProfile,
    CounterHourPage,
    DayList,
    Health,
    Problem,
    Readiness,
)
from cityflow.contracts.published import SUMMARIES
from cityflow.contracts.report import DailyReport
from cityflow_api import problems
from cityflow_api.answering import ROADS
from cityflow_api.negotiation import MEDIA

Answers = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
_SCHEMAS = "#/components/schemas/"
_ANSWERS: tuple[type[BaseModel], ...] = (
    Health,
    Readiness,
    DayList,
    ComptagesSummary,
    ArcPage,
    ArcCollection,
    ArcHourPage,
    ArcDays,
    ArcProfile,
    CounterHourPage,
    DailyReport,
    *(model for model in dict.fromkeys(SUMMARIES.values()) if model is not ComptagesSummary),
    Problem,
)
_TEXT = {"schema": {"type": "string"}}
_HEADERS = {
    "X-Request-Id": "Correlation id, also in the log",
    "X-Attribution": "Source, licence and attribution; percent-encoded where not ASCII",
    "Link": "license, self, next (if there is another page)",
}
_CACHE_HEADERS = {
    "ETag": "The edition (strong), followed by form and content coding if they are not the default",
    "Cache-Control": "Five minutes; for ever if the request names an edition",
}

INFO = Info(
    title="CityFlow",
    version="1.0.0",
    summary="Daily mobility metrics of a city, from open data",
    description=(
        "Read only. Figures rest on observed hours; coverage stands beside them; null is not zero. "
        "Every answer comes from an immutable edition and names it."
    ),
    license=License(name=ROADS.licence, url=ROADS.licence_url),
)


def answers(
    model: type[BaseModel],
    *statuses: int,
    csv: bool = False,
    geojson: type[BaseModel] | None = None,
    others: tuple[type[BaseModel], ...] = (),
) -> Answers:
    """What a route answers: the model in its forms, 304 if it is cacheable, problems by status.

    `others`: what it answers in the model's place, by what was asked for.
    """
    content: dict[str, Any] = {MEDIA["json"]: _one_of(model, *others)}
    if geojson is not None:
        content[MEDIA["geojson"]] = _ref(geojson)
    if csv:
        content[MEDIA["csv"]] = _TEXT
    described = {**_HEADERS, **(_CACHE_HEADERS if 304 in statuses else {})}
    found: Answers = {
        200: {"description": model.__doc__, "content": content, "headers": _headers(described)}
    }
    for status in (*statuses, 400, 405, 406, 429, 500):
        found[status] = _not_modified() if status == 304 else _problem(status)
    return found


def document(app: OpenAPI) -> dict[str, Any]:
    """The whole document; the schemas are those of pydantic, unabridged."""
    spec: dict[str, Any] = app.api_doc
    spec["components"] = {"schemas": _schemas()}
    for path in spec["paths"].values():
        _tidy(path["get"])
    spec["x-attribution"] = ROADS.model_dump(mode="json")
    return spec


@cache
def _schemas() -> Mapping[str, Any]:
    """Read only: every application of the process shares them."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in _ANSWERS], ref_template=_SCHEMAS + "{model}"
    )
    found: dict[str, Any] = schemas["$defs"]
    return found


def operation_id(*, name: str, path: str, method: str) -> str:
    """The name of a route's function."""
    return name


def _tidy(operation: dict[str, Any]) -> None:
    """Plain text for the description; an optional parameter is its type, not also null."""
    text = operation.pop("description", "").replace("<br/>", "\n").strip()
    if text:
        operation["description"] = text
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        if "anyOf" in schema:
            schema.pop("default", None)
            schema |= schema.pop("anyOf")[0]
        parameter.setdefault("description", schema.get("description", ""))


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": _SCHEMAS + model.__name__}}


def _one_of(*models: type[BaseModel]) -> dict[str, Any]:
    refs = [_ref(model)["schema"] for model in models]
    return {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}}


def _headers(described: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


def _not_modified() -> dict[str, Any]:
    return {"description": "The client holds this edition already", "headers": _headers(_HEADERS)}


def _problem(status: int) -> dict[str, Any]:
    titles = [kind.title for kind in problems.KINDS.values() if kind.status == status]
    return {
        "description": " / ".join(titles),
        "content": {problems.MEDIA: _ref(Problem)},
        "headers": _headers(_HEADERS),
    }
