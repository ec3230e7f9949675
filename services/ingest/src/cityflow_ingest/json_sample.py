"""The first records of a JSON file, however large the file: a cut text is closed, then parsed."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, Final

from cityflow.contracts.synthetic import SYNTHETIC_MEMBER
from cityflow.dialect import BOM
from cityflow.errors import FileDamaged, FileRefused
from cityflow.published_names import normalise
from cityflow_ingest.foreign import EXPECTED
from cityflow_ingest.formats import Container
from cityflow_ingest.sample import Head, Record, Sample

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
LISTS: Final[tuple[tuple[Container, tuple[str, ...]], ...]] = (
    ("table", ("results",)),
    ("table", ("records",)),
    ("features", ("features",)),
    ("stations", ("data", "stations")),
    ("disruptions", ("disruptions",)),
)
"""Where the records of each container stand in a JSON object."""
_CLOSER: Final = {"[": "]", "{": "}"}
_DEEPEST: Final = 32
"""GeoJSON in an answer of the portal is nested 9 deep."""


def looks_like_json(head: Head) -> bool:
    """Whether the text opens an object or a list."""
    return head.data.removeprefix(BOM).lstrip().startswith((b"{", b"["))


def json_sample(head: Head, name: str) -> Sample:
    """The sample of a JSON file; FileRefused if it is no JSON, or JSON lines."""
    text = _decode(head, name)
    try:
        document = json.loads(text if head.whole else _closed(text, name))
    except ValueError as error:
        if _is_json_lines(text):
            found = "JSON lines (one object a line)"
            raise FileRefused(name, found, "CSV, or one JSON document") from error
        raise FileDamaged(name, f"broken JSON ({error})", "one whole JSON document") from error
    container, records = _records(document)
    columns = dict.fromkeys(key for record in records for key in record)
    synthetic = isinstance(document, dict) and document.get(SYNTHETIC_MEMBER) is True
    return Sample(
        "geojson" if container == "features" else "json",
        container,
        tuple(columns),
        [_texts(record) for record in records],
        "a JSON document without records",
        synthetic,
    )


def _decode(head: Head, name: str) -> str:
    """Only the last character of a cut head may be incomplete."""
    if head.data.startswith(BOM):
        # RFC 8259 forbids it, and streaming parsers stop at it.
        raise FileRefused(name, "JSON after a byte order mark", "JSON without one")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head.data, final=head.whole)
    except UnicodeDecodeError as error:
        found = f"text that is not UTF-8 (byte 0x{head.data[error.start]:02x})"
        raise FileRefused(name, found, EXPECTED) from error


def _closed(text: str, name: str) -> str:
    """The text up to its last comma between two values, with all that is open there closed.

    Raises FileRefused for nesting that would exhaust the parser, and if no value is complete.
    """
    open_ones: list[str] = []
    cut, closers = 0, ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in _CLOSER:
            open_ones.append(_CLOSER[token])
            if len(open_ones) > _DEEPEST:
                raise FileRefused(name, f"JSON nested more than {_DEEPEST} deep", EXPECTED)
        elif token in ("]", "}"):
            if not open_ones or open_ones.pop() != token:
                break
        elif token == ",":
            cut, closers = match.start(), "".join(reversed(open_ones))
    if not cut:
        raise FileRefused(name, f"no complete value in {len(text)} characters of JSON", EXPECTED)
    return text[:cut] + closers


def _is_json_lines(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    try:
        json.loads(first)
    except ValueError:
        return False
    return rest.lstrip().startswith("{")


def _records(document: Any) -> tuple[Container, list[dict[str, Any]]]:
    """Where the records stand, and the records."""
    if isinstance(document, list):
        return "table", list(_objects(document))
    for container, path in LISTS:
        found = reduce(_member, path[:-1], document).get(path[-1])
        if isinstance(found, list):
            read: Callable[[dict[str, Any]], dict[str, Any]] = (
                _feature if container == "features" else dict
            )
            return container, [read(record) for record in _objects(found)]
    if days := [
        {"holiday": day, "holiday_name": name} for day, name in document.items() if _DAY.match(day)
    ]:
        return "days", days
    return "document", [document]


def _objects(values: list[Any]) -> Iterator[dict[str, Any]]:
    """The objects of a list; in the portal's first interface their records are in `fields`."""
    for value in values:
        if isinstance(value, dict):
            fields = value.get("fields")
            yield fields if isinstance(fields, dict) else value


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    return {**_member(feature, "properties"), "geometry": feature.get("geometry")}


def _member(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _texts(record: dict[str, Any]) -> Record:
    return {normalise(key): "" if value is None else str(value) for key, value in record.items()}
