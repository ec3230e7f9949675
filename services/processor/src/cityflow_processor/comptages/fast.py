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
from cityflow_processor.comptages.lookups import Coded, Ints, Vocabulary
from cityflow_processor.comptages.regular import is_regular
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
        frame: pl.DataFrame,
        texts: Mapping[str, Coded],
        lines: Lines,
        header: Header,
        known: KnownLines | None = None,
    ) -> None:
        self.texts = texts
        self.numbers = frame[list(NUMBERS)]
        self.line_count = len(lines)
        self.rejects: list[TokenReject] = []
        self._lines = lines
        self._header = header
        self._known = known

    def line(self, row: int) -> int:
        """The row's own number."""
        return row

    def raw(self, row: int) -> str:
        """The row's line."""
        return self._lines.text(row)

    def attributes(self, rows: Rows) -> tuple[Ints, Described]:
        """Read from the lines of these rows alone. Raises NotRegular."""
        lines = self._lines.take(rows)
        if self._known is None:
            return described(self._parse(joined(lines.cast(pl.String))))
        found = self._known.attributes(lines, self.texts[ARC].take(rows), self._parse)
        if found is None:
            raise NotRegular
        return found

    def _parse(self, lines: bytes) -> pl.DataFrame:
        texts = dict.fromkeys(ATTRIBUTES, pl.String())
        return complete(_parse_regular(lines, self._header, texts))


def read_alone(data: bytes, header: Header, known: KnownLines) -> FastTokens:
    """Tokens of a block of which every line stands alone. Raises NotRegular.

    `known` belongs to the file: attributes that it holds are not read again.
    """
    lines = Lines(data)
    if lines.has_control() or header.guard is None:
        raise NotRegular
    vocabularies = known.vocabularies()
    frame = _parse(data, header, _types(vocabularies), quote=None).rechunk()
    if frame.height != len(lines):
        raise NotRegular
    texts = coded_texts(frame, vocabularies)
    if not _stand_alone(texts, header.guard):
        raise NotRegular
    return FastTokens(frame, texts, lines, header, known)


def _stand_alone(texts: Mapping[str, Coded], guard: str) -> bool:
    """`Header.stands_alone` of every row; numbers were read, so they hold no quote."""
    if not (texts[ARC].codes.all() and texts[TIME].codes.all()):
        return False
    quoted = any(column.judge(_is_quoted).any() for column in texts.values())
    return not quoted and bool(texts[guard].judge(_IS_KNOWN[guard]).all())


def _is_quoted(text: str | None) -> bool:
    return text is not None and '"' in text


def read_regular(data: bytes, header: Header) -> FastTokens:
    """Tokens of a block of regular lines. Raises NotRegular."""
    lines = Lines(data)
    if lines.has_control():
        raise NotRegular
    vocabularies = new_vocabularies()
    frame = _parse_regular(data, header, _types(vocabularies)).rechunk()
    return FastTokens(frame, coded_texts(frame, vocabularies), lines, header)


def _types(vocabularies: Mapping[str, Vocabulary]) -> dict[str, pl.DataType]:
    """The types that the measured columns are read as."""
    types: dict[str, pl.DataType] = {name: one.type for name, one in vocabularies.items()}
    return types | {name: pl.Float64() for name in NUMBERS}


def _parse_regular(data: bytes, header: Header, wanted: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if not is_regular(data, header.delimiter, len(header.columns)):
        raise NotRegular
    return _parse(data, header, wanted, quote='"')


def _parse(
    data: bytes, header: Header, wanted: Mapping[str, pl.DataType], quote: str | None
) -> pl.DataFrame:
    if not data:
        raise NotRegular
    names = [name or f"_{i}" for i, name in enumerate(header.columns)]
    schema = {name: wanted.get(name, pl.String()) for name in names}
    try:
        return pl.read_csv(
            data,
            separator=header.delimiter,
            has_header=False,
            schema=schema,
            columns=[i for i, name in enumerate(header.columns) if name in wanted],
            quote_char=quote,
            truncate_ragged_lines=quote is None,
            extra_columns="ignore" if quote is None else "raise",
        )
    except PolarsError as error:
        raise NotRegular from error
