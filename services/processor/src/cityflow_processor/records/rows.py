"""Published tables as rows of texts, numbered as people count them."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from cityflow.dialect import MAX_HEADER_BYTES, sniff
from cityflow.errors import FileRefused
from cityflow.published_names import normalise
from cityflow_processor.reading.json_records import fields_of, items
from cityflow_processor.records.module import Reject, Source

RAW_TEXT: Final = 4096
MAX_DOCUMENT_BYTES: Final = 256 << 20
_SHORT_ROW: Final = "cell_count"
_NOT_AN_OBJECT: Final = "not_an_object"


@dataclass(frozen=True)
class Row:
    """One row: its number and its cells by technical name; an empty cell is None."""

    number: int
    cells: Mapping[str, str | None]
    raw: str

    def get(self, name: str) -> str | None:
        """The text of a cell without the blanks around it; None if there is none."""
        return self.cells.get(name)

    def reject(self, reason: str, detail: str, day: date | None = None) -> Reject:
        """The row as a reject."""
        return Reject(self.number, day, reason, detail, self.raw[:RAW_TEXT])


def technical_names(labels: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Normalised published name → technical name; `labels` lists what else each is published as."""
    named = {normalise(label): name for name, others in labels.items() for label in others}
    return {**named, **{normalise(name): name for name in labels}}


def columns_of(source: Source, names: Mapping[str, str]) -> tuple[str | None, ...]:
    """Technical names of the columns of a CSV file, None for unknown ones; of JSON those of its
    first record. The stream is left at its start. Raises FileRefused.
    """
    if source.media == "csv":
        dialect = sniff(_head(source.stream), source.name)
        return tuple(names.get(normalise(name)) for name in dialect.columns)
    first = next((one for one in items(source.stream, source.name) if isinstance(one, dict)), {})
    source.stream.seek(0)
    return tuple(names.get(normalise(name)) for name in fields_of(first))


def rows_of(source: Source, names: Mapping[str, str]) -> Iterator[Row | Reject]:
    """Rows of a table in CSV or JSON, in their order; what is no row is a reject."""
    if source.media == "csv":
        return _csv_rows(source, names)
    return _json_rows(source, names)


def require(source: Source, names: Mapping[str, str], required: Sequence[str]) -> None:
    """Refuse a table that lacks a required column."""
    held = columns_of(source, names)
    if missing := [name for name in required if name not in held]:
        raise FileRefused(source.name, f"no column {', '.join(missing)}", ", ".join(required))


def document(source: Source) -> Any:
    """A JSON document as a whole. Raises FileRefused if it is none, or too large."""
    data = source.stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise FileRefused(source.name, f"over {MAX_DOCUMENT_BYTES:,} bytes", "one JSON document")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileRefused(source.name, f"broken JSON ({error})", "one JSON document") from error


def text_of(value: object) -> str | None:
    """A JSON value as the CSV of the same portal writes it; places as `lat, lon`."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict) and {"lat", "lon"} <= value.keys():
        return f"{value['lat']}, {value['lon']}"
    if isinstance(value, list) and len(value) == 2:
        return f"{value[0]}, {value[1]}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(MAX_HEADER_BYTES)
    stream.seek(0)
    return head


def _csv_rows(source: Source, names: Mapping[str, str]) -> Iterator[Row | Reject]:
    dialect = sniff(_head(source.stream), source.name)
    columns = [names.get(normalise(name)) for name in dialect.columns]
    lines = _Remembering(io.TextIOWrapper(source.stream, "utf-8-sig", "replace", newline=""))
    reader = csv.reader(lines, delimiter=dialect.delimiter)
    try:
        next(reader)
        while True:
            lines.start()
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except csv.Error as error:
                yield Reject(number, None, "bad_csv", str(error), lines.text)
                continue
            if cells:
                yield _row(number, columns, cells, lines.text)
    except StopIteration:
        return
    finally:
        lines.detach()


def _row(
    number: int, columns: Sequence[str | None], cells: Sequence[str], raw: str
) -> Row | Reject:
    if len(cells) > len(columns):
        detail = f"{len(cells)} cells under {len(columns)} columns"
        return Reject(number, None, _SHORT_ROW, detail, raw)
    found = {
        name: text.strip() or None
        for name, text in zip(columns, cells, strict=False)
        if name is not None
    }
    return Row(number, found, raw)


def _json_rows(source: Source, names: Mapping[str, str]) -> Iterator[Row | Reject]:
    for number, item in enumerate(items(source.stream, source.name), 1):
        raw = json.dumps(item, ensure_ascii=False)
        if not isinstance(item, dict):
            yield Reject(number, None, _NOT_AN_OBJECT, "an item of the list", raw[:RAW_TEXT])
            continue
        cells = {names.get(normalise(name)): text_of(v) for name, v in fields_of(item).items()}
        yield Row(number, {name: text for name, text in cells.items() if name is not None}, raw)


class _Remembering:
    """Lines for a reader, and the text of those it took since `start`."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._taken: list[str] = []

    def start(self) -> None:
        self._taken.clear()

    @property
    def text(self) -> str:
        return "".join(self._taken)[:RAW_TEXT].rstrip("\r\n")

    def detach(self) -> None:
        self._stream.detach()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self._taken.append(line)
        return line
