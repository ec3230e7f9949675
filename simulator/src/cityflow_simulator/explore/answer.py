"""Records of a dataset that match a query, streamed: at most one slice in memory.

Only an order other than by time needs all that match at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cityflow_simulator.explore.parameters import Window
from cityflow_simulator.explore.query import Query
from cityflow_simulator.odsql.aggregates import Grouping
from cityflow_simulator.published.dataset import Dataset, Slice
from cityflow_simulator.published.fields import Field, schema_of


@dataclass(frozen=True)
class Answer:
    """The fields of the answer and its rows, frame by frame."""

    fields: tuple[Field, ...]
    frames: Iterator[pl.DataFrame]


def answer(dataset: Dataset, query: Query, window: Window, now: datetime) -> Answer:
    """The rows that match, in order, within the window."""
    fields = tuple(column.field for column in query.columns)
    shown = [column.source.alias(column.field.name) for column in query.columns]
    if query.grouped:
        groups = _groups(dataset, query, now)
        rows: Iterator[pl.DataFrame] = iter([_sorted(groups, query)])
    else:
        rows = _records(dataset, query, window, now)
    offset = window.offset if query.grouped or query.order else 0
    picked = _window(rows, Window(window.limit, offset))
    return Answer(fields, (frame.select(shown) for frame in picked))


def count(dataset: Dataset, query: Query, now: datetime) -> int:
    """How many records match."""
    return sum(_matches(part, query) for part in _touched(dataset, query, now))


def _touched(dataset: Dataset, query: Query, now: datetime) -> Iterator[Slice]:
    for part in dataset.slices(now):
        if part.first is None or part.last is None or query.bounds.touch(part.first, part.last):
            yield part


def _whole(part: Slice, query: Query) -> bool:
    """Whether every record of the slice matches, so that none need be looked at."""
    if query.condition is None:
        return True
    timed = part.first is not None and part.last is not None
    return query.bounds.exact and timed and query.bounds.hold(part.first, part.last)  # type: ignore[arg-type]


def _matches(part: Slice, query: Query) -> int:
    return part.rows if _whole(part, query) else len(_matching(part, query))


def _matching(part: Slice, query: Query) -> pl.DataFrame:
    frame = part.load()
    return frame if query.condition is None else frame.filter(query.condition)


def _groups(dataset: Dataset, query: Query, now: datetime) -> pl.DataFrame:
    grouping = Grouping(query.keys, query.figures)
    grouping.add(pl.DataFrame(schema=schema_of(dataset.about.fields)))
    for part in _touched(dataset, query, now):
        grouping.add(_matching(part, query))
    return grouping.result()


def _records(
    dataset: Dataset, query: Query, window: Window, now: datetime
) -> Iterator[pl.DataFrame]:
    """Matching records in order; without an order, those before the offset are skipped unread."""
    parts: Iterable[Slice] = _touched(dataset, query, now)
    if not query.order:
        yield from _after(parts, query, window.offset)
    elif query.order[0].by_time:
        for part in _by_time(list(parts), query.order[0].descending):
            yield _sorted(_matching(part, query), query)
    else:
        frames = [_matching(part, query) for part in parts]
        if frames:
            yield _sorted(pl.concat(frames), query)


def _by_time(parts: list[Slice], descending: bool) -> list[Slice]:
    """Slices in order of time; those without time come last either way, as nulls do."""
    timed = [part for part in parts if part.first is not None]
    timeless = [part for part in parts if part.first is None]
    return (timed[::-1] if descending else timed) + timeless


def _after(parts: Iterable[Slice], query: Query, offset: int) -> Iterator[pl.DataFrame]:
    for part in parts:
        if offset and _whole(part, query) and part.rows <= offset:
            offset -= part.rows
            continue
        frame = _matching(part, query)
        yield frame.slice(offset)
        offset = max(0, offset - len(frame))


def _sorted(frame: pl.DataFrame, query: Query) -> pl.DataFrame:
    if not query.order:
        return frame
    keys = [one.source for one in query.order]
    descending = [one.descending for one in query.order]
    return frame.sort(keys, descending=descending, nulls_last=True, maintain_order=True)


def _window(frames: Iterator[pl.DataFrame], window: Window) -> Iterator[pl.DataFrame]:
    """The rows from `offset` on, at most `limit`; nothing is read beyond them."""
    skip, left = window.offset, window.limit
    if left == 0:
        return
    for frame in frames:
        part = frame.slice(skip, left)
        skip = max(0, skip - len(frame))
        if len(part):
            yield part
        if left is not None:
            left -= len(part)
            if left == 0:
                return
