"""Published files read back as typed records, whatever of the known columns they have.

A column is known by its technical name or its label. Values that are not of the field's type
are refused: a stand-in serves what it was given or says that it cannot.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import IO, Any

import polars as pl

from cityflow.errors import BadArguments
from cityflow_simulator.published.fields import DTYPES, POINT, Field

Source = bytes | IO[bytes]


def columns_of(fields: Sequence[Field], header: Iterable[str]) -> dict[str, Field]:
    """Column → field for the columns that are fields."""
    known = {field.label: field for field in fields} | {field.name: field for field in fields}
    return {column: known[column] for column in header if column in known}


def typed(fields: Sequence[Field], texts: pl.DataFrame) -> pl.DataFrame:
    """Records of these fields from a frame of texts; a field the frame lacks is null."""
    columns = {field.name: name for name, field in columns_of(fields, texts.columns).items()}
    values = [
        _value(field, pl.col(columns[field.name]))
        if field.name in columns
        else pl.lit(None, DTYPES[field.type]).alias(field.name)
        for field in fields
    ]
    try:
        return texts.select(values)
    except pl.exceptions.PolarsError as error:
        raise BadArguments(f"a value is not of its column's type: {error}") from error


def csv_frame(fields: Sequence[Field], content: bytes, separator: str = ";") -> pl.DataFrame:
    """A small CSV file as records."""
    texts = pl.read_csv(BytesIO(content), separator=separator, infer_schema=False)
    return typed(fields, texts)


def records_frame(fields: Sequence[Field], records: list[dict[str, Any]]) -> pl.DataFrame:
    """JSON records as the portal gives them."""
    rows = [{field.name: _plain(field, record.get(field.name)) for field in fields}
            for record in records]  # fmt: skip
    texts = {field.name: [row[field.name] for row in rows] for field in fields}
    schema = {field.name: POINT if field.type == "geo_point_2d" else pl.String for field in fields}
    return typed(fields, pl.DataFrame(texts, schema=schema))


def features_frame(fields: Sequence[Field], document: Mapping[str, Any]) -> pl.DataFrame:
    """The features of a GeoJSON collection; the geometry is the field that is a shape."""
    shape = next(field.name for field in fields if field.type == "geo_shape")
    records = [
        {**feature["properties"], shape: feature["geometry"]} for feature in document["features"]
    ]
    return records_frame(fields, records)


def _plain(field: Field, value: Any) -> Any:
    """A JSON value as text; a point stays one."""
    if value is None or isinstance(value, str):
        return value
    if field.type == "geo_point_2d":
        return {"lon": float(value["lon"]), "lat": float(value["lat"])}
    if field.type == "geo_shape":
        return json.dumps(value.get("geometry", value) if isinstance(value, dict) else value)
    return str(value)


def _value(field: Field, column: pl.Expr) -> pl.Expr:
    match field.type:
        case "datetime":
            value = column.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_unit="us", time_zone="UTC")
        case "date":
            value = column.str.to_date("%Y-%m-%d")
        case "int":
            value = column.cast(pl.Float64).cast(pl.Int64)
        case "double":
            value = column.cast(pl.Float64)
        case "geo_point_2d":
            value = _point(column)
        case "text" | "geo_shape":
            value = column
    return value.alias(field.name)


def _point(column: pl.Expr) -> pl.Expr:
    """`lat, lon` as a point; what is already one stays so."""

    def read(values: pl.Series) -> pl.Series:
        if values.dtype == POINT:
            return values
        parts = values.str.split_exact(",", 1).struct
        lat, lon = (parts.field(f"field_{i}").str.strip_chars().cast(pl.Float64) for i in (0, 1))
        points = pl.DataFrame({"lon": lon, "lat": lat}).to_struct()
        return points.set(values.is_null(), None)

    return column.map_batches(read, return_dtype=POINT)
