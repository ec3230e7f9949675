"""A request made ready: the columns of the answer, the condition, the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cityflow_simulator.explore.errors import ExploreError, malformed
from cityflow_simulator.explore.parameters import Clauses
from cityflow_simulator.odsql import tree
from cityflow_simulator.odsql.aggregates import Figure, figure_of
from cityflow_simulator.odsql.bounds import Bounds, bounds_of
from cityflow_simulator.odsql.compiling import Compiler, Value
from cityflow_simulator.odsql.parser import is_aggregate, parse_order, parse_select, parse_where
from cityflow_simulator.odsql.tree import Expression, Item, OdsqlError
from cityflow_simulator.published.dataset import About
from cityflow_simulator.published.fields import Field


@dataclass(frozen=True)
class Column:
    """One column of the answer, and where it comes from in the records or the groups."""

    field: Field
    source: pl.Expr


@dataclass(frozen=True)
class Sorting:
    """One column to sort by, an expression over records or groups."""

    source: pl.Expr
    descending: bool
    by_time: bool


@dataclass(frozen=True)
class Query:
    """What to read and what to show of it."""

    columns: tuple[Column, ...]
    condition: pl.Expr | None
    bounds: Bounds
    order: tuple[Sorting, ...] = ()
    keys: tuple[pl.Expr, ...] = ()
    figures: tuple[Figure, ...] = ()

    @property
    def grouped(self) -> bool:
        """Whether the rows of the answer are groups of records."""
        return bool(self.keys or self.figures)


def query_of(about: About, clauses: Clauses) -> Query:
    """The query of a request on a dataset. Raises ExploreError."""
    compiler = Compiler({field.name: field for field in about.fields}, clauses.zone)
    condition = _condition(compiler, clauses)
    select = _parsed("select", clauses.select)
    groups = _parsed("group_by", clauses.group_by)
    compiled = None
    if condition is not None:
        try:
            compiled = compiler.condition(condition)
        except OdsqlError as error:
            raise malformed(str(error), "where") from error
    bounds = bounds_of(condition, about.time_field, compiler)
    shape = _Shape(about, compiler, select, groups)
    return Query(
        shape.columns, compiled, bounds, shape.order(clauses.order_by), shape.keys, shape.figures
    )


def _parsed(clause: str, text: str) -> tuple[Item, ...]:
    if not text.strip():
        return ()
    try:
        return parse_select(text)
    except OdsqlError as error:
        raise malformed(str(error), clause) from error


def _condition(compiler: Compiler, clauses: Clauses) -> Expression | None:
    """The where clause, the refinements and the exclusions in one condition."""
    parts: list[Expression] = []
    if clauses.where.strip():
        try:
            parts.append(parse_where(clauses.where))
        except OdsqlError as error:
            raise malformed(str(error), "where") from error
    parts += [_refined(text) for text in clauses.refine]
    parts += [tree.Not(_refined(text)) for text in clauses.exclude]
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = tree.Both(whole, part)
    return whole


def _refined(text: str) -> Expression:
    """`field:value` or `field:"value"` as a condition."""
    name, colon, value = text.partition(":")
    if not colon:
        message = f"Invalid value for refine API parameter: {text}"
        raise ExploreError(400, "InvalidRESTParameterError", message)
    return tree.Compare(tree.Name(name), "=", tree.Constant(value.strip().strip("\"'")))


class _Shape:
    """Columns, groups and order of an answer."""

    def __init__(
        self, about: About, compiler: Compiler, select: Sequence[Item], groups: Sequence[Item]
    ) -> None:
        self._about = about
        self._compiler = compiler
        _check_aliases(select, groups)
        select, groups = (list({item.column: item for item in items}.values())
                          for items in (select, groups))  # fmt: skip
        self.keys: tuple[pl.Expr, ...] = ()
        self.figures: tuple[Figure, ...] = ()
        figures = [item for item in select if is_aggregate(item.expression)]
        if groups or figures:
            self.columns = self._grouped(select, groups, figures)
        else:
            self.columns = self._plain(select)

    def order(self, clause: str) -> tuple[Sorting, ...]:
        """The sorting of the answer. Raises ExploreError."""
        if not clause.strip():
            return ()
        try:
            return tuple(self._sorting(order) for order in parse_order(clause))
        except OdsqlError as error:
            raise malformed(str(error), "order_by") from error

    def _sorting(self, order: tree.Order) -> Sorting:
        shown = {column.field.name: column.source for column in self.columns}
        item, grouped = order.item, bool(self.keys or self.figures)
        by_time = item.text == self._about.time_field and not grouped
        if item.column in shown:
            return Sorting(shown[item.column], order.descending, by_time)
        if grouped:
            raise OdsqlError(f"Unknown field: {item.column}.")
        return Sorting(self._value(item, "order_by").expression, order.descending, by_time)

    def _plain(self, select: Sequence[Item]) -> tuple[Column, ...]:
        columns: list[Column] = []
        for item in select or (Item(tree.Star(), "*"),):
            if isinstance(item.expression, tree.Star):
                columns += [Column(field, pl.col(field.name)) for field in self._about.fields]
                continue
            value = self._value(item, "select")
            columns.append(Column(self._field(item, value), value.expression))
        return _once(columns)

    def _grouped(
        self, select: Sequence[Item], groups: Sequence[Item], figures: Sequence[Item]
    ) -> tuple[Column, ...]:
        values = {item.column: self._value(item, "group_by") for item in groups}
        self.keys = tuple(value.expression for value in values.values())
        columns = [
            Column(self._field(item, value), pl.col(f"key{i}"))
            for i, (item, value) in enumerate(zip(groups, values.values(), strict=True))
        ]
        for item in select:
            if not is_aggregate(item.expression) and item.text not in values:
                raise malformed(f"Field {item.text} must be in group_by or aggregated", "select")
        try:
            self.figures = tuple(figure_of(item.expression, self._compiler) for item in figures)
        except OdsqlError as error:
            raise malformed(str(error), "select") from error
        for i, (item, figure) in enumerate(zip(figures, self.figures, strict=True)):
            field = Field(item.column, item.column, figure.type)
            columns.append(Column(field, pl.col(f"figure{i}")))
        return _once(columns)

    def _field(self, item: Item, value: Value) -> Field:
        known: Mapping[str, Field] = self._compiler.fields
        label = known[item.text].label if item.text in known and not item.alias else item.column
        return Field(item.column, label, value.type)

    def _value(self, item: Item, clause: str) -> Value:
        try:
            return self._compiler.value(item.expression)
        except OdsqlError as error:
            raise malformed(str(error), clause) from error


def _check_aliases(select: Sequence[Item], groups: Sequence[Item]) -> None:
    aliases = [item.alias for item in (*select, *groups) if item.alias]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise malformed(f"Alias '{alias}' is declared several times.", "select, group_by")


def _once(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns without repetitions: of one name, the last."""
    return tuple({column.field.name: column for column in columns}.values())
