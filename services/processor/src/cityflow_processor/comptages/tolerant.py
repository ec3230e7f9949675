"""Cuts irregular delimited text into records so that one broken line never costs its neighbours.

A line whose measured fields stand alone is a record by itself, whatever its quotes. Other lines
may be joined by a quoted field that opens right after a delimiter and closes right before one; a
quote anywhere else is an ordinary character.
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
    if header.stands_alone(cut):
        return line, _fields_of(line, cut, header), 1
    if '"' not in line:
        return line, cut, 1
    if (fields := _split(line, delimiter)) is not None:
        return line, fields, 1
    joined = line
    for taken, following in enumerate(lines[at + 1 : at + MAX_JOINED_LINES], start=2):
        if header.stands_alone(following.split(delimiter)):
            break
        joined = f"{joined}\n{following}"
        fields = _split(joined, delimiter, strict=True)
        if fields is not None and len(fields) == len(header.columns):
            return joined, fields, taken
    return line, _split(line, delimiter, literal=True) or [line], 1


def _fields_of(line: str, cut: list[str], header: Header) -> list[str]:
    """Fields of a line that stands alone; what is not measured is empty where it cannot be told."""
    fields = _split(line, header.delimiter) if '"' in line else cut
    if fields is None or not header.last_measured < len(fields) <= len(header.columns):
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
