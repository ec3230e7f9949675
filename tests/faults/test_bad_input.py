"""Bad files are refused at the door, and said by the processor where they are found behind it:
one clear line, the right exit code, bounded memory, and the good files beside them published.
"""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bad_files import (
    BAD,
    BEYOND_THE_HEAD,
    DAY,
    GOOD,
    HEADER,
    MODEST,
    ROWS,
    UNSEEN,
    Bad,
    data,
    row,
    rows,
)
from harness import MIB, Ended, House
from published import Snapshot, differences, leftovers, snapshot

from cityflow.contracts import RawMeta, Receipt
from cityflow.storage import layout
from cityflow.storage.canonical import digest

pytestmark = pytest.mark.slow

SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "1000", "MAX_FILE_SIZE_MB": "1"}
ARCS_OF_A_MEGABYTE = 700
LARGE = {name: bad for name, bad in (BAD | UNSEEN).items() if bad.large}
SMALL = {name: bad for name, bad in (BAD | UNSEEN).items() if not bad.large}
NOW = datetime(2025, 1, 1, 8, tzinfo=UTC)
BACKFILL = ("cityflow-processor", "backfill", "--json")
COUNTS = (*BACKFILL, "--dataset", "comptages")


@pytest.fixture
def good(house: House) -> Path:
    path = house.folder / "good.csv"
    path.write_bytes(GOOD)
    return path


@pytest.fixture(scope="module")
def expected(scratch: Path) -> Snapshot:
    """What is published of the good file alone."""
    house = House(scratch / "good")
    house.folder.mkdir()
    (house.folder / "good.csv").write_bytes(GOOD)
    plant(house, house.folder / "good.csv", BAD["empty"])
    assert house.run(*COUNTS).code == 0
    return snapshot(house.output)


def plant(house: House, path: Path, bad: Bad) -> str:
    """Put a file into the raw zone as it is, past ingest; its key."""
    sha256 = digest(path.name)
    extension = bad.media + {"plain": "", "gzip": ".gz", "zip": ".zip"}[bad.packing]
    key = layout.raw("comptages", NOW, sha256, extension)
    meta = RawMeta(
        dataset="comptages",
        sha256=sha256,
        bytes=path.stat().st_size,
        extension=extension,
        media=bad.media,
        packing=bad.packing,
        synthetic=False,
        receipts=(Receipt(received_at=NOW, position=0, origin=path.name),),
    )
    place = house.output / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.hardlink_to(path)
    (house.output / layout.raw_meta(key)).write_text(meta.model_dump_json())
    return key


def written(house: House, bad: Bad) -> Path:
    path = house.folder / f"bad.{bad.media}"
    bad.write(path)
    return path


def written_all(house: House, bad: dict[str, Bad]) -> dict[str, Path]:
    paths = {name: house.folder / f"{at}.{bad[name].media}" for at, name in enumerate(bad)}
    for name, path in paths.items():
        bad[name].write(path)
    return paths


def assert_said(ended: Ended, count: int) -> None:
    assert ended.code == 3, ended.err
    assert ended.error == f"error: {count} raw file(s) could not be read; see the table"
    assert len(ended.comptages["unreadable"]) == count


def assert_only_the_good_is_published(house: House, expected: Snapshot) -> None:
    found = {name: sha for name, sha in snapshot(house.output).items() if "unknown" not in name}
    assert differences(found, expected) == []


def assert_modest(ended: Ended, most: int = MODEST) -> None:
    assert "Traceback" not in ended.err, ended.err
    assert ended.peak_rss < most, f"{ended.peak_rss / MIB:.0f} MiB"


@pytest.fixture(scope="module")
def refused(scratch: Path) -> dict[str, str]:
    """What one command found in each bad file; it stored the good one that came with them."""
    house = House(scratch / "refused")
    house.folder.mkdir()
    paths = written_all(house, BAD)
    good = house.folder / "good.csv"
    good.write_bytes(GOOD)
    ended = house.run("cityflow-ingest", "files", *paths.values(), good, "--json")
    assert_modest(ended)
    assert ended.code == 3
    statuses = [one["status"] for one in ended.document["files"]]
    assert statuses == ["refused"] * len(BAD) + ["stored"]
    raw = [file for file in (house.output / "raw").rglob("*.*") if file.is_file()]
    assert len(raw) == 2  # the good one and its provenance
    assert leftovers(house.output) == []
    shutil.rmtree(house.folder)
    found = {one["path"]: one["found"] for one in ended.document["refused"]}
    return {name: found[str(path)] for name, path in paths.items()}


@pytest.mark.parametrize("name", BAD)
def test_ingest_refuses(name: str, refused: dict[str, str]) -> None:
    assert re.search(BAD[name].ingest or "", refused[name])


