"""Bytes of whole records become a frame of tokens: one way to read, two speeds.

The fast reader is Polars; whatever it cannot prove regular goes through `tolerant`, which
gives the same tokens on regular text (a property of the test suite).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from cityflow_processor.comptages.fields import (
    ARC,
    ATTRIBUTES,
    COLUMNS,
    FLOW,
    MEASURED,
    OCCUPANCY,
    STATE,
    STATUS,
    TIME,
)
from cityflow_processor.comptages.lines import Lines
from cityflow_processor.comptages.tolerant import records

Rows = npt.NDArray[np.int64]

RAW_TEXT_LIMIT: Final = 4096
WRONG_FIELD_COUNT: Final = "wrong_field_count"
INVALID_UTF8: Final = "invalid_utf8"
NUL_BYTE: Final = "nul_byte"


@dataclass(frozen=True)
class Header:
    """Columns of a delimited file by technical name (None: a column we do not read)."""

    columns: tuple[str | None, ...]
    delimiter: str

    @property
    def last_measured(self) -> int:
        """Position of the last column whose loss would change a measurement."""
        return max(i for i, name in enumerate(self.columns) if name in MEASURED)


@dataclass(frozen=True)
class TokenReject:
    """A record that could not be cut into fields."""

    line: int
    reason: str
    detail: str
    raw: str


class Tokens(Protocol):
    """Tokens of a block.

    `frame` has the measured columns that the file holds: Categorical, and Float64 or text for
    flow and occupancy. `line_count` counts all lines of the block.
    """

    frame: pl.DataFrame
    line_count: int
    rejects: list[TokenReject]

    def line(self, row: int) -> int:
        """Line of the block, from 0, at which a row stands."""

    def raw(self, row: int) -> str:
        """A row as received."""

    def attributes(self, rows: Rows) -> pl.DataFrame:
        """Texts of some rows, in those of the columns `ATTRIBUTES` that the file holds."""


class NotRegular(Exception):
    """The fast reader cannot prove a block regular: it must be read tolerantly."""


class FastTokens:
    """Tokens of a block of which each line is one row."""

    def __init__(self, frame: pl.DataFrame, lines: Lines, header: Header) -> None:
        self.frame = frame
        self.line_count = len(lines)
        self.rejects: list[TokenReject] = []
        self._lines = lines
        self._header = header

    def line(self, row: int) -> int:
        """The row's own number."""
        return row

    def raw(self, row: int) -> str:
        """The row's line."""
        return self._lines.text(row)

    def attributes(self, rows: Rows) -> pl.DataFrame:
        """Read from the lines of these rows alone. Raises NotRegular."""
        frame = _parse(self._lines.join(rows), self._header, ATTRIBUTES, pl.String())
        if frame.height != rows.size:
            raise NotRegular
        return frame


def read_fast(data: bytes, header: Header) -> FastTokens:
    """Tokens of a block of whole records, each on a line of its own. Raises NotRegular."""
    if b"\0" in data:
        raise NotRegular
    lines = Lines(data)
    frame = _parse(data, header, MEASURED, pl.Categorical(pl.Categories.random()))
    if frame.height != len(lines) or not _is_whole(frame, header):
        raise NotRegular
    return FastTokens(frame.rechunk(), lines, header)


def _parse(data: bytes, header: Header, wanted: Sequence[str], text: pl.DataType) -> pl.DataFrame:
    if not data:
        raise NotRegular
    names = [name or f"_{i}" for i, name in enumerate(header.columns)]
    schema = {n: pl.Float64() if n in (FLOW, OCCUPANCY) else text for n in names}
    places = [i for i, name in enumerate(header.columns) if name in wanted]
    try:
        return pl.read_csv(
            data, separator=header.delimiter, has_header=False, schema=schema, columns=places
        )
    except PolarsError as error:
        raise NotRegular from error


