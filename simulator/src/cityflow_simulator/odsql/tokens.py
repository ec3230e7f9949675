"""A clause cut into tokens; a character that starts none is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from cityflow_simulator.odsql.tree import OdsqlError

Kind = Literal["date", "text", "number", "name", "sign", "end"]

_PATTERN: Final = re.compile(
    r"""\s*(?:
      (?P<date>date\s*(?:'[^']*'|"[^"]*"))
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<number>-?\d+(?:\.(?!\.)\d*)?(?:[eE][-+]?\d+)?)
    | (?P<name>[A-Za-z_]\w*|`[^`]+`)
    | (?P<sign>\.\.|!=|<>|>=|<=|[=<>(),\[\]*:])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Token:
    """A token, its plain value, and where it stands in the clause."""

    kind: Kind
    value: str
    start: int
    end: int


def tokens_of(clause: str) -> Iterator[Token]:
    """The tokens of a clause, closed by one of kind `end`. Raises OdsqlError."""
    position = 0
    while clause[position:].strip():
        found = _PATTERN.match(clause, position)
        if found is None or found.lastgroup is None:
            rest = clause[position:].strip()
            raise OdsqlError(f"Syntax error, unexpected input at: {rest[:40]}")
        kind: Kind = found.lastgroup  # type: ignore[assignment]
        yield Token(kind, _plain(kind, found[kind]), found.start(kind), found.end())
        position = found.end()
    yield Token("end", "", position, position)


def _plain(kind: Kind, text: str) -> str:
    if kind == "date":
        return text[4:].strip()[1:-1]
    if kind == "text":
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text.strip("`") if kind == "name" else text
