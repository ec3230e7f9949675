"""JSON answers of the source, streamed: the same records as its CSV, in the same texts."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import ijson

from cityflow.errors import SourceError
from cityflow.published_names import comptages_columns
from cityflow_processor.comptages.tokens import FrameTokens, tokens_of_records

MAX_RECORD_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
_PLACES: Final = (["item"], ["results", "item"], ["records", "item"])


def json_tokens(stream: BinaryIO, chunk_rows: int, name: str) -> Iterator[FrameTokens]:
    """Tokens of a list of records, of `{"results": […]}`, or of API v1's `{"records": […]}`.

    Raises SourceError where the text stops being JSON, with what the parser says, and for a
    record that would not fit in memory.
    """
    records = _records(stream, name)
    while batch := list(islice(records, chunk_rows)):
        yield tokens_of_records(
            [_texts(record) for record in batch],
            [json.dumps(record, ensure_ascii=False) for record in batch],
        )


def _records(stream: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """Objects of the first list of objects found at a known place, built event by event."""
    bounded = _Bounded(stream, name)
    path: list[str] = []
    place: list[str] | None = None
    builder = None
    for event, value in _events(bounded, name):
        if event == "start_map" and path in _PLACES and place in (None, path):
            place, builder = list(path), ijson.ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
        _follow(path, event, value)
        if len(path) > MAX_DEPTH:
            raise SourceError(f"{name}: JSON nested more than {MAX_DEPTH} deep; expected records")
        if builder is not None and event == "end_map" and path == place:
            bounded.start_record()
            yield _fields(builder.value)
            builder = None


def _events(stream: "_Bounded", name: str) -> Iterator[tuple[str, Any]]:
    try:
        yield from ijson.basic_parse(stream, use_float=True)
    except ijson.JSONError as error:
        said = error.args[0] if error.args else ""
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        reason = text.partition("\n")[0]
        raise SourceError(f"{name}: the JSON text is broken: {reason}; fetch it again") from error


def _follow(path: list[str], event: str, value: Any) -> None:
    """Keep the names of the open containers' current members."""
    if event == "map_key":
        path[-1] = value
    elif event in ("start_map", "start_array"):
        path.append("item" if event == "start_array" else "")
    elif event in ("end_map", "end_array"):
        path.pop()


class _Bounded:
    """A stream for a parser that holds each value until it is whole: records must end in time."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name, self._bytes = stream, name, 0

    def start_record(self) -> None:
        self._bytes = 0

    def read(self, size: int) -> bytes:
        if self._bytes > MAX_RECORD_BYTES:
            raise SourceError(
                f"{self._name}: no JSON record ends within {MAX_RECORD_BYTES:,} bytes; expected a "
                "list of records"
            )
        data = self._stream.read(size)
        self._bytes += len(data)
        return data


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    """API v1 puts what was measured into `fields`."""
    fields = record.get("fields")
    return fields if isinstance(fields, dict) else record


def _texts(record: dict[str, Any]) -> dict[str, str | None]:
    named = dict(zip(comptages_columns(record), record.values(), strict=True))
    return {name: _text(name, value) for name, value in named.items() if name is not None}


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and name == "geo_point_2d":
        return f"{value.get('lat')}, {value.get('lon')}"
    if isinstance(value, list) and name == "geo_point_2d":
        return ", ".join(str(number) for number in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
