"""Attributes of an arc in one spelling, whatever form they arrived in."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import polars as pl

from cityflow.storage.canonical import digest
from cityflow_processor.comptages.fields import ATTRIBUTES, DIGEST

MAX_TEXT: Final = 500
_SHORT: Final = ("libelle", "iu_nd_amont", "libelle_nd_amont", "iu_nd_aval", "libelle_nd_aval")
_MOST: Final = (180, 90, 10_000)  # longitude, latitude, metres of height
_RESAVED = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?")


def canonical_attributes(attributes: pl.DataFrame) -> pl.DataFrame:
    """Dates as ISO days, geometry as compact GeoJSON, points as `lat, lon`; unreadable: null.

    Labels and nodes are cut at MAX_TEXT characters: a summary that holds them stays a document.
    A last column, `digest`, stands for all of them.
    """
    frame = attributes.with_columns(
        pl.col(_SHORT).str.slice(0, MAX_TEXT),
        _mapped(attributes["date_debut"], canonical_day),
        _mapped(attributes["date_fin"], canonical_day),
        _mapped(attributes["geo_point_2d"], canonical_point),
        _mapped(attributes["geo_shape"], canonical_geometry),
    ).select(ATTRIBUTES)
    digests = [digest(json.dumps(row)) for row in frame.iter_rows()]
    return frame.with_columns(pl.Series(DIGEST, digests, dtype=pl.String))


def _mapped(values: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    texts = [None if text is None else function(text) for text in values.to_list()]
    return pl.Series(values.name, texts, dtype=pl.String)


@lru_cache(maxsize=8192)
def canonical_day(text: str) -> str | None:
    """`YYYY-MM-DD` of an ISO date or time, or of a re-saved `dd/mm/yyyy`."""
    if match := _RESAVED.fullmatch(text.strip()):
        return f"{match[3]}-{match[2]}-{match[1]}"
    match = _ISO.fullmatch(text.strip())
    return match[1] if match else None


@lru_cache(maxsize=8192)
def canonical_point(text: str) -> str | None:
    """`lat, lon` with the shortest exact decimals."""
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return f"{latitude!r}, {longitude!r}"


@lru_cache(maxsize=8192)
def canonical_geometry(text: str) -> str | None:
    """A line's GeoJSON geometry, compact with sorted keys; a Feature gives its geometry."""
    try:
        shape = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    if not isinstance(shape, dict) or shape.get("type") not in ("LineString", "MultiLineString"):
        return None
    lines = shape.get("coordinates")
    if shape["type"] == "LineString":
        lines = [lines]
    if not isinstance(lines, list) or not lines or not all(_is_line(line) for line in lines):
        return None
    slim = {"coordinates": shape["coordinates"], "type": shape["type"]}
    return json.dumps(slim, sort_keys=True, separators=(",", ":"))


def _is_line(line: object) -> bool:
    return (
        isinstance(line, list)
        and len(line) >= 2
        and all(_is_position(point) and len(point) == len(line[0]) for point in line)
    )


def _is_position(position: object) -> bool:
    return (
        isinstance(position, list)
        and len(position) in (2, 3)
        and all(
            type(x) in (int, float) and abs(x) <= most
            for x, most in zip(position, _MOST, strict=False)
        )
    )
