"""Geometry of the loops from the published referentiel: an arc may have several lines."""

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import polars as pl

from cityflow.contracts.reference_tables import REFERENTIEL_ARCS
from cityflow.dialect import sniff
from cityflow.errors import FileRefused
from cityflow.geo import length_m, midpoint
from cityflow.published_names import comptages_columns
from cityflow_processor.comptages.fields import ARC
from cityflow_processor.comptages.geography import KnownArc, parse_point
from cityflow_processor.comptages.normalise import canonical_geometry
from cityflow_processor.records.districts import Districts
from cityflow_processor.tables import schema

Line = tuple[str, str | None]


def read_loops(data: bytes, name: str, polygons: Districts) -> pl.DataFrame:
    """One row an arc (contract REFERENTIEL_ARCS); nulls without a line. Raises FileRefused.

    Length is the sum of the arc's different lines; it is located by the point published with
    the longest of them, else by the middle of that line. An arc without one is in no known
    arrondissement.
    """
    dialect = sniff(data, name)
    columns = comptages_columns(dialect.columns)
    if ARC not in columns or "geo_shape" not in columns:
        raise FileRefused(name, ", ".join(dialect.columns), "columns Identifiant arc and geo_shape")
    text = data[dialect.header_bytes :].decode(errors="replace")
    lines: dict[str, set[Line]] = defaultdict(set)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter):
        cells = dict(zip(columns, row, strict=False))
        shape = canonical_geometry(cells.get("geo_shape") or "")
        if not (arc := (cells.get(ARC) or "").strip()):
            continue
        of_arc = lines[arc]
        if shape is not None:
            of_arc.add((shape, (cells.get("geo_point_2d") or None)))
    rows = [
        _arc(arc, lines[arc]) if lines[arc] else (arc, None, None, None, None)
        for arc in sorted(lines)
    ]
    points = [None if lon is None or lat is None else (lon, lat) for *_, lon, lat in rows]
    placed = [(*row, zone) for row, zone in zip(rows, polygons.locate(points), strict=True)]
    return pl.DataFrame(placed, schema=schema(REFERENTIEL_ARCS), orient="row")


def of_zones(frame: pl.DataFrame, labels: Mapping[str, str]) -> dict[str, Any]:
    """What a version says of its arcs as a whole and by arrondissement, `labels` all there are."""
    lengths = {code: list[float | None]() for code in labels}
    for code, length in frame.select("arrondissement", "length_m").iter_rows():
        lengths[code].append(length)
    zones = [
        {"arrondissement": code, "label": labels[code], **_measured(of)}
        for code, of in lengths.items()
    ]
    return {
        "length_m": _measured(frame["length_m"].to_list())["length_m"],
        "arrondissements": zones,
    }


def _measured(lengths: list[float | None]) -> dict[str, Any]:
    known = [length for length in lengths if length is not None]
    return {
        "arcs": len(lengths),
        "without_geometry": len(lengths) - len(known),
        "length_m": math.fsum(known) if known or not lengths else None,
    }


def _arc(arc_id: str, lines: set[Line]) -> tuple[str, str, float, float, float]:
    shapes = sorted({shape for shape, _ in lines})
    lengths = {shape: length_m(json.loads(shape)) for shape in shapes}
    longest = max(shapes, key=lambda shape: (lengths[shape], shape))
    points = sorted(point for shape, point in lines if shape == longest and point)
    located = parse_point(points[0]) if points else None
    lon, lat = located or midpoint(json.loads(longest))
    total = math.fsum(lengths.values())
    return arc_id, shapes[0] if len(shapes) == 1 else _joined(shapes), total, lon, lat


def _joined(shapes: list[str]) -> str:
    parts: list[object] = []
    for shape in map(json.loads, shapes):
        lines = shape["coordinates"]
        parts.extend(lines if shape["type"] == "MultiLineString" else [lines])
    joined = {"coordinates": parts, "type": "MultiLineString"}
    return json.dumps(joined, sort_keys=True, separators=(",", ":"))


def loops(frame: pl.DataFrame) -> dict[str, KnownArc]:
    """Arcs that have a line, by identifier."""
    columns = ("arc_id", "geometry", "length_m", "lon", "lat")
    return {
        arc: KnownArc(geometry, length, (lon, lat))
        for arc, geometry, length, lon, lat in frame.select(columns)
        .drop_nulls("geometry")
        .iter_rows()
    }
