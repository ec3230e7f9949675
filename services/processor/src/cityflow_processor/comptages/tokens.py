"""Records of a block become a frame of tokens, however irregular their text is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.attributes import Described
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
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.lookups import Categories, Chunk, Coded, distinct_rows
from cityflow_processor.comptages.tolerant import Record, records

Rows = npt.NDArray[np.int64]

RAW_TEXT_LIMIT: Final = 4096
WRONG_FIELD_COUNT: Final = "wrong_field_count"
INVALID_UTF8: Final = "invalid_utf8"
NUL_BYTE: Final = "nul_byte"
NUMBERS: Final = (FLOW, OCCUPANCY)
ATTRIBUTES_SCHEMA: Final = pl.Schema(dict.fromkeys(ATTRIBUTES, pl.String))
_FEW_ROWS: Final = 8_192  # as lists of fields at a time: these take several times their size
_DAMAGE: Final = "\ufffd"  # stands for bytes that are not UTF-8


@dataclass(frozen=True)
class TokenReject:
    """A record that could not be cut into fields."""

    line: int
    reason: str
    detail: str
    raw: str


class Tokens(Protocol):
    """Tokens of a block, a row each.

    `texts` are the measured columns that the file holds, but for flow and occupancy: these are in
    `numbers`, Float64 or as texts. `line_count` counts all lines of the block.
    """

    texts: Mapping[str, Coded]
    numbers: pl.DataFrame
    line_count: int
    rejects: list[TokenReject]

    def line(self, row: int) -> int:
        """Line of the block, from 0, at which a row stands."""

    def raw(self, row: int) -> str:
        """A row as received."""

    def attributes(self, rows: Rows) -> tuple[Rows, Described]:
        """Place of each of these rows among the attributes described, which are `complete`."""


def coded_texts(frame: pl.DataFrame, vocabularies: Mapping[str, Categories]) -> dict[str, Coded]:
    """The columns of measured texts (Categorical) by their codes."""
    names = [name for name in MEASURED if name in frame.columns and name not in NUMBERS]
    return {name: vocabularies[name].coded(frame[name]) for name in names}


def new_vocabularies() -> dict[str, Categories]:
    """An empty vocabulary for each measured column."""
    return {name: Categories() for name in MEASURED}


def described(texts: pl.DataFrame) -> tuple[Rows, Described]:
    """Complete attributes of rows: the place of each row's, and all of them as fresh."""
    places, keys, distinct = distinct_rows(texts)
    return places, Described(keys, np.arange(keys.size), distinct)


def complete(texts: pl.DataFrame) -> pl.DataFrame:
    """The columns `ATTRIBUTES` as trimmed texts; empty and absent ones null."""
    held = texts.select(pl.all().str.strip_chars().replace("", None))
    absent = [pl.lit(None, pl.String).alias(n) for n in ATTRIBUTES if n not in held.columns]
    return held.with_columns(absent).select(ATTRIBUTES)


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
        self.texts: Mapping[str, Coded] = coded_texts(frame, new_vocabularies())
        self.numbers = frame.select(NUMBERS)
        self.line_count = line_count
        self.rejects = rejects
        self.frame = frame
        self._lines = lines
        self._raws = raws

    def __reduce__(self) -> tuple[type["FrameTokens"], tuple[object, ...]]:
        """What it was made of: vocabularies belong to one process."""
        made_of = (self.frame, self._lines, self._raws, self.line_count, self.rejects)
        return FrameTokens, made_of

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

    def attributes(self, rows: Rows) -> tuple[Rows, Described]:
        """Gathered from the frame."""
        held = [name for name in ATTRIBUTES if name in self.frame.columns]
        return described(complete(self.frame.select(pl.col(held).cast(pl.String))[rows]))


def read_tolerant(data: Chunk, header: Header) -> FrameTokens:
    """Tokens of a block of whole records, each line by itself where quoting is irregular."""
    texts, damaged = _decoded_lines(data)
    width = len(header.columns)
    rejects: list[TokenReject] = []
    rows: list[list[str]] = []
    at: list[int] = []
    raws: list[str] = []
    kind = pl.Categorical(pl.Categories.random())
    frames = [_frame([], header, kind)]
    for record in records(texts, header):
        raw = damaged.get(record.line, record.raw)
        if fault := _fault(record, header):
            rejects.append(TokenReject(record.line, *fault, raw))
        else:
            rows.append(record.fields + [""] * (width - len(record.fields)))
            at.append(record.line)
            raws.append(raw)
        if len(rows) == _FEW_ROWS:
            frames.append(_frame(rows, header, kind))
            rows = []
    frames.append(_frame(rows, header, kind))
    return FrameTokens(pl.concat(frames), at, raws, len(texts), rejects)


def _fault(record: Record, header: Header) -> tuple[str, str] | None:
    """Reason and detail of a record that cannot be cut into fields."""
    if "\0" in record.raw:
        return NUL_BYTE, "the record holds a NUL byte"
    found, width = len(record.fields), len(header.columns)
    if not header.last_measured < found <= width:
        return WRONG_FIELD_COUNT, f"{found} fields, the header has {width}"
    if any(_DAMAGE in record.fields[i] for i in header.measured):
        return INVALID_UTF8, "a measured value holds bytes that are not UTF-8"
    return None


def _decoded_lines(data: Chunk) -> tuple[list[str], dict[int, str]]:
    """Texts of the lines, and those that are not UTF-8 with their bytes as escapes."""
    texts: list[str] = []
    damaged: dict[int, str] = {}
    for number, raw in enumerate(BytesIO(data)):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            texts.append(line.decode())
        except UnicodeDecodeError:
            texts.append(line.decode(errors="replace"))
            damaged[number] = line.decode(errors="backslashreplace")
    return texts, damaged


def _frame(rows: list[list[str]], header: Header, text: pl.Categorical) -> pl.DataFrame:
    columns = {
        name: pl.Series(name, [row[i] or None for row in rows], dtype=pl.String)
        for i, name in enumerate(header.columns)
        if name in COLUMNS
    }
    texts = [name for name in columns if name not in NUMBERS]
    return pl.DataFrame(columns).with_columns(pl.col(texts).cast(text))


def tokens_of_records(rows: Sequence[dict[str, str | None]], raws: Sequence[str]) -> FrameTokens:
    """Tokens of records that arrived as objects (JSON): one row each, texts or None."""
    text = pl.Categorical(pl.Categories.random())
    optional = (STATE, STATUS, *ATTRIBUTES[1:])
    held = [name for name in optional if any(name in row for row in rows)]
    names = [ARC, TIME, FLOW, OCCUPANCY, *held]
    frame = pl.DataFrame(
        {n: pl.Series(n, [row.get(n) for row in rows], dtype=pl.String) for n in names}
    )
    texts = [name for name in names if name not in NUMBERS]
    frame = frame.with_columns(pl.col(texts).cast(text))
    return FrameTokens(frame, range(len(rows)), raws, len(rows), [])
