"""One record a natural key, by fixed rules that no order of rows or files can change.

In one file the row with more values wins, then the larger values in the order of the columns.
Between receipts the later row wins whole, its nulls included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cityflow.contracts.tables import Table

_ORDER = "_receipt"


@dataclass(frozen=True)
class Resolved:
    """The canonical records of a day, sorted by key, and what was dropped for them."""

    records: pl.DataFrame
    duplicates: int
    conflicts: int
    withdrawn_values: int


def resolve(frames: Sequence[pl.DataFrame], table: Table) -> Resolved:
    """`frames` are the rows of each file in the order of receipts, all in the table's columns."""
    key = list(table.key)
    chosen = [_best(frame, key) for frame in frames]
    ordered = [frame.with_columns(pl.lit(at).alias(_ORDER)) for at, frame in enumerate(chosen)]
    together = pl.concat(ordered)
    kept = together.unique(key, keep="last", maintain_order=True).sort(key)
    records = kept.drop(_ORDER)
    received = pl.concat(frames)
    same = received.join(records, on=records.columns, how="semi", nulls_equal=True)
    return Resolved(
        records,
        duplicates=received.height - records.height,
        conflicts=received.height - same.height,
        withdrawn_values=_withdrawn(together, kept, key),
    )


def _best(frame: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    values = [name for name in frame.columns if name not in key]
    known = pl.sum_horizontal(pl.col(name).is_not_null() for name in values).alias("_known")
    ranked = frame.with_columns(known).sort(
        [*key, "_known", *values],
        descending=[False] * len(key) + [True] * (len(values) + 1),
        nulls_last=True,
    )
    return ranked.drop("_known").unique(key, keep="first", maintain_order=True)


def _withdrawn(together: pl.DataFrame, kept: pl.DataFrame, key: list[str]) -> int:
    """Values that a row of the last earlier receipt had and the kept one has not."""
    earlier = together.join(kept.select(*key, _ORDER), on=key, suffix="_kept")
    earlier = earlier.filter(pl.col(_ORDER) < pl.col(f"{_ORDER}_kept"))
    last = earlier.unique(key, keep="last", maintain_order=True)
    pairs = last.join(kept, on=key, suffix="_new")
    names = [n for n in together.columns if n not in key and n != _ORDER]
    lost = [(pairs[n].is_not_null() & pairs[f"{n}_new"].is_null()).sum() for n in names]
    return sum(int(count) for count in lost)
