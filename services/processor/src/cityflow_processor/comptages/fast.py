"""The two fast readers: what they take, `read_tolerant` would give the same tokens of.

That holds whatever else is in the block (a property of the test suite), so chunking never shows.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from cityflow_processor.comptages.attributes import Described
from cityflow_processor.comptages.fields import ARC, ATTRIBUTES, STATE, STATUS, TIME
from cityflow_processor.comptages.header import Header, is_known
from cityflow_processor.comptages.known_lines import KnownLines, joined
from cityflow_processor.comptages.lines import Lines
from cityflow_processor.comptages.lookups import Chunk, Coded, Ints
from cityflow_processor.comptages.regular import is_regular
from cityflow_processor.comptages.scan import Scanned, scan
from cityflow_processor.comptages.tokens import (
    NUMBERS,
    Rows,
    TokenReject,
    coded_texts,
    complete,
    described,
    new_vocabularies,
)

_IS_KNOWN: Final = {guard: partial(is_known, guard) for guard in (STATE, STATUS)}


class NotRegular(Exception):
    """The fast reader cannot prove a block regular: it must be read tolerantly."""


class FastTokens:
    """Tokens of a block of which each line is one row."""

    def __init__(
        self,
        numbers: pl.DataFrame,
        texts: Mapping[str, Coded],
        lines: Lines,
        header: Header,
    ) -> None:
        self.texts = texts
        self.numbers = numbers
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

    def attributes(self, rows: Rows) -> tuple[Ints, Described]:
        """Read from the lines of these rows alone. Raises NotRegular."""
        return described(self._parse(joined(self._lines.take(rows))))

    def _parse(self, lines: bytes) -> pl.DataFrame:
        texts = dict.fromkeys(ATTRIBUTES, pl.String())
        return complete(_parse_regular(lines, self._header, texts))


class AloneTokens(FastTokens):
    """The same where attributes of earlier blocks are known."""

    def __init__(self, scanned: Scanned, lines: Lines, header: Header, known: KnownLines) -> None:
        super().__init__(scanned.numbers, scanned.texts, lines, header)
        self._run = scanned.run_starts, scanned.run_ends
        self._known = known

    def attributes(self, rows: Rows) -> tuple[Ints, Described]:
        """Those known, and what is read from other lines. Raises NotRegular."""
        starts, ends = (places[rows] for places in self._run)
        around = self._lines.around(rows, starts, ends)
        arcs = self.texts[ARC].take(rows)
        try:
            return self._known.attributes(
                around, arcs, lambda some: self._lines.take(rows[some]), self._parse
            )
        except UnicodeDecodeError as error:
            raise NotRegular from error


def read_alone(data: Chunk, header: Header, known: KnownLines) -> AloneTokens:
    """Tokens of a block of which every line stands alone. Raises NotRegular.

    `known` belongs to the file: attributes that it holds are not read again.
    """
    lines = Lines(data)
    if not len(lines) or lines.has_control() or header.guard is None:
        raise NotRegular
    try:
        scanned = scan(data, lines, header, known.vocabularies())
    except ValueError as error:
        raise NotRegular from error
    if not _stand_alone(scanned.texts, header.guard):
        raise NotRegular
    return AloneTokens(scanned, lines, header, known)


def _stand_alone(texts: Mapping[str, Coded], guard: str) -> bool:
    """`Header.stands_alone` of every row; numbers were read, so they hold no quote."""
    if not (texts[ARC].codes.all() and texts[TIME].codes.all()):
        return False
    plain = all(column.is_all(_is_plain) for column in texts.values())
    return plain and texts[guard].is_all(_IS_KNOWN[guard])


def _is_plain(text: str | None) -> bool:
    return text is None or '"' not in text


def read_regular(data: Chunk, header: Header) -> FastTokens:
    """Tokens of a block of regular lines. Raises NotRegular."""
    lines = Lines(data)
    if lines.has_control():
        raise NotRegular
    categories = new_vocabularies()
    wanted: dict[str, pl.DataType] = {name: one.type for name, one in categories.items()}
    wanted |= {name: pl.Float64() for name in NUMBERS}
    frame = _parse_regular(data, header, wanted).rechunk()
    return FastTokens(frame.select(NUMBERS), coded_texts(frame, categories), lines, header)


def _parse_regular(data: Chunk, header: Header, wanted: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if not data or not is_regular(data, header.delimiter, len(header.columns)):
        raise NotRegular
    names = [name or f"_{i}" for i, name in enumerate(header.columns)]
    schema = {name: wanted.get(name, pl.String()) for name in names}
    try:
        return pl.read_csv(
            bytes(data),
            separator=header.delimiter,
            has_header=False,
            schema=schema,
            columns=[i for i, name in enumerate(header.columns) if name in wanted],
        )
    except PolarsError as error:
        raise NotRegular from error
