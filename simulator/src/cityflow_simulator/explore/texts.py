"""Values as the portal writes them in text formats.

Instants carry the offset of the zone asked for, numbers their shortest form, a point is
`lat, lon`, a shape its GeoJSON geometry; null is nothing.
"""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from cityflow_simulator.published.fields import Field, FieldType

INSTANT: Final = "%Y-%m-%dT%H:%M:%S%:z"


def as_text(field: Field, zone: ZoneInfo) -> pl.Expr:
    """The column as text under its own name; nulls stay null."""
    column = pl.col(field.name)
    kind: FieldType = field.type
    match kind:
        case "datetime":
            text = column.dt.convert_time_zone(zone.key).dt.strftime(INSTANT)
        case "date":
            text = column.dt.strftime("%Y-%m-%d")
        case "geo_point_2d":
            point = column.struct
            text = pl.format("{}, {}", point.field("lat"), point.field("lon"))
        case "text" | "geo_shape":
            text = column
        case "int" | "double":
            text = column.cast(pl.String)
    return text.alias(field.name)


def times_as_text(fields: Sequence[Field], zone: ZoneInfo) -> list[pl.Expr]:
    """Every column, of which days and instants as text."""
    return [
        as_text(field, zone) if field.type in ("date", "datetime") else pl.col(field.name)
        for field in fields
    ]
