"""A field of a published dataset: technical name, French label and type.

Records travel as Polars frames whose columns are the fields. A point is a struct of lon and lat,
a shape the text of its GeoJSON geometry, an instant is UTC.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

FieldType = Literal["text", "int", "double", "date", "datetime", "geo_point_2d", "geo_shape"]

POINT = pl.Struct({"lon": pl.Float64, "lat": pl.Float64})
INSTANT = pl.Datetime("us", "UTC")
DTYPES: dict[FieldType, pl.DataType] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "double": pl.Float64(),
    "date": pl.Date(),
    "datetime": INSTANT,
    "geo_point_2d": POINT,
    "geo_shape": pl.String(),
}


@dataclass(frozen=True)
class Field:
    """One published field."""

    name: str
    label: str
    type: FieldType = "text"
    description: str | None = None


def schema_of(fields: tuple[Field, ...]) -> pl.Schema:
    """The Polars schema of records with these fields."""
    return pl.Schema({field.name: DTYPES[field.type] for field in fields})


def frame_of(fields: tuple[Field, ...], columns: dict[str, object]) -> pl.DataFrame:
    """A frame of these fields from columns of plain values; a field not given is null."""
    rows = max((len(values) for values in columns.values() if isinstance(values, list)), default=0)
    filled = {field.name: columns.get(field.name, [None] * rows) for field in fields}
    return pl.DataFrame(filled, schema=schema_of(fields), strict=True)
