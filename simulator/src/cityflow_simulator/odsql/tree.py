"""What a clause means: plain values, one class for each kind of expression."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", ">", ">=", "<", "<="]
Value = str | int | float | bool


class OdsqlError(Exception):
    """A clause that cannot be understood; the message is the reason alone."""


@dataclass(frozen=True)
class Name:
    """A field, or an alias given to an expression."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A text, a number or a truth value."""

    value: Value


@dataclass(frozen=True)
class Moment:
    """The text of date'…', still without a time zone."""

    text: str


@dataclass(frozen=True)
class Star:
    """The `*` of count(*), or of a select."""


@dataclass(frozen=True)
class Call:
    """A function and its arguments, the name in lower case."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Compare:
    """A comparison of two values."""

    left: "Expression"
    operator: Operator
    right: "Expression"


@dataclass(frozen=True)
class Like:
    """A text that contains another, whatever the case."""

    left: "Expression"
    pattern: str


@dataclass(frozen=True)
class Among:
    """A value that is one of several."""

    left: "Expression"
    choices: tuple["Expression", ...]


@dataclass(frozen=True)
class Within:
    """A value in a range; `open_low` and `open_high` leave the bounds out."""

    left: "Expression"
    low: "Expression"
    high: "Expression"
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True)
class IsNull:
    """A value that is null."""

    left: "Expression"


@dataclass(frozen=True)
class Not:
    """The contrary."""

    inner: "Expression"


@dataclass(frozen=True)
class Both:
    """Two conditions that must hold."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Either:
    """Two conditions of which one must hold."""

    left: "Expression"
    right: "Expression"


Expression = (
    Name | Constant | Moment | Star | Call | Compare | Like | Among | Within | IsNull | Not | Both
    | Either
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One expression of `select` or `group_by`: as written, and its alias if one was given."""

    expression: Expression
    text: str
    alias: str | None = None

    @property
    def column(self) -> str:
        """The name of its column in the answer."""
        return self.alias or self.text


@dataclass(frozen=True)
class Order:
    """One expression of `order_by`."""

    item: Item
    descending: bool
