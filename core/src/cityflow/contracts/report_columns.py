"""Columns of a report's section from the model whose figures it carries."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from cityflow.contracts.tables import Column, Kind, Table

_KINDS: dict[type, Kind] = {int: "int", float: "float", datetime: "instant", date: "date"}
_UNITS = {
    "hour_of_day": "h",
    "hours": "h",
    "hours_in_day": "h",
    "hours_expected": "h",
    "arcs": "arcs",
    "unknown": "arcs",
    "fluid": "arcs",
    "pre_saturated": "arcs",
    "saturated": "arcs",
    "blocked": "arcs",
    "records": "rows",
    "days_down": "d",
    "dpn_veh": "veh/h",
    "exposed_arcs": "arcs",
    "stops": "stops",
    "disrupted_stops": "stops",
    "blocked_stops": "stops",
    "transit_disrupted_stops": "stops",
    "transit_blocked_stops": "stops",
    "placed": "stops",
    "panel_arcs": "arcs",
    "extent_arcs": "arcs",
    "active_days": "d",
}
_UNITS_BY_ENDING = {
    "_veh_h": "veh·h",
    "_veh_km": "veh·km",
    "_veh": "veh",
    "_kmh": "km/h",
    "_km": "km",
    "_pct": "%",
    "_hours": "arc·h",
    "_m2": "m²",
    "line_h": "line·h",
    "stop_h": "stop·h",
    "ed_h": "h",
    "_min": "min",
}
_DAY = (
    Column("day", "date", "", "Service day, a calendar day of Europe/Paris"),
    Column("dataset", "text", "", "Dataset the row speaks of"),
)
CREDIT = (
    Column("source", "text", "", "Publisher and dataset identifier; several go by `; `"),
    Column("licence", "text", "", "Licence of the source data"),
    Column("attribution", "text", "", "Text to print beside any re-use"),
)


def _unit(name: str, kind: Kind) -> str:
    if kind == "instant":
        return "UTC"
    if name.startswith("arcs_"):
        return "arcs"
    endings = (unit for ending, unit in _UNITS_BY_ENDING.items() if name.endswith(ending))
    return _UNITS.get(name) or next(endings, "")


def _plain(annotation: Any) -> tuple[Any, bool]:
    """The type behind Annotated and `| None`, and whether null is allowed."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        nullable = len(inner) < len(get_args(annotation))
        return (_plain(inner[0])[0] if len(inner) == 1 else str), nullable
    return annotation, False


def columns_of(model: type[BaseModel], prefix: str = "") -> Iterator[Column]:
    """One column a field, in order; the fields of a nested model as `<field>_<its field>`."""
    for name, field in model.model_fields.items():
        kind, nullable = _plain(field.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from columns_of(kind, f"{prefix}{name}_")
            continue
        column_kind = _KINDS.get(kind, "text")
        yield Column(
            prefix + name,
            column_kind,
            _unit(name, column_kind),
            field.description or "",
            nullable,
        )


def nullable(columns: Iterator[Column]) -> Iterator[Column]:
    """The columns of what may be missing as a whole."""
    return (replace(column, nullable=True) for column in columns)


def section(
    name: str, key: tuple[str, ...], description: str, columns: tuple[Column, ...]
) -> Table:
    """One section of the report: day and dataset first, whom to name last."""
    given = {column.name for column in (*_DAY, *CREDIT)}
    own = [column for column in columns if column.name not in given]
    own.sort(key=lambda column: key.index(column.name) if column.name in key else len(key))
    return Table(name, ("day", "dataset", *key), description, (*_DAY, *own, *CREDIT))
