"""How a CSV file is written is read from its first line, never guessed from its name.

The dialects accepted: UTF-8 with or without BOM; `;` `,` tab or `|`; LF or CRLF; any quoting of the
header. Published headers never hold a line break, so the first line is the header.
"""

import csv
from dataclasses import dataclass
from typing import Final, Literal

from cityflow.errors import FileRefused

DELIMITERS: Final = (";", ",", "\t", "|")
MAX_HEADER_BYTES: Final = 64 * 1024
BOM: Final = b"\xef\xbb\xbf"

_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_A_HEADER: Final = "a header line of UTF-8 text whose columns are separated by ; , tab or |"


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written. `columns` are as published, unquoted and stripped."""

    encoding: Literal["utf-8"]
    bom: bool
    delimiter: str
    columns: tuple[str, ...]
    header_bytes: int
    """Offset of the first byte of data, counted from the start of the file (BOM included)."""
    newline: Literal["\n", "\r\n"]


def sniff(head: bytes, name: str = "the file") -> Dialect:
    """The dialect of a file from its first bytes.

    `head` is the whole file or at least its first 64 KiB. Raises FileRefused, naming `name`, for
    anything that is not a header line; whether rows follow is the caller's question.
    """
    bom = head.startswith(BOM)
    line, header_bytes, newline = _first_line(head, name)
    text = _decode(line.removeprefix(BOM), name)
    delimiter, columns = _split(text)
    if len(columns) < 2:
        raise FileRefused(name, f"one single column, {shorten(text)}", _A_HEADER)
    return Dialect("utf-8", bom, delimiter, columns, header_bytes, newline)


def shorten(text: str, limit: int = 80) -> str:
    """The text in quotes, safe to print on one line of an error message."""
    return repr(text if len(text) <= limit else text[:limit] + "…")


def _first_line(head: bytes, name: str) -> tuple[bytes, int, Literal["\n", "\r\n"]]:
    """The first line without its end, the offset after it, and how it ends."""
    if head.startswith(_UTF16_BOMS):
        raise FileRefused(name, "UTF-16 text", _A_HEADER)
    end = head.find(b"\n", 0, MAX_HEADER_BYTES)
    if end < 0 and len(head) >= MAX_HEADER_BYTES:
        raise FileRefused(name, f"no line break in its first {MAX_HEADER_BYTES} bytes", _A_HEADER)
    line = head if end < 0 else head[:end]
    if b"\0" in line:
        raise FileRefused(name, "NUL bytes in its first line: binary data or UTF-16", _A_HEADER)
    after = len(head) if end < 0 else end + 1
    return line.removesuffix(b"\r"), after, "\r\n" if line.endswith(b"\r") else "\n"


def _decode(line: bytes, name: str) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = f"byte 0x{line[error.start]:02x} at offset {error.start} of the header"
        raise FileRefused(name, f"text that is not UTF-8 ({bad})", _A_HEADER) from error
    if not text.strip():
        raise FileRefused(name, "an empty first line", _A_HEADER)
    if "\r" in text:
        raise FileRefused(name, "lines that end with CR alone", "lines that end with LF or CRLF")
    return text


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter that makes the most columns (the first of equals), and those columns."""
    splits = {delimiter: _columns(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda candidate: len(splits[candidate]))
    return delimiter, splits[delimiter]


def _columns(text: str, delimiter: str) -> tuple[str, ...]:
    return tuple(name.strip(" \t\"'") for name in next(csv.reader([text], delimiter=delimiter)))
