"""Rows of published tables in the forms a client may ask for: contracts, GeoJSON, CSV."""

import json
from typing import Any

import polars as pl

from cityflow.contracts.api import (
    ApiLink,
    ArcFeature,
    ArcFigures,
    ArcHourRow,
    ArcRow,
    CounterHourRow,
)
from cityflow.spreadsheets import FORMULA
from cityflow_api.frames import BOUNDS

_INSTANTS = "%Y-%m-%dT%H:%M:%SZ"


def arc_rows(frame: pl.DataFrame) -> tuple[ArcRow, ...]:
    """Arcs with their geometry as GeoJSON objects."""
    return tuple(ArcRow.model_validate(_with_geometry(row)) for row in _named(frame))


def arc_features(frame: pl.DataFrame) -> tuple[ArcFeature, ...]:
    """Arcs as GeoJSON features."""
    return tuple(_feature(_with_geometry(row)) for row in _named(frame))


def arc_figures(frame: pl.DataFrame) -> ArcFigures | None:
    """The one row of a single arc, or None."""
    return next((ArcFigures.model_validate(row) for row in _named(frame)), None)


def arc_hour_rows(frame: pl.DataFrame) -> tuple[ArcHourRow, ...]:
    """Hours of arcs."""
    return tuple(ArcHourRow.model_validate(row) for row in _named(frame))


def counter_hour_rows(frame: pl.DataFrame) -> tuple[CounterHourRow, ...]:
    """Hours of bike counters."""
    return tuple(CounterHourRow.model_validate(row) for row in _named(frame))


def collection_links(here: str, following: str | None, licence: str) -> tuple[ApiLink, ...]:
    """The links of a GeoJSON collection: self, next, license."""
    found = [ApiLink(rel="self", href=here), ApiLink(rel="license", href=licence)]
    if following is not None:
        found.append(ApiLink(rel="next", href=following))
    return tuple(found)


def csv(frame: pl.DataFrame) -> str:
    """Comma separated UTF-8 with a header line; an empty cell is a null, instants are UTC.

    Texts that a spreadsheet would take for formulas are defused.
    """
    defused = frame.drop(BOUNDS, strict=False).with_columns(
        pl.col(pl.String).str.replace(FORMULA.pattern, "'${1}")
    )
    return defused.write_csv(datetime_format=_INSTANTS)


def _named(frame: pl.DataFrame) -> Any:
    return frame.drop(BOUNDS, strict=False).iter_rows(named=True)


def _with_geometry(row: dict[str, Any]) -> dict[str, Any]:
    text = row["geometry"]
    return {**row, "geometry": json.loads(text) if text else None}


def _feature(row: dict[str, Any]) -> ArcFeature:
    geometry = row.pop("geometry")
    figures = ArcFigures.model_validate(row)
    return ArcFeature(type="Feature", id=figures.arc_id, geometry=geometry, properties=figures)
