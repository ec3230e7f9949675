"""Several receipts of a day become its canonical records: one row per arc and hour.

In one file: more values win, then more decimals of occupancy, then the larger (flow,
occupancy). Between receipts the later row wins whole, its nulls included. The result does not
depend on the order of rows or chunks; every dropped row is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.fields import ARC, ATTRIBUTES, DIGEST, OCCUPANCY_SCALE
from cityflow_processor.comptages.shared_rows import SharedRows

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
NULL: Final = -1
_MEASURED: Final = ("flow", "occupancy", "state", "status")


@dataclass(frozen=True)
class PartRows:
    """One file's rows of a day (schema of `validate.ROWS_SCHEMA`), and what they point to.

    Parts are given in the order of their receipts: a later one wins.
    """

    rows: pl.DataFrame
    arcs: pl.Series
    attributes: SharedRows


@dataclass(frozen=True)
class DayRecords:
    """The canonical records of a day, sorted by arc identifier and hour.

    `arc` indexes `arcs`; `hour` is the end, in hours since 1970 UTC; `flow` in vehicles and
    `occupancy` in 10⁻⁵ % are -1 where null. `attributes` has one row per arc: what was published
    with its latest hour.
    """

    arcs: list[str]
    attributes: pl.DataFrame
    arc: Ints
    hour: Ints
    flow: Ints
    occupancy: Ints
    state: Ints
    status: Ints
    duplicates: int
    conflicts: int
    withdrawn_values: int


@dataclass(frozen=True)
class _Stack:
    """All rows of a day, before duplicates are resolved; `part` is the rank of the receipt."""

    arc: Ints
    hour: Ints
    part: Ints
    flow: Ints
    occupancy: Ints
    state: Ints
    status: Ints
    attributes: Ints

    def take(self, where: Ints | Bools) -> "_Stack":
        return _Stack(*(getattr(self, name)[where] for name in self.__dataclass_fields__))


def resolve(parts: list[PartRows]) -> DayRecords:
    """The canonical records of a day from its parts; no parts give an empty day."""
    stack, arcs, attributes = _stack(parts)
    key = stack.arc << 32 | stack.hour
    if key.size and not np.all(key[1:] >= key[:-1]):
        order = np.argsort(key, kind="stable")
        stack, key = stack.take(order), key[order]
    kept, conflicts, withdrawn = _winners(stack, key)
    winners = stack if kept.all() else stack.take(np.flatnonzero(kept))
    last = np.flatnonzero(np.append(winners.arc[1:] != winners.arc[:-1], True)[: winners.arc.size])
    return DayRecords(
        arcs.gather(winners.arc[last]).to_list(),
        attributes.take(winners.attributes[last]),
        np.repeat(np.arange(last.size), np.diff(last, prepend=-1)),
        winners.hour,
        winners.flow,
        winners.occupancy,
        winners.state,
        winners.status,
        int(kept.size - kept.sum()),
        conflicts,
        withdrawn,
    )


def _stack(parts: list[PartRows]) -> tuple[_Stack, pl.Series, SharedRows]:
    """Rows of all parts, with arcs and attributes numbered in their own order."""
    arc_ranks, arcs = _rank([part.arcs.to_frame() for part in parts], (ARC,), ARC)
    described = [part.attributes.frame for part in parts]
    ranks, attributes = _rank(described, (*ATTRIBUTES, DIGEST), DIGEST)
    columns: list[list[Ints]] = []
    for number, (part, arc_rank, rank) in enumerate(zip(parts, arc_ranks, ranks, strict=True)):
        fixed = [_ints(part.rows[name]) for name in _MEASURED]
        receipt = np.full(part.rows.height, number, dtype=np.int64)
        attribute = np.append(rank, NULL)[part.rows["attributes"].to_numpy()]
        arc = arc_rank[part.rows["arc"].to_numpy()]
        columns.append([arc, _ints(part.rows["hour"]), receipt, *fixed, attribute])
    shared = parts[0].attributes if len(parts) == 1 else SharedRows(attributes)
    return _joined(columns), arcs[ARC], shared


def _joined(columns: list[list[Ints]]) -> _Stack:
    """The columns of all parts, one under the other; without a copy if there is one part."""
    if len(columns) == 1:
        return _Stack(*columns[0])
    none = [np.empty(0, dtype=np.int64)] * len(_Stack.__dataclass_fields__)
    return _Stack(*(np.concatenate(column) for column in zip(none, *columns, strict=True)))


def _ints(values: pl.Series) -> Ints:
    return values.to_numpy().astype(np.int64)


def _rank(
    frames: list[pl.DataFrame], by: Sequence[str], key: str
) -> tuple[list[Ints], pl.DataFrame]:
    """Distinct rows in order, and the place of each frame's rows, told by `key`, among them."""
    if not frames:
        return [], pl.DataFrame(schema=dict.fromkeys(by, pl.String))
    if len(frames) == 1:
        return [np.arange(frames[0].height)], frames[0]
    distinct = pl.concat(frames).unique(key).sort(by).with_row_index("_")
    places = distinct.select("_", key)
    joined = [frame.join(places, on=key, how="left", maintain_order="left") for frame in frames]
    return [frame["_"].to_numpy().astype(np.int64) for frame in joined], distinct.drop("_")


def _winners(stack: _Stack, key: Ints) -> tuple[Bools, int, int]:
    """Which rows are kept, how many dropped ones differ from them, how many values were lost."""
    kept = np.ones(key.size, dtype=bool)
    same = np.zeros(key.size, dtype=bool)
    same[1:] = key[1:] == key[:-1]
    if not same.any():
        return kept, 0, 0
    contested = np.flatnonzero(same | np.append(same[1:], False))
    rows, keys = stack.take(contested), key[contested]
    order = np.lexsort((*_preference(rows)[::-1], keys))
    rows, keys = rows.take(order), keys[order]
    first = np.append(True, keys[1:] != keys[:-1])
    winner = np.maximum.accumulate(np.where(first, np.arange(keys.size), 0))
    differs = np.zeros(keys.size, dtype=bool)
    for name in _MEASURED:
        values: Ints = getattr(rows, name)
        differs |= values != values[winner]
    kept[contested[order[~first]]] = False
    return kept, int(differs.sum()), _withdrawn(rows, winner)


def _preference(rows: _Stack) -> tuple[Ints, ...]:
    """Sort keys, most important first; the smallest wins."""
    values = (rows.flow >= 0).astype(np.int64) + (rows.occupancy >= 0)
    return (
        -rows.part,
        -values,
        -_decimals(rows.occupancy),
        -rows.flow,
        -rows.occupancy,
        -rows.state,
        -rows.status,
        -rows.attributes,
    )


def _decimals(occupancy_e5: Ints) -> Ints:
    """Significant decimals of an occupancy held in 10⁻⁵ %; null has none."""
    known = np.maximum(occupancy_e5, 0)
    decimals = np.zeros(known.size, dtype=np.int64)
    step = OCCUPANCY_SCALE
    while step > 1:
        decimals += known % step != 0
        step //= 10
    return decimals


def _withdrawn(rows: _Stack, winner: Ints) -> int:
    """Values that the winning receipt turned into null, once per arc, hour and measure."""
    earlier = rows.part < rows.part[winner]
    lost = 0
    for values in (rows.flow, rows.occupancy):
        gone = earlier & (values >= 0) & (values[winner] < 0)
        lost += np.unique(winner[gone]).size
    return int(lost)
