"""Clauses read by recursive descent: `where`, `select`, `group_by`, `order_by`.

Understood: comparisons, `in (…)`, `in […]`, `is [not] null`, `like`, and, or, not, parentheses;
date'…' literals; aggregates; year, month, day, hour and date_format of an instant.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from cityflow_simulator.odsql.tokens import Kind, Token, tokens_of
from cityflow_simulator.odsql.tree import (
    Among,
    Both,
    Call,
    Compare,
    Constant,
    Either,
    Expression,
    IsNull,
    Item,
    Like,
    Moment,
    Name,
    Not,
    OdsqlError,
    Operator,
    Order,
    Star,
    Within,
)

T = TypeVar("T")

AGGREGATES: Final = frozenset({"count", "sum", "avg", "min", "max"})
TIME_PARTS: Final = frozenset({"year", "month", "day", "hour"})
FUNCTIONS: Final = AGGREGATES | TIME_PARTS | {"date_format"}
_COMPARISONS: Final[dict[str, Operator]] = {
    "=": "=", ":": "=", "!=": "!=", "<>": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<=",
}  # fmt: skip


def parse_where(clause: str) -> Expression:
    """A condition. Raises OdsqlError."""
    return _whole(clause, _Reader.condition)


def parse_select(clause: str) -> tuple[Item, ...]:
    """The columns asked for; `*` is a Star. Raises OdsqlError."""
    return _whole(clause, lambda reader: reader.several(reader.item))


def parse_order(clause: str) -> tuple[Order, ...]:
    """The columns to sort by. Raises OdsqlError."""
    return _whole(clause, lambda reader: reader.several(reader.order))


def is_aggregate(expression: Expression) -> bool:
    """Whether it is a figure over several records."""
    return isinstance(expression, Call) and expression.name in AGGREGATES


def _whole(clause: str, read: "Callable[[_Reader], T]") -> T:
    reader = _Reader(clause)
    found = read(reader)
    if reader.now.kind != "end":
        raise OdsqlError(f"Syntax error, unexpected input at: {clause[reader.now.start :][:40]}")
    return found


class _Reader:
    """A clause and the token that comes next."""

    def __init__(self, clause: str) -> None:
        self._clause = clause
        self._tokens = tuple(tokens_of(clause))
        self._at = 0

    @property
    def now(self) -> Token:
        return self._tokens[self._at]

    def several(self, read: Callable[[], T]) -> tuple[T, ...]:
        found = [read()]
        while self._take("sign", ","):
            found.append(read())
        return tuple(found)

    def item(self) -> Item:
        start = self.now.start
        expression = Star() if self._take("sign", "*") else self._operand()
        text = self._clause[start : self._tokens[self._at - 1].end].strip("`")
        return Item(expression, text, self._need("name") if self._word("as") else None)

    def order(self) -> Order:
        item = self.item()
        return Order(item, self._word("desc") or (self._word("asc") and False))

    def condition(self) -> Expression:
        left = self._conjunction()
        while self._word("or"):
            left = Either(left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._word("and"):
            left = Both(left, self._negation())
        return left

    def _negation(self) -> Expression:
        if self._word("not"):
            return Not(self._negation())
        if self._take("sign", "("):
            inner = self.condition()
            self._close(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Expression:
        left = self._operand()
        if self._word("is"):
            negated = self._word("not")
            if not self._word("null"):
                raise self._unexpected()
            return Not(IsNull(left)) if negated else IsNull(left)
        if self._word("not"):
            return Not(self._membership(left))
        if self.now.kind == "sign" and self.now.value in _COMPARISONS:
            operator = _COMPARISONS[self._next().value]
            return Compare(left, operator, self._operand())
        return self._membership(left)

    def _membership(self, left: Expression) -> Expression:
        if self._word("like"):
            return Like(left, self._need("text"))
        if not self._word("in"):
            raise self._unexpected()
        if self._take("sign", "("):
            choices = self.several(self._operand)
            self._close(")")
            return Among(left, choices)
        return self._range(left)

    def _range(self, left: Expression) -> Expression:
        open_low = self._take("sign", "]")
        if not open_low:
            self._close("[")
        low = self._operand()
        if not (self._take("sign", "..") or self._word("to")):
            raise self._unexpected()
        high = self._operand()
        open_high = self._take("sign", "[")
        if not open_high:
            self._close("]")
        return Within(left, low, high, open_low, open_high)

    def _operand(self) -> Expression:
        token = self._next()
        match token.kind:
            case "date":
                return Moment(token.value)
            case "text":
                return Constant(token.value)
            case "number":
                return Constant(_number(token.value))
            case "name" if self._take("sign", "("):
                return self._call(token.value.lower())
            case "name" if token.value.lower() in ("true", "false"):
                return Constant(token.value.lower() == "true")
            case "name":
                return Name(token.value)
        self._at -= 1
        raise self._unexpected()

    def _call(self, name: str) -> Expression:
        if name not in FUNCTIONS:
            raise OdsqlError(f"Unknown function: {name}")
        if self._take("sign", "*"):
            arguments: tuple[Expression, ...] = (Star(),)
        else:
            arguments = self.several(self._operand)
        self._close(")")
        return Call(name, arguments)

    def _next(self) -> Token:
        token = self.now
        self._at += token.kind != "end"
        if token.kind == "end":
            raise self._unexpected()
        return token

    def _take(self, kind: Kind, value: str) -> bool:
        found = self.now.kind == kind and self.now.value == value
        self._at += found
        return found

    def _word(self, word: str) -> bool:
        found = self.now.kind == "name" and self.now.value.lower() == word
        self._at += found
        return found

    def _need(self, kind: Kind) -> str:
        if self.now.kind != kind:
            raise self._unexpected()
        return self._next().value

    def _close(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise self._unexpected()

    def _unexpected(self) -> OdsqlError:
        rest = self._clause[self.now.start :][:40]
        return OdsqlError(f"Syntax error, unexpected input at: {rest or 'end of clause'}")


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
