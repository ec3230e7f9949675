"""Bytes of whole records become a frame of tokens: one way to read, two speeds.

The fast reader is Polars; whatever it cannot prove regular goes through `tolerant`, which
gives the same tokens on regular text (a property of the test suite).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

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
from cityflow_processor.comptages.tolerant import records

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


@dataclass(frozen=True)
class Tokens:
    """Tokens of a block.

    `frame` has the columns of `COLUMNS` that the file holds, as Categorical (or Float64 for
    flow and occupancy when every value is a number). `lines` gives the line of each row within
    the block, None when row i stands on line i. `line_count` counts all lines of the block.
    """

    frame: pl.DataFrame
    line_count: int
    lines: Sequence[int] | None = None
    raws: Sequence[str] | None = None
    rejects: list[TokenReject] = field(default_factory=list)


def read_tokens(data: bytes, header: Header) -> Tokens:
    """Tokens of a block of whole records."""
    frame = _read_fast(data, header)
    if frame is not None:
        return Tokens(frame, frame.height)
    return _read_tolerant(data, header)


def _read_fast(data: bytes, header: Header) -> pl.DataFrame | None:
    text = pl.Categorical(pl.Categories.random())
    names = [name or f"_{i}" for i, name in enumerate(header.columns)]
    schema = {n: pl.Float64() if n in (FLOW, OCCUPANCY) else text for n in names}
    wanted = [i for i, name in enumerate(header.columns) if name in COLUMNS]
    try:
        frame = pl.read_csv(
            data,
            separator=header.delimiter,
            has_header=False,
            schema=schema,
            columns=wanted,
        )
    except PolarsError:
        return None
    return frame.rechunk() if _is_regular(frame, header) else None


def _is_regular(frame: pl.DataFrame, header: Header) -> bool:
    """No merged lines, no control characters, no row cut short before its last measurement."""
    guard = header.columns[header.last_measured]
    if guard not in (STATE, STATUS) or frame[guard].null_count() or frame[ARC].null_count():
        return False
    if frame[TIME].null_count():
        return False
    return not any(
        _has_control(frame[name]) for name in frame.columns if name not in (FLOW, OCCUPANCY)
    )


def _has_control(values: pl.Series) -> bool:
    distinct = values.unique().cast(pl.String)
    return bool(distinct.str.contains(r"[\x00\n]").any())


def _read_tolerant(data: bytes, header: Header) -> Tokens:
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
    return Tokens(_frame(rows, header), len(lines), at, raws, rejects)


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


def tokens_of_records(rows: Sequence[dict[str, str | None]], raws: Sequence[str]) -> Tokens:
    """Tokens of records that arrived as objects (JSON): one row each, texts or None."""
    text = pl.Categorical(pl.Categories.random())
    names = [name for name in (*MEASURED, *ATTRIBUTES[1:]) if any(name in row for row in rows)]
    frame = pl.DataFrame(
        {n: pl.Series(n, [row.get(n) for row in rows], dtype=pl.String) for n in names}
    )
    texts = [name for name in names if name not in (FLOW, OCCUPANCY)]
    return Tokens(frame.with_columns(pl.col(texts).cast(text)), len(rows), range(len(rows)), raws)
