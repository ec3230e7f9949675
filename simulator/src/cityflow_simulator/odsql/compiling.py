"""A condition or a value of ODSQL as a Polars expression over the records of a dataset."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from cityflow_simulator.odsql import tree
from cityflow_simulator.odsql.moments import span_of
from cityflow_simulator.odsql.parser import TIME_PARTS
from cityflow_simulator.odsql.tree import Expression, OdsqlError, Operator
from cityflow_simulator.published.fields import Field, FieldType

_COMPARE: Final[Mapping[Operator, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: ~(left == right).fill_null(False),
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}
_PATTERNS: Final = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_GEOMETRIES: Final = ("geo_point_2d", "geo_shape")


@dataclass(frozen=True)
class Value:
    """An expression over records and the type of what it gives."""

    expression: pl.Expr
    type: FieldType


@dataclass(frozen=True)
class Compiler:
    """Turns expressions into Polars, for the fields of a dataset and the zone of a request."""

    fields: Mapping[str, Field]
    zone: ZoneInfo

    def condition(self, node: Expression) -> pl.Expr:
        """A condition; what is null does not fulfil it. Raises OdsqlError."""
        match node:
            case tree.Both(left, right):
                return self.condition(left) & self.condition(right)
            case tree.Either(left, right):
                return self.condition(left) | self.condition(right)
            case tree.Not(inner):
                return ~self.condition(inner).fill_null(False)
            case tree.Compare(left, operator, right):
                return self._compare(left, operator, right)
        return self._membership(node)

    def value(self, node: Expression) -> Value:
        """A field or a part of an instant. Raises OdsqlError."""
        match node:
            case tree.Name(name):
                field = self.field(name)
                return Value(pl.col(field.name), field.type)
            case tree.Call("date_format", (argument, tree.Constant(str() as pattern))):
                return Value(self._local(argument).dt.strftime(_chrono(pattern)), "text")
            case tree.Call(name, (argument,)) if name in TIME_PARTS:
                part: pl.Expr = getattr(self._local(argument).dt, name)()
                return Value(part.cast(pl.Int64), "int")
        raise OdsqlError("A field is expected")

    def field(self, name: str) -> Field:
        """A field by its name. Raises OdsqlError."""
        if name not in self.fields:
            raise OdsqlError(f"Unknown field: {name}.")
        return self.fields[name]

    def moment(self, node: Expression) -> tuple[datetime, datetime] | None:
        """The span of a date literal, or of a text in its place; None for anything else."""
        match node:
            case tree.Moment(text) | tree.Constant(str() as text):
                return span_of(text, self.zone)
        return None

    def _membership(self, node: Expression) -> pl.Expr:
        match node:
            case tree.IsNull(left):
                return self.value(left).expression.is_null()
            case tree.Like(left, pattern):
                plain = pattern.strip("%").lower()
                return self._text(left).str.to_lowercase().str.contains(plain, literal=True)
            case tree.Among(left, choices):
                return pl.any_horizontal([self._compare(left, "=", one) for one in choices])
            case tree.Within(left, low, high, open_low, open_high):
                above = self._compare(left, ">" if open_low else ">=", low)
                return above & self._compare(left, "<" if open_high else "<=", high)
        raise OdsqlError("A condition is expected")

    def _compare(self, left: Expression, operator: Operator, right: Expression) -> pl.Expr:
        value = self.value(left)
        if value.type in _GEOMETRIES:
            raise OdsqlError("A geometry cannot be compared")
        if value.type in ("datetime", "date"):
            return self._compare_time(value, operator, right)
        if not isinstance(right, tree.Constant) or isinstance(right.value, bool):
            raise OdsqlError("A text or a number is expected")
        return _COMPARE[operator](value.expression, pl.lit(_coerced(right.value, value.type)))

    def _compare_time(self, value: Value, operator: Operator, right: Expression) -> pl.Expr:
        span = self.moment(right)
        if span is None:
            raise OdsqlError("A date is expected")
        low, high = (_bound(bound, value.type, self.zone) for bound in span)
        of = value.expression
        inside = (of >= low) & (of < high)
        match operator:
            case "=":
                return inside
            case "!=":
                return ~inside.fill_null(False)
            case ">" | ">=":
                return of >= (high if operator == ">" else low)
            case "<" | "<=":
                return of < (low if operator == "<" else high)

    def _text(self, node: Expression) -> pl.Expr:
        value = self.value(node)
        if value.type != "text":
            raise OdsqlError("A text field is expected")
        return value.expression

    def _local(self, node: Expression) -> pl.Expr:
        value = self.value(node)
        if value.type == "date":
            return value.expression.cast(pl.Datetime("us"))
        if value.type != "datetime":
            raise OdsqlError("A date field is expected")
        return value.expression.dt.convert_time_zone(self.zone.key)


def _bound(instant: datetime, kind: FieldType, zone: ZoneInfo) -> pl.Expr:
    """An instant as the field's own type."""
    return pl.lit(instant.astimezone(zone).date() if kind == "date" else instant)


def _coerced(value: str | int | float, kind: FieldType) -> str | float:
    """A literal as the field's own type; a number for a text field is its text."""
    if kind == "text":
        return str(value)
    try:
        return float(value)
    except ValueError as error:
        raise OdsqlError(f"A number is expected, not {value!r}") from error


def _chrono(pattern: str) -> str:
    """A pattern such as yyyy-MM-dd in the notation of strftime. Raises OdsqlError."""
    text = pattern
    for name, sign in _PATTERNS.items():
        text = text.replace(name, sign)
    if re.search(r"[^\W\d_]", re.sub(r"%[YmdHMS]", "", text)):
        raise OdsqlError(f"Unknown date format: {pattern}")
    return text
