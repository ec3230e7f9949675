"""Figures over groups of records, computed from slices: memory is that of the groups.

Each figure is kept as partial columns that add up, and becomes a value at the end. A sum over
nulls alone is null.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from cityflow_simulator.odsql import tree
from cityflow_simulator.odsql.compiling import Compiler, Value
from cityflow_simulator.odsql.tree import Expression, OdsqlError
from cityflow_simulator.published.fields import FieldType

COMPACT: Final = 32
"""Partial tables held before they are added up."""


@dataclass(frozen=True)
class Partial:
    """One partial column: how records give it, and how several of it become one."""

    first: pl.Expr
    merge: Callable[[pl.Expr], pl.Expr]


@dataclass(frozen=True)
class Figure:
    """One figure: its partial columns, and its value from them (by column name)."""

    type: FieldType
    partials: tuple[Partial, ...]
    final: Callable[[Sequence[pl.Expr]], pl.Expr]


def figure_of(node: Expression, compiler: Compiler) -> Figure:
    """The figure that a call such as avg(q) asks for. Raises OdsqlError."""
    if not isinstance(node, tree.Call) or len(node.arguments) != 1:
        raise OdsqlError("An aggregation of one field is expected")
    if node.name == "count":
        star = isinstance(node.arguments[0], tree.Star)
        rows = pl.len() if star else compiler.value(node.arguments[0]).expression.count()
        return Figure("int", (Partial(rows.cast(pl.Int64), pl.Expr.sum),), lambda parts: parts[0])
    of = compiler.value(node.arguments[0])
    if of.type not in ("int", "double", "date", "datetime"):
        raise OdsqlError("StatAggregation only supports numeric or date expression.")
    if node.name in ("min", "max"):
        merge = pl.Expr.min if node.name == "min" else pl.Expr.max
        return Figure(of.type, (Partial(merge(of.expression), merge),), lambda parts: parts[0])
    if of.type in ("date", "datetime"):
        raise OdsqlError("StatAggregation only supports numeric expression.")
    return _mean_or_sum(node.name, of)


def _mean_or_sum(name: str, of: Value) -> Figure:
    total = Partial(of.expression.cast(pl.Float64).sum(), pl.Expr.sum)
    count = Partial(of.expression.count().cast(pl.Int64), pl.Expr.sum)

    def final(parts: Sequence[pl.Expr]) -> pl.Expr:
        value = parts[0] / parts[1] if name == "avg" else parts[0]
        return pl.when(parts[1] > 0).then(value)

    return Figure("double", (total, count), final)


class Grouping:
    """Groups that take in one slice after another."""

    def __init__(self, keys: Sequence[pl.Expr], figures: Sequence[Figure]) -> None:
        self._keys = [key.alias(f"key{i}") for i, key in enumerate(keys)]
        self._figures = figures
        self._parts = [part for figure in figures for part in figure.partials]
        self._held: list[pl.DataFrame] = []

    def add(self, records: pl.DataFrame) -> None:
        """Take in some records."""
        firsts = [part.first.alias(f"part{i}") for i, part in enumerate(self._parts)]
        self._held.append(self._grouped(records, self._keys, firsts))
        if len(self._held) >= COMPACT:
            self._held = [self._merged()]

    def result(self) -> pl.DataFrame:
        """One row a group, in order of the keys: key0, key1, …, figure0, figure1, …"""
        values, at = [], 0
        for number, figure in enumerate(self._figures):
            parts = [pl.col(f"part{at + i}") for i in range(len(figure.partials))]
            values.append(figure.final(parts).alias(f"figure{number}"))
            at += len(parts)
        names = [f"key{i}" for i in range(len(self._keys))]
        merged = self._merged()
        if names:
            merged = merged.sort(names, nulls_last=True)
        return merged.select(*names, *values)

    def _merged(self) -> pl.DataFrame:
        names = [pl.col(f"key{i}") for i in range(len(self._keys))]
        merges = [part.merge(pl.col(f"part{i}")) for i, part in enumerate(self._parts)]
        return self._grouped(pl.concat(self._held), names, merges)

    @staticmethod
    def _grouped(
        frame: pl.DataFrame, keys: Sequence[pl.Expr], values: Sequence[pl.Expr]
    ) -> pl.DataFrame:
        return frame.group_by(keys).agg(values) if keys else frame.select(values)
