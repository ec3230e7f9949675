"""What the first bytes of a file show: how it is written, its columns and its first records."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import BinaryIO, Final

from cityflow.dialect import BOM, Dialect, shorten, sniff
from cityflow.errors import FileRefused
from cityflow.published_names import normalise
from cityflow_ingest.foreign import EXPECTED, refuse_foreign
from cityflow_ingest.formats import Container, Media

HEAD_BYTES: Final = 256 * 1024
"""Bytes of a file, or of each member of an archive, that recognition looks at."""

Record = Mapping[str, str]


@dataclass(frozen=True)
class Head:
    """The first bytes of a file; `whole` if there are no others."""

    data: bytes
    whole: bool

    @classmethod
    def read(cls, stream: BinaryIO) -> "Head":
        """At most HEAD_BYTES, and one more to know whether the file ends there."""
        data = stream.read(HEAD_BYTES + 1)
        return cls(data[:HEAD_BYTES], len(data) <= HEAD_BYTES)


@dataclass(frozen=True)
class Sample:
    """Columns as published, and complete records by normal name, null as the empty text.

    `flaw` says why there is no record, if there is none; `synthetic` is what a top-level member of
    a JSON document says of it.
    """

    media: Media
    container: Container
    columns: tuple[str, ...]
    records: Sequence[Record]
    flaw: str = "a header without rows"
    synthetic: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The normal names of the columns."""
        return frozenset(normalise(column) for column in self.columns)


def refuse_binary(head: Head, name: str) -> None:
    """Raise FileRefused for a file that is empty, of another kind, or holds NUL bytes."""
    if not head.data.removeprefix(BOM).strip():
        raise FileRefused(name, "an empty file", EXPECTED)
    refuse_foreign(head.data, name)
    if head.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused(name, "UTF-16 text", "UTF-8 text")
    if (offset := head.data.find(b"\0")) >= 0:
        raise FileRefused(name, f"NUL bytes, the first at offset {offset}: binary data", EXPECTED)


def csv_sample(head: Head, name: str) -> Sample:
    """The sample of a CSV file. Raises FileRefused if it has no usable header line."""
    dialect = sniff(head.data, name)
    keys = [normalise(column) for column in dialect.columns]
    if repeated := {key for key in keys if key and keys.count(key) > 1}:
        raise FileRefused(name, f"the column {min(repeated)} twice", "each column once")
    rows = list(_rows(head, dialect))
    # Some tools leave out the empty cells at the end of a row.
    usable = [row for row in rows if len(keys) <= 2 * len(row) <= 2 * len(keys)]
    records = [dict(zip_longest(keys, row, fillvalue="")) for row in usable]
    return Sample("csv", "table", dialect.columns, records, _flaw(head, dialect, rows))


def _rows(head: Head, dialect: Dialect) -> Iterator[list[str]]:
    """The rows that end inside the head, blank ones left out."""
    data = head.data[dialect.header_bytes :]
    if not head.whole:
        data = data[: data.rfind(b"\n") + 1]
    text = io.StringIO(data.decode(errors="replace"), newline="")
    try:
        yield from filter(None, csv.reader(text, delimiter=dialect.delimiter))
    except csv.Error:
        # A stray quote made one endless field: what came before it still counts.
        return


def _flaw(head: Head, dialect: Dialect, rows: list[list[str]]) -> str:
    if rows:
        first = dialect.delimiter.join(rows[0])
        return (
            f"rows of {len(rows[0])} fields under a header of {len(dialect.columns)} columns, "
            f"first {shorten(first)}"
        )
    if head.whole and not head.data[dialect.header_bytes :].strip():
        return "a header without rows"
    return f"no complete row in the first {len(head.data)} bytes"