def _is_whole(frame: pl.DataFrame, header: Header) -> bool:
    """No blank line, and no row cut short before its last measurement."""
    guard = header.columns[header.last_measured]
    if guard not in (STATE, STATUS):
        return False
    return not any(frame[name].null_count() for name in (guard, ARC, TIME))


class FrameTokens:
    """Tokens that are all in one frame, rows with their raw texts."""

    def __init__(
        self,
        frame: pl.DataFrame,
        lines: Sequence[int],
        raws: Sequence[str],
        line_count: int,
        rejects: list[TokenReject],
    ) -> None:
        self.frame = frame
        self.line_count = line_count
        self.rejects = rejects
        self._lines = lines
        self._raws = raws

    @property
    def size(self) -> int:
        """Characters of all records as received."""
        return sum(len(raw) for raw in self._raws)

    def line(self, row: int) -> int:
        """The line at which the record starts."""
        return self._lines[row]

    def raw(self, row: int) -> str:
        """The record as received."""
        return self._raws[row]

    def attributes(self, rows: Rows) -> pl.DataFrame:
        """Gathered from the frame."""
        held = [name for name in ATTRIBUTES if name in self.frame.columns]
        return self.frame.select(pl.col(held).cast(pl.String))[rows]


def read_tolerant(data: bytes, header: Header) -> FrameTokens:
    """Tokens of a block of whole records, each line by itself where quoting is irregular."""
    lines, rejects = _decoded_lines(data)
    width, last_measured = len(header.columns), header.last_measured
    rows: list[list[str]] = []
    at: list[int] = []
    raws: list[str] = []
    for record in records(lines, header.delimiter, width):
        found = len(record.fields)
        if "\0" in record.raw:
            rejects.append(
                TokenReject(record.line, NUL_BYTE, "the record holds a NUL byte", record.raw)
            )
        elif found > width or found <= last_measured:
            detail = f"{found} fields, the header has {width}"
            rejects.append(TokenReject(record.line, WRONG_FIELD_COUNT, detail, record.raw))
        else:
            rows.append(record.fields + [""] * (width - found))
            at.append(record.line)
            raws.append(record.raw)
    return FrameTokens(_frame(rows, header), at, raws, len(lines), rejects)


def _decoded_lines(data: bytes) -> tuple[list[str], list[TokenReject]]:
    raw_lines = data.removesuffix(b"\n").split(b"\n")
    rejects: list[TokenReject] = []
    lines: list[str] = []
    for number, raw in enumerate(raw_lines):
        try:
            lines.append(raw.removesuffix(b"\r").decode())
        except UnicodeDecodeError as error:
            lines.append("")
            shown = raw.decode(errors="backslashreplace")
            detail = f"byte {error.start} is not UTF-8"
            rejects.append(TokenReject(number, INVALID_UTF8, detail, shown))
    return lines, rejects


def _frame(rows: list[list[str]], header: Header) -> pl.DataFrame:
    text = pl.Categorical(pl.Categories.random())
    columns = {
        name: pl.Series(name, [row[i] or None for row in rows], dtype=pl.String)
        for i, name in enumerate(header.columns)
        if name in COLUMNS
    }
    texts = [name for name in columns if name not in (FLOW, OCCUPANCY)]
    return pl.DataFrame(columns).with_columns(pl.col(texts).cast(text))


def tokens_of_records(rows: Sequence[dict[str, str | None]], raws: Sequence[str]) -> FrameTokens:
    """Tokens of records that arrived as objects (JSON): one row each, texts or None."""
    text = pl.Categorical(pl.Categories.random())
    names = [name for name in (*MEASURED, *ATTRIBUTES[1:]) if any(name in row for row in rows)]
    frame = pl.DataFrame(
        {n: pl.Series(n, [row.get(n) for row in rows], dtype=pl.String) for n in names}
    )
    texts = [name for name in names if name not in (FLOW, OCCUPANCY)]
    frame = frame.with_columns(pl.col(texts).cast(text))
    return FrameTokens(frame, range(len(rows)), raws, len(rows), [])
