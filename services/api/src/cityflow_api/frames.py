"""Published tables as frames: sorted by their key, rows numbered, held by edition in memory."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

import polars as pl

from cityflow.contracts.bikes_tables import BIKES_COUNTER_HOURS
from cityflow.contracts.register_tables import REGISTER_ARC_HOURS, REGISTER_COUNTER_HOURS
from cityflow.contracts.tables import COMPTAGES_ARC_HOURS, COMPTAGES_ARCS, Table
from cityflow.errors import StoreUnavailable
from cityflow.storage import Store, layout
from cityflow_api.caching import Cache
from cityflow_api.paging import ROW

TableKey = tuple[str, date, str, str]
CACHE_BYTES = 128 * 1024 * 1024
BOUNDS = ("west", "south", "east", "north")
TABLES = {
    "comptages": {table.name: table for table in (COMPTAGES_ARCS, COMPTAGES_ARC_HOURS)},
    "bikes": {BIKES_COUNTER_HOURS.name: BIKES_COUNTER_HOURS},
    "register": {table.name: table for table in (REGISTER_ARC_HOURS, REGISTER_COUNTER_HOURS)},
}


class Frames:
    """Reads tables of editions; an edition never changes, so what was read stays true."""

    def __init__(self, store: Callable[[], Store], capacity: int = CACHE_BYTES) -> None:
        self._store = store
        self._cache: Cache[TableKey, pl.DataFrame] = Cache(capacity, _weight)

    def table(self, dataset: str, day: date, edition: str, name: str) -> pl.DataFrame:
        """The whole table with a column `row`; arcs also with their bounds in degrees.

        Raises ObjectNotFound if the edition has no such table, StoreUnavailable otherwise.
        """
        key = (dataset, day, edition, name)
        return self._cache.get(key, lambda: self._load(key))

    def rows_of_arc(self, dataset: str, day: date, edition: str, arc_id: str) -> pl.DataFrame:
        """The arc's row of `arcs` without geometry; read alone, so that a year fits in memory."""
        data = self._read((dataset, day, edition, "arcs"))
        lazy = pl.scan_parquet(data).filter(pl.col("arc_id") == arc_id).drop("geometry")
        return _collected(lazy, f"arcs of {day}")

    def hours_of_arc(self, dataset: str, day: date, edition: str, arc_id: str) -> pl.DataFrame:
        """The arc's rows of `hours`, in time order; read alone. Raises ObjectNotFound."""
        data = self._read((dataset, day, edition, "hours"))
        lazy = pl.scan_parquet(data).filter(pl.col("arc_id") == arc_id).sort("hour_end")
        return _collected(lazy, f"hours of {day}")

    def _load(self, key: TableKey) -> pl.DataFrame:
        dataset, day, _, name = key
        table = TABLES[dataset][name]
        frame = _collected(pl.scan_parquet(self._read(key)), f"{name} of {day}")
        return _prepared(frame, table)

    def _read(self, key: TableKey) -> BytesIO:
        dataset, day, edition, name = key
        return BytesIO(self._store().objects.read(layout.table(dataset, day, edition, name)))


def empty(dataset: str, name: str) -> pl.DataFrame:
    """The table of a day without data: its columns and no row."""
    table = TABLES[dataset][name]
    types: dict[str, Any] = {
        "text": pl.String,
        "int": pl.Int64,
        "float": pl.Float64,
        "instant": pl.Datetime("us", "UTC"),
        "date": pl.Date,
    }
    return _prepared(pl.DataFrame(schema={c.name: types[c.kind] for c in table.columns}), table)


def _weight(frame: pl.DataFrame) -> int:
    return int(frame.estimated_size())


def _collected(lazy: pl.LazyFrame, what: str) -> pl.DataFrame:
    try:
        return lazy.collect()
    except pl.exceptions.PolarsError as error:
        raise StoreUnavailable(
            f"The table {what} cannot be read ({type(error).__name__}); process the day again"
        ) from error


def _prepared(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    ordered = frame.sort(table.key).with_row_index(ROW)
    if "geometry" not in frame.columns:
        return ordered
    bounds = [_bounds(text) for text in ordered["geometry"]]
    schema = dict.fromkeys(BOUNDS, pl.Float64)
    return ordered.hstack(pl.DataFrame(bounds, schema=schema, orient="row"))


def _bounds(geometry: str | None) -> tuple[float | None, ...]:
    """West, south, east, north of a GeoJSON geometry; nulls without one."""
    points = list(_points(json.loads(geometry)["coordinates"])) if geometry else []
    if not points:
        return (None, None, None, None)
    lons, lats = zip(*points, strict=True)
    return (min(lons), min(lats), max(lons), max(lats))


def _points(coordinates: list[Any]) -> Iterator[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], int | float):
        yield float(coordinates[0]), float(coordinates[1])
    else:
        for inner in coordinates:
            yield from _points(inner)
