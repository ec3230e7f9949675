"""JSON answers of the source, streamed: the same records as its CSV, in the same texts."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import ijson

from cityflow.errors import SourceError
from cityflow.published_names import comptages_columns
from cityflow_processor.comptages.tokens import FrameTokens, tokens_of_records

_PLACES: Final = ("item", "results.item", "records.item")


def json_tokens(stream: BinaryIO, chunk_rows: int, name: str) -> Iterator[FrameTokens]:
    """Tokens of a list of records, of `{"results": […]}`, or of API v1's `{"records": […]}`.

    Raises SourceError where the text stops being JSON, with what the parser says.
    """
    records = _records(stream, name)
    while batch := list(islice(records, chunk_rows)):
        yield tokens_of_records(
            [_texts(record) for record in batch],
            [json.dumps(record, ensure_ascii=False) for record in batch],
        )


def _records(stream: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """Objects of the first list of objects found at a known place, built event by event."""
    place, builder = None, None
    try:
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if place is None and event == "start_map" and prefix in _PLACES:
                place = prefix
            if prefix == place and event == "start_map":
                builder = ijson.ObjectBuilder()
            if builder is not None:
                builder.event(event, value)
            if builder is not None and prefix == place and event == "end_map":
                record = builder.value
                builder = None
                yield record.get("fields", record)
    except ijson.JSONError as error:
        raise SourceError(f"{name}: the JSON text is broken: {error}") from error


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
