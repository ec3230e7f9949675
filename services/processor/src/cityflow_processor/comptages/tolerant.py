"""Cuts irregular delimited text into records so that one broken line never costs its neighbours.

A line whose measured fields stand alone starts a record, whatever its quotes. Lines that do not
may go on with one, inside a quoted field that opens right after a delimiter and closes right before
one; a quote anywhere else is an ordinary character.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cityflow_processor.comptages.header import Header

MAX_JOINED_LINES: Final = 20


@dataclass(frozen=True)
class Record:
    """One record: its line within the text (from 0), its text, its fields."""

    line: int
    raw: str
    fields: list[str]


def records(lines: list[str], header: Header) -> Iterator[Record]:
    """Records of a block of whole lines (without their line ends); blank lines are skipped."""
    at = 0
    while at < len(lines):
        taken = 1
        if lines[at].strip():
            raw, fields, taken = _record_at(lines, at, header)
            yield Record(at, raw, fields)
        at += taken


def is_complete(line: str, delimiter: str) -> bool:
    """True unless a quoted field of this line is still open at its end."""
    return '"' not in line or _split(line, delimiter) is not None


def _record_at(lines: list[str], at: int, header: Header) -> tuple[str, list[str], int]:
    line, delimiter = lines[at], header.delimiter
    cut = line.split(delimiter)
    alone = header.stands_alone(cut)
    if '"' not in line:
        raw, fields, taken = line, cut, 1
    elif (complete := _split(line, delimiter)) is not None:
        raw, fields, taken = line, complete, 1
    elif (joined := _joined(lines, at, header)) is not None:
        raw, fields, taken = joined
    else:
        raw, fields, taken = line, _split(line, delimiter, literal=True) or [line], 1
    return raw, _with_measured(fields, cut, header) if alone else fields, taken


def _joined(lines: list[str], at: int, header: Header) -> tuple[str, list[str], int] | None:
    """A record that goes on over the next lines, none of which stands alone."""
    raw = lines[at]
    for taken, line in enumerate(lines[at + 1 : at + MAX_JOINED_LINES], start=2):
        if header.stands_alone(line.split(header.delimiter)):
            return None
        raw = f"{raw}\n{line}"
        fields = _split(raw, header.delimiter, strict=True)
        if fields is not None and len(fields) == len(header.columns):
            return raw, fields, taken
    return None


def _with_measured(fields: list[str], cut: list[str], header: Header) -> list[str]:
    """Fields of a line that stands alone; what is not measured is empty where it cannot be told."""
    if not header.last_measured < len(fields) <= len(header.columns):
        fields = [""] * len(header.columns)
    for i in header.measured:
        fields[i] = cut[i]
    return fields


def _split(
    text: str, delimiter: str, *, strict: bool = False, literal: bool = False
) -> list[str] | None:
    """Fields of one record; None if a quoted field stays open (or, strict, closes badly).

    `literal` takes the opening quote of an unclosed field as an ordinary character.
    """
    fields: list[str] = []
    start = 0
    while True:
        if text.startswith('"', start):
            taken = _quoted(text, start, delimiter, strict)
            if taken is None:
                if not literal:
                    return None
                taken = _plain(text, start, delimiter)
        else:
            taken = _plain(text, start, delimiter)
        field, start = taken
        fields.append(field)
        if start > len(text):
            return fields


def _plain(text: str, start: int, delimiter: str) -> tuple[str, int]:
    end = text.find(delimiter, start)
    end = len(text) if end < 0 else end
    return text[start:end], end + 1


def _quoted(text: str, start: int, delimiter: str, strict: bool) -> tuple[str, int] | None:
    at = start + 1
    while (quote := text.find('"', at)) >= 0 and text.startswith('""', quote):
        at = quote + 2
    if quote < 0:
        return None
    inner = text[start + 1 : quote].replace('""', '"')
    if quote + 1 == len(text) or text.startswith(delimiter, quote + 1):
        return inner, quote + 2
    if strict:
        return None
    if delimiter in inner:  # the opening quote is a stray one: what it swallowed are fields
        return _plain(text, start, delimiter)
    rest, after = _plain(text, quote + 1, delimiter)
    return inner + rest, after
