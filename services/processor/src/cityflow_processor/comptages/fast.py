"""The two fast readers: what they take, `read_tolerant` would give the same tokens of.

That holds whatever else is in the block (a property of the test suite), so chunking never shows.
"""

from collections.abc import Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from cityflow_processor.comptages.fields import ARC, ATTRIBUTES, MEASURED, TIME
from cityflow_processor.comptages.header import Header, is_known
from cityflow_processor.comptages.known_lines import KnownLines, joined
from cityflow_processor.comptages.lines import Lines
from cityflow_processor.comptages.lookups import Coded, Ints, distinct_rows
from cityflow_processor.comptages.regular import is_regular
from cityflow_processor.comptages.tokens import NUMBERS, Rows, TokenReject, coded_texts, complete


class NotRegular(Exception):
    """The fast reader cannot prove a block regular: it must be read tolerantly."""


class FastTokens:
    """Tokens of a block of which each line is one row."""

    def __init__(
        self, frame: pl.DataFrame, lines: Lines, header: Header, known: KnownLines | None = None
    ) -> None:
        self.texts: Mapping[str, Coded] = coded_texts(frame)
        self.numbers = frame.select(NUMBERS)
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

    def attributes(self, rows: Rows) -> tuple[Ints, pl.DataFrame]:
        """Read from the lines of these rows alone. Raises NotRegular."""
        lines = self._lines.take(rows)
        if self._known is None:
            return distinct_rows(self._parse(joined(lines)))
        found = self._known.attributes(lines, self._parse)
        if found is None:
            raise NotRegular
        return found

    def _parse(self, lines: bytes) -> pl.DataFrame:
        return complete(_parse_regular(lines, self._header, ATTRIBUTES, pl.String()))


def read_alone(data: bytes, header: Header, known: KnownLines) -> FastTokens:
    """Tokens of a block of which every line stands alone. Raises NotRegular.

    `known` belongs to the file: attributes that it holds are not read again.
    """
    lines = Lines(data)
    if lines.has_control() or header.guard is None:
        raise NotRegular
    frame = _parse(data, header, MEASURED, pl.Categorical(pl.Categories.random()), quote=None)
    tokens = FastTokens(frame.rechunk(), lines, header, known)
    if frame.height != len(lines) or not _stand_alone(tokens.texts, header.guard):
        raise NotRegular
    return tokens


def _stand_alone(texts: Mapping[str, Coded], guard: str) -> bool:
    """`Header.stands_alone` of every row; numbers were read, so they hold no quote."""
    if None in texts[ARC].texts or None in texts[TIME].texts:
        return False
    quoted = any('"' in text for column in texts.values() for text in column.texts if text)
    return not quoted and all(is_known(guard, text) for text in texts[guard].texts)


def read_regular(data: bytes, header: Header) -> FastTokens:
    """Tokens of a block of regular lines. Raises NotRegular."""
    lines = Lines(data)
    if lines.has_control():
        raise NotRegular
    frame = _parse_regular(data, header, MEASURED, pl.Categorical(pl.Categories.random()))
    return FastTokens(frame.rechunk(), lines, header)


def _parse_regular(
    data: bytes, header: Header, wanted: Sequence[str], text: pl.DataType
) -> pl.DataFrame:
    if not is_regular(data, header.delimiter, len(header.columns)):
        raise NotRegular
    return _parse(data, header, wanted, text, quote='"')


def _parse(
    data: bytes, header: Header, wanted: Sequence[str], text: pl.DataType, quote: str | None
) -> pl.DataFrame:
    if not data:
        raise NotRegular
    names = [name or f"_{i}" for i, name in enumerate(header.columns)]
    schema = {n: pl.Float64() if n in NUMBERS else text for n in names}
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
