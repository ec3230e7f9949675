"""JSON answers of the source, streamed: the same records as its CSV, in the same texts.

They are cut by records and by bytes, so memory is bounded whatever a record holds.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import ijson

from cityflow.errors import SourceError
from cityflow.published_names import comptages_columns
from cityflow_processor.comptages.tokens import FrameTokens, TokenReject, tokens_of_records

MAX_RECORD_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
# Held as objects, records take some ten times the size of their text, and three batches are held.
MAX_BATCH_CHARACTERS: Final = 2 << 20
NOT_AN_OBJECT: Final = "not_an_object"
_ITEM: Final = None  # stands in a path for any item of a list
_Path = list[str | None]
_PLACES: Final[tuple[_Path, ...]] = ([_ITEM], ["results", _ITEM], ["records", _ITEM])
_OPENING: Final = ("start_map", "start_array")
_CLOSING: Final = ("end_map", "end_array")


def json_tokens(stream: BinaryIO, chunk_rows: int, name: str) -> Iterator[FrameTokens]:
    """Tokens of a list of records, of `{"results": […]}`, or of API v1's `{"records": […]}`.

    An item that is no object is a reject. Raises SourceError where the text stops being JSON,
    with what the parser says, and for an item that would not fit in memory.
    """
    batch: list[Any] = []
    raws: list[str] = []
    size = 0
    for item in items(stream, name):
        batch.append(item)
        raws.append(json.dumps(item, ensure_ascii=False))
        size += len(raws[-1])
        if len(batch) >= chunk_rows or size >= MAX_BATCH_CHARACTERS:
            yield _tokens(batch, raws)
            batch, raws, size = [], [], 0
    if batch:
        yield _tokens(batch, raws)


def _tokens(batch: list[Any], raws: list[str]) -> FrameTokens:
    places = [at for at, item in enumerate(batch) if isinstance(item, dict)]
    texts = [_texts(fields_of(batch[at])) for at in places]
    records = tokens_of_records(texts, [raws[at] for at in places])
    rejects = [
        TokenReject(at, NOT_AN_OBJECT, f"an item of the list is {_kind(item)}", raws[at])
        for at, item in enumerate(batch)
        if not isinstance(item, dict)
    ]
    return FrameTokens(records.frame, places, [raws[at] for at in places], len(batch), rejects)


def _kind(item: Any) -> str:
    if item is None:
        return "null, not an object"
    kinds = {bool: "true or false", str: "a text", list: "a list"}
    return f"{kinds.get(type(item), 'a number')}, not an object"


def items(stream: BinaryIO, name: str, places: Sequence[_Path] = _PLACES) -> Iterator[Any]:
    """Items of the first list found at one of these places, built event by event."""
    bounded = _Bounded(stream, name)
    path: _Path = []
    place: _Path | None = None
    builder = None
    for event, value in _events(bounded, name):
        if builder is None and event not in _CLOSING and path in places and place in (None, path):
            place, builder = list(path), ijson.ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
        _follow(path, event, value)
        if len(path) > MAX_DEPTH:
            raise SourceError(f"{name}: JSON nested more than {MAX_DEPTH} deep; expected records")
        if builder is not None and event not in _OPENING and path == place:
            bounded.start_item()
            yield builder.value
            builder = None


def _events(stream: "_Bounded", name: str) -> Iterator[tuple[str, Any]]:
    try:
        yield from ijson.basic_parse(stream, use_float=True)
    except ijson.JSONError as error:
        said = error.args[0] if error.args else ""
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        reason = text.partition("\n")[0]
        raise SourceError(f"{name}: the JSON text is broken: {reason}; fetch it again") from error


def _follow(path: _Path, event: str, value: Any) -> None:
    """Keep the names of the open containers' current members."""
    if event == "map_key":
        path[-1] = value
    elif event in _OPENING:
        path.append(_ITEM if event == "start_array" else "")
    elif event in _CLOSING:
        path.pop()


class _Bounded:
    """A stream for a parser that holds each value until it is whole: records must end in time."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name, self._bytes = stream, name, 0

    def start_item(self) -> None:
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


def fields_of(record: dict[str, Any]) -> dict[str, Any]:
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
