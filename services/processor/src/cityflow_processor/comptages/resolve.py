"""Several receipts of a day become its canonical records: one row per arc and hour.

In one file: more values win, then more decimals of occupancy, then the larger (flow,
occupancy). Between receipts the later row wins whole, its nulls included. The result does not
depend on the order of rows or chunks; every dropped row is counted.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.fields import ARC, ATTRIBUTES, OCCUPANCY_SCALE

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
NULL: Final = -1
_COLUMNS: Final = ("flow", "occupancy", "state", "status", "attributes")


@dataclass(frozen=True)
class PartRows:
    """One file's rows of a day (schema of `validate.ROWS_SCHEMA`) and the file's attributes.

    Parts are given in the order of their receipts: a later one wins.
    """

    rows: pl.DataFrame
    attributes: pl.DataFrame


@dataclass(frozen=True)
class DayRecords:
    """The canonical records of a day, sorted by arc identifier and hour.

    `arc` indexes `arcs`; `hour` is the end, in hours since 1970 UTC; `flow` in vehicles and
    `occupancy` in 10⁻⁵ % are -1 where null. `attributes` has one row per arc.
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
    stack, attributes = _stack(parts)
    key = stack.arc << 32 | stack.hour
    if key.size and not np.all(key[1:] > key[:-1]):
        order = np.argsort(key, kind="stable")
        stack, key = stack.take(order), key[order]
    kept, conflicts, withdrawn = _winners(stack, key)
    winners = stack if kept.all() else stack.take(kept)
    arc_of, described = _describe(winners, attributes)
    return DayRecords(
        described[ARC].to_list(),
        described,
        arc_of,
        winners.hour,
        winners.flow,
        winners.occupancy,
        winners.state,
        winners.status,
        int(kept.size - kept.sum()),
        conflicts,
        withdrawn,
    )


def _stack(parts: list[PartRows]) -> tuple[_Stack, pl.DataFrame]:
    """Rows of all parts, with arcs and attributes numbered in their own order."""
    used = [part.attributes[np.unique(part.rows["arc"].to_numpy())] for part in parts]
    if not used:
        empty = np.empty(0, dtype=np.int64)
        return _Stack(*[empty] * 8), pl.DataFrame(schema=dict.fromkeys(ATTRIBUTES, pl.String))
    ranks, attributes = _rank(used)
    arc_rank = _dense(attributes[ARC])
    columns: list[list[Ints]] = []
    for number, (part, rank) in enumerate(zip(parts, ranks, strict=True)):
        local = part.rows["arc"].to_numpy()
        lut = np.zeros(int(local.max()) + 1, dtype=np.int64)
        lut[np.unique(local)] = rank
        attribute = lut[local]
        fixed = [_filled(part.rows[name]) for name in ("flow", "occupancy", "state", "status")]
        receipt = np.full(local.size, number, dtype=np.int64)
        columns.append(
            [arc_rank[attribute], _filled(part.rows["hour"]), receipt, *fixed, attribute]
        )
    return _Stack(*(np.concatenate(column) for column in zip(*columns, strict=True))), attributes


def _filled(values: pl.Series) -> Ints:
    return values.cast(pl.Int64).fill_null(NULL).to_numpy()


def _rank(frames: list[pl.DataFrame]) -> tuple[list[Ints], pl.DataFrame]:
    """Distinct attributes in order, and the place of each frame's rows among them."""
    if len(frames) == 1:
        return [np.arange(frames[0].height)], frames[0]
    distinct = pl.concat(frames).unique().sort(ATTRIBUTES).with_row_index("_")
    ranks = [
        frame.join(
            distinct, on=list(ATTRIBUTES), how="left", nulls_equal=True, maintain_order="left"
        )["_"]
        .to_numpy()
        .astype(np.int64)
        for frame in frames
    ]
    return ranks, distinct.drop("_")


def _dense(values: pl.Series) -> Ints:
    """Dense rank of sorted values."""
    return (values != values.shift(1)).fill_null(value=False).cast(pl.Int64).cum_sum().to_numpy()


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
    for name in _COLUMNS:
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
    """Significant decimals of an occupancy held in 10⁻⁵ %."""
    decimals = np.zeros(occupancy_e5.size, dtype=np.int64)
    step = OCCUPANCY_SCALE
    while step > 1:
        decimals += occupancy_e5 % step != 0
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


def _describe(rows: _Stack, attributes: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """Index of each row's arc, and one row of attributes per arc.

    Each attribute is the one published with the arc's latest hour that has it.
    """
    if not rows.arc.size:
        return rows.arc, attributes.clear()
    starts = np.flatnonzero(np.append(True, rows.arc[1:] != rows.arc[:-1]))
    arc_of = np.cumsum(np.append(False, rows.arc[1:] != rows.arc[:-1])).astype(np.int64)
    low = np.minimum.reduceat(rows.attributes, starts)
    high = np.maximum.reduceat(rows.attributes, starts)
    described = attributes[high]
    several = np.flatnonzero(low != high)
    if several.size:
        chosen = [_coalesce(rows, attributes, arc_of == arc) for arc in several]
        others = (
            described.with_row_index("_").filter(~pl.col("_").is_in(several.tolist())).drop("_")
        )
        described = pl.concat([others, *chosen]).sort(ARC)
    return arc_of, described


def _coalesce(rows: _Stack, attributes: pl.DataFrame, of_arc: Bools) -> pl.DataFrame:
    latest: dict[int, int] = {}
    for attribute, hour in zip(rows.attributes[of_arc], rows.hour[of_arc], strict=True):
        latest[int(attribute)] = max(latest.get(int(attribute), -1), int(hour))
    order = sorted(latest, key=lambda attribute: (latest[attribute], attribute), reverse=True)
    ranked = attributes[order]
    return ranked.select(pl.col(name).drop_nulls().first() for name in ATTRIBUTES)
