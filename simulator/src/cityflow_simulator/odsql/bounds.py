"""The span of time a condition asks for, so that whole days can be skipped or taken unread."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cityflow_simulator.odsql import tree
from cityflow_simulator.odsql.compiling import Compiler
from cityflow_simulator.odsql.tree import Expression

EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Bounds:
    """Records outside [start, end) cannot match; `exact`: all those inside do."""

    start: datetime = EVER
    end: datetime = NEVER
    exact: bool = False

    def meet(self, other: "Bounds") -> "Bounds":
        """What both allow."""
        return Bounds(
            max(self.start, other.start), min(self.end, other.end), self.exact and other.exact
        )

    def touch(self, first: datetime, last: datetime) -> bool:
        """Whether records from `first` to `last` may match."""
        return first < self.end and last >= self.start

    def hold(self, first: datetime, last: datetime) -> bool:
        """Whether records from `first` to `last` all lie inside."""
        return self.start <= first and last < self.end


def bounds_of(condition: Expression | None, time_field: str | None, compiler: Compiler) -> Bounds:
    """The bounds that a condition sets to the time field; without a condition, none."""
    if condition is None:
        return Bounds(exact=True)
    match condition:
        case tree.Both(left, right):
            sides = (bounds_of(side, time_field, compiler) for side in (left, right))
            return next(sides).meet(next(sides))
        case tree.Within(left, low, high, False, False):
            above = tree.Compare(left, ">=", low)
            below = tree.Compare(left, "<=", high)
            return bounds_of(tree.Both(above, below), time_field, compiler)
        case tree.Compare(tree.Name(name), operator, right) if name == time_field:
            span = compiler.moment(right)
            if span is not None:
                return _one_sided(operator, *span)
    return Bounds()


def _one_sided(operator: tree.Operator, start: datetime, end: datetime) -> Bounds:
    match operator:
        case "=":
            return Bounds(start, end, exact=True)
        case ">":
            return Bounds(start=end, exact=True)
        case ">=":
            return Bounds(start=start, exact=True)
        case "<":
            return Bounds(end=start, exact=True)
        case "<=":
            return Bounds(end=end, exact=True)
        case "!=":
            return Bounds()