@pytest.fixture(scope="module")
def unreadable(scratch: Path, expected: Snapshot) -> dict[str, str]:
    """What one backfill says of each small bad file; it published the good one among them."""
    house = House(scratch / "unreadable")
    house.folder.mkdir()
    good = house.folder / "good.csv"
    good.write_bytes(GOOD)
    plant(house, good, BAD["empty"])
    paths = written_all(house, SMALL)
    keys = {name: plant(house, path, SMALL[name]) for name, path in paths.items()}
    ended = house.run(*COUNTS)
    assert_modest(ended)
    assert_said(ended, len(keys))
    assert_only_the_good_is_published(house, expected)
    said = ended.comptages["unreadable"]
    return {name: one for name, key in keys.items() for one in said if one.startswith(key)}


@pytest.mark.parametrize("name", SMALL)
def test_the_processor_says_what_it_cannot_read(name: str, unreadable: dict[str, str]) -> None:
    assert "\n" not in unreadable[name]
    assert re.search(SMALL[name].processor or "", unreadable[name])


@pytest.mark.parametrize("name", LARGE)
def test_the_processor_says_in_modest_memory_what_it_cannot_read(
    name: str, house: House, good: Path, expected: Snapshot
) -> None:
    bad = LARGE[name]
    plant(house, good, BAD["empty"])
    key = plant(house, written(house, bad), bad)
    ended = house.run(*COUNTS)
    assert_modest(ended, bad.memory)
    assert_said(ended, 1)
    (said,) = ended.comptages["unreadable"]
    assert said.startswith(key)
    assert "\n" not in said
    assert re.search(bad.processor or "", said)
    assert_only_the_good_is_published(house, expected)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_ingest_cannot_see_passes_it_in_modest_memory(name: str, house: House) -> None:
    ended = house.run("cityflow-ingest", "files", written(house, UNSEEN[name]), "--json")
    assert_modest(ended)
    assert ended.code == 0, ended.document


def test_a_header_alone_is_refused_and_behind_the_door_a_file_of_no_day(
    house: House, good: Path, expected: Snapshot
) -> None:
    bad = Bad(data(HEADER), "a header without rows", None)
    path = written(house, bad)
    refused = house.run("cityflow-ingest", "files", path, "--json")
    assert refused.code == 3
    assert refused.document["refused"][0]["found"] == "a header without rows"
    plant(house, good, bad)
    plant(house, path, bad)
    ended = house.run(*COUNTS)
    assert (ended.code, ended.comptages["files"], ended.comptages["days"]) == (0, 2, 1)
    assert_only_the_good_is_published(house, expected)


@pytest.mark.parametrize("name", ROWS)
def test_bad_rows_cost_their_neighbours_nothing(name: str, house: House) -> None:
    """In chunks, then read anew as a whole: the same edition."""
    bad, rejected = ROWS[name]
    path = house.folder / "rows.csv"
    path.write_bytes(HEADER + rows(ARCS_OF_A_MEGABYTE, first=1000) + bad + row(7, 5))
    assert house.run("cityflow-ingest", "files", path).code == 0
    for settings, outcome in ((SMALL_CHUNKS, "new"), ({}, "unchanged")):
        ended = house.set(**settings).run(*COUNTS)
        assert ended.code == 0, ended.err
        counts = ended.comptages
        assert counts["published"] == ARCS_OF_A_MEGABYTE * 23 + 1
        assert counts["rejected"] == rejected, counts
        assert counts["rows_in"] == counts["published"] + counts["rejected"] + counts["duplicates"]
        assert counts["editions"][outcome] == 1
        shutil.rmtree(house.output / "parts")


def test_an_arc_may_call_itself_anything(house: House) -> None:
    """Labels, nodes and geometries of a megabyte each are published cut, or not at all."""
    header = HEADER.replace(b"\n", b";geo_shape;geo_point_2d\n")
    deep = b'"' + b"[" * 100_000 + b'"'
    off = b'"{""type"":""LineString"",""coordinates"":[[2,91],[2.1,48]]}"'
    nan = b'"{""type"":""LineString"",""coordinates"":[[2,48,NaN],[2.1,48,0]]}"'
    hostile = b"".join(
        row(arc, 23, flow="5000", label=label).replace(b"\n", b";" + shape + b";x\n")
        for arc, (label, shape) in enumerate(
            [("A" * 900_000, b""), ("=cmd()", deep), ("\u202e\ufeff", off), ("é" * 9000, nan)] * 9
        )
    )
    path = house.folder / "rows.csv"
    path.write_bytes(header + rows_with(b";;") + hostile)
    assert house.run("cityflow-ingest", "files", path).code == 0
    ended = house.run(*BACKFILL)
    assert_modest(ended)
    assert ended.code == 0, ended.err
    assert ended.comptages["rejected"] == 0
    report = house.run("cityflow-reporter", "run", "--date", DAY)
    assert report.code == 0, report.err


def rows_with(more: bytes) -> bytes:
    return BEYOND_THE_HEAD.removeprefix(HEADER).replace(b"\n", more + b"\n")
