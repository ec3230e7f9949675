"""Records as JSON: a list, one a line, or the features of a GeoJSON collection."""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from cityflow_simulator.explore.answer import Answer
from cityflow_simulator.explore.parameters import Style
from cityflow_simulator.explore.texts import times_as_text
from cityflow_simulator.published.fields import Field

Record = dict[str, Any]
SLICE = 2_000


def records_of(answer: Answer, zone: ZoneInfo) -> list[Record]:
    """All rows of a small answer as plain JSON values."""
    return [record for some in _batches(answer, zone) for record in some]


def json_export(answer: Answer, style: Style, zone: ZoneInfo) -> Iterator[bytes]:
    """One list of all records."""
    before = "["
    for some in _batches(answer, zone):
        lines = ",\n".join(dumped(_titled(record, answer.fields, style)) for record in some)
        yield (before + lines).encode()
        before = ",\n"
    yield b"[]" if before == "[" else b"]"


def jsonl_export(answer: Answer, style: Style, zone: ZoneInfo) -> Iterator[bytes]:
    """One record a line."""
    for some in _batches(answer, zone):
        yield "".join(dumped(_titled(one, answer.fields, style)) + "\n" for one in some).encode()


def geojson_export(answer: Answer, zone: ZoneInfo, members: dict[str, bool]) -> Iterator[bytes]:
    """A FeatureCollection; `members` are further members at its top level."""
    head = dumped({"type": "FeatureCollection", **members})[:-1]
    yield f'{head},"features":['.encode()
    before = ""
    for some in _batches(answer, zone):
        lines = ",".join(dumped(_feature(record, answer.fields)) for record in some)
        yield (before + lines).encode()
        before = ","
    yield b"]}"


def dumped(value: object) -> str:
    """Compact JSON as the portal writes it: UTF-8, no NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _batches(answer: Answer, zone: ZoneInfo) -> Iterator[list[Record]]:
    texts = times_as_text(answer.fields, zone)
    shapes = [field.name for field in answer.fields if field.type == "geo_shape"]
    for frame in answer.frames:
        for part in frame.iter_slices(SLICE):
            records: list[Record] = part.select(texts).to_dicts()
            for record in records:
                for name in shapes:
                    record[name] = _shape(record[name])
            yield records


def _titled(record: Record, fields: Sequence[Field], style: Style) -> Record:
    if not style.use_labels:
        return record
    return {field.label: record[field.name] for field in fields}


@lru_cache(maxsize=8192)
def _shape(text: str | None) -> Record | None:
    if text is None:
        return None
    return {"type": "Feature", "geometry": json.loads(text), "properties": {}}


def _feature(record: Record, fields: Sequence[Field]) -> Record:
    """A record as a feature: its shape is the geometry, or else its point."""
    shape = next((field.name for field in fields if field.type == "geo_shape"), None)
    point = next((field.name for field in fields if field.type == "geo_point_2d"), None)
    geometry = None
    if shape is not None:
        geometry = record[shape] and record[shape]["geometry"]
    elif point is not None and record[point] is not None:
        place = record[point]
        geometry = {"coordinates": [place["lon"], place["lat"]], "type": "Point"}
    left = {name: value for name, value in record.items() if name != (shape or point)}
    return {"type": "Feature", "geometry": geometry, "properties": left}
