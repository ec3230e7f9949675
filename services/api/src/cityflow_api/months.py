"""Completed months of a dataset: the rows of one entity, by ranges of one object a month."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cityflow.contracts import MonthHistory, Pointer, history_of
from cityflow.errors import ObjectNotFound, StoreUnavailable
from cityflow.storage import Editions, Objects, Store, layout, rules
from cityflow_api.caching import Cache

_TAIL_BYTES: Final = 128 * 1024
_END: Final = struct.Struct("<I4s")
_MAGIC: Final = b"PAR1"
MONTHS_HELD = 600
ROWS_HELD = 4_000


@dataclass(frozen=True)
class Month:
    """A completed month, and those of the days asked for whose current edition it holds."""

    history: MonthHistory
    days: frozenset[date]


class Months:
    """Reads months; an edition of a month never changes, so what was read stays true."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._histories: Cache[tuple[str, date, str], MonthHistory | None] = Cache(MONTHS_HELD)
        self._rows: Cache[tuple[str, str], pl.DataFrame] = Cache(ROWS_HELD)

    def covering(self, dataset: str, pointers: Sequence[Pointer]) -> Iterator[Month]:
        """Months that hold some of these days in their current edition."""
        if not pointers:
            return
        editions, name = Editions(self._store()), history_of(dataset)
        first = layout.month_of(pointers[0].day)[0]
        for published in editions.pointers(name, first, pointers[-1].day):
            key = (name, published.day, published.edition)
            history = self._histories.get(key, partial(_history, editions, *key))
            if history is not None and (days := _current(history, pointers)):
                yield Month(history, days)

    def rows(self, month: Month, entity: str) -> dict[date, pl.DataFrame]:
        """The entity's row of each day of the month that has one, as in the table of the day.

        Raises ObjectNotFound if the month's table is lost, StoreUnavailable if it is damaged.
        """
        history = month.history
        frame = self._rows.get(
            (history.table, entity), lambda: _rows(self._store().objects, history.table, entity)
        )
        found = frame.filter(pl.col("day").is_in(list(month.days)))
        return {day: found.filter(pl.col("day") == day).drop("day") for day in found["day"]}


def _history(editions: Editions, name: str, month: date, edition: str) -> MonthHistory | None:
    body = editions.document(name, month, edition)
    return rules.parse(MonthHistory, f"{name} {month}", body) if body is not None else None


def _current(history: MonthHistory, pointers: Iterable[Pointer]) -> frozenset[date]:
    return frozenset(p.day for p in pointers if history.inputs.get(str(p.day)) == p.edition)


def _rows(objects: Objects, key: str, entity: str) -> pl.DataFrame:
    try:
        table = _groups_of(objects, key, entity)
        frame = pl.DataFrame(pl.from_arrow(table))
    except (pa.ArrowException, struct.error) as error:
        raise StoreUnavailable(
            f"The table {key} cannot be read ({error}); run `cityflow-processor compact`"
        ) from error
    return frame.filter(pl.col(frame.columns[0]) == entity)


def _groups_of(objects: Objects, key: str, entity: str) -> Any:
    """The row groups that may hold the entity: the end of the file is read, then their range."""
    size = objects.size(key)
    if size is None:
        raise ObjectNotFound(f"object {key}: there is none")
    content = bytearray(size)
    held = _fill(objects, key, content, max(0, size - _TAIL_BYTES), size)
    footer, magic = _END.unpack(content[-_END.size :])
    if magic != _MAGIC or footer + _END.size > size:
        raise pa.ArrowInvalid("its end is missing")
    if (start := size - footer - _END.size) < held:
        held = _fill(objects, key, content, start, held)
    metadata = pq.read_metadata(pa.BufferReader(content))
    groups = [n for n in range(metadata.num_row_groups) if _may_hold(metadata, n, entity)]
    if groups:
        first, last = _range(metadata, groups)
        _fill(objects, key, content, first, min(last, held))
    return pq.ParquetFile(pa.BufferReader(content)).read_row_groups(groups)


def _fill(objects: Objects, key: str, content: bytearray, start: int, end: int) -> int:
    """Fetch a range into its place; returns its start."""
    if start < end:
        content[start:end] = objects.read_range(key, start, end - start)
    return start


def _may_hold(metadata: Any, group: int, entity: str) -> bool:
    """Whether the entity, the table's first column, lies within the bounds of a group."""
    found = metadata.row_group(group).column(0).statistics
    return found is None or not found.has_min_max or found.min <= entity <= found.max


def _range(metadata: Any, groups: list[int]) -> tuple[int, int]:
    """First byte of the groups, and the one after their last."""
    chunks = [
        metadata.row_group(group).column(n) for group in groups for n in range(metadata.num_columns)
    ]
    starts = [chunk.dictionary_page_offset or chunk.data_page_offset for chunk in chunks]
    ends = [
        start + chunk.total_compressed_size for start, chunk in zip(starts, chunks, strict=True)
    ]
    return min(starts), max(ends)
