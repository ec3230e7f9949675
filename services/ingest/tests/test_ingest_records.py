"""Counting agrees with the csv and json modules, wherever blocks end."""

import csv
import hashlib
import io
import json
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityflow.errors import FileDamaged
from cityflow_ingest.formats import Container
from cityflow_ingest.records import Digested, count_records

CELL = st.text(st.sampled_from('ab";,\n\ré '), max_size=6)


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        self._stream, self._step = io.BytesIO(content), step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        block = self._stream.read(min(self._step, len(view)))
        view[: len(block)] = block
        return len(block)


def counted(content: bytes, step: int = 7, container: Container = "table") -> int:
    stream = cast(BinaryIO, Dribble(content, step))
    media = "csv" if container == "table" and content[:1] not in b"[{" else "json"
    return count_records(stream, media, container, "x")


@given(st.lists(st.tuples(CELL, CELL), max_size=8), st.integers(1, 9), st.booleans())
def test_records_of_a_csv_are_those_the_csv_module_reads(
    rows: list[tuple[str, str]], step: int, ended: bool
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("x", "y"), *rows])
    content = text.getvalue() if ended else text.getvalue().rstrip("\n")
    assert counted(content.encode(), step) == len(rows)


def test_real_line_breaks_in_quotes_are_no_records(real_data: Any) -> None:
    path = real_data / "chantiers" / "chantiers-perturbants_2023-12.csv"
    assert counted(path.read_bytes(), 1000) == 192


@pytest.mark.parametrize(("content", "count"), [(b"a;b", 0), (b"a;b\n", 0)])
def test_a_header_alone_holds_no_record(content: bytes, count: int) -> None:
    assert counted(content) == count


@pytest.mark.parametrize(
    ("document", "container", "count"),
    [
        ([{"a": [1, {"b": 2}]}, {"a": 2}], "table", 2),
        ({"total_count": 9, "results": [{"a": 1}]}, "table", 1),
        ({"records": [{"fields": {"a": 1}}, {"fields": {}}]}, "table", 2),
        ({"type": "x", "features": [{"geometry": {"coordinates": [[1, 2]]}}] * 3}, "features", 3),
        ({"data": {"stations": [{"station_id": 1}, {"station_id": 2}]}}, "stations", 2),
        ({"disruptions": [{"id": 1, "applicationPeriods": [{}, {}]}], "lines": [{}]},
         "disruptions", 1),
        ({"2025-01-01": "1er janvier", "2025-05-01": "1er mai"}, "days", 2),
        ({"hourly": {"time": ["a", "b", "c"], "rain": [0, None, 1]}}, "document", 3),
        ({"daily": {"time": ["a"]}}, "document", 1),
        ([], "table", 0),
    ],
)  # fmt: skip
def test_records_of_json_documents(document: Any, container: Container, count: int) -> None:
    assert counted(json.dumps(document).encode(), 5, container) == count


@pytest.mark.parametrize("text", [b'[{"a": 1}', b'[{"a": 1}] x', b'[{"a": }]', b"["])
def test_json_that_is_broken_anywhere_is_refused(text: bytes) -> None:
    with pytest.raises(FileDamaged, match="broken JSON"):
        counted(text)


@given(st.binary(min_size=1, max_size=3000), st.integers(1, 700))
def test_what_passes_is_digested_and_looked_at(content: bytes, step: int) -> None:
    needle = content[len(content) // 2 :][:20]
    digested = Digested(cast(BinaryIO, Dribble(content, step)), lambda piece: needle in piece)
    passed = io.BufferedReader(digested, 64).read()
    assert passed == content
    assert digested.sha256 == hashlib.sha256(content).hexdigest()
    assert digested.suspected
