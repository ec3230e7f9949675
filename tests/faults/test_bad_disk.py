"""Disks that are full, read-only or forbidden: one clear line, exit code 5, nothing half published;
and once there is room again the next run gets everything done.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import MIB, Ended, House
from private_disk import PrivateDisk, private_disk
from published import Reader, Snapshot, differences, leftovers, snapshot

pytestmark = pytest.mark.slow

DISK_MIB = 96
SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "2000", "MAX_FILE_SIZE_MB": "1"}
BACKFILL = ("cityflow-processor", "backfill", "--json")
REPORT = ("cityflow-reporter", "run", "--from", "2025-10-26", "--to", "2025-10-28")


@dataclass(frozen=True)
class City:
    """Files, a store that has only archived them, the same store processed and reported."""

    files: tuple[Path, ...]
    archived: House
    expected: Snapshot
    growth: int
    """Bytes that processing adds."""


@pytest.fixture(scope="module")
def city(scratch: Path, generate: Callable[..., Path]) -> City:
    folder = generate("disk", days=3, arcs=300, end="2025-10-28")
    names = ("comptages.csv", "referentiel.csv", "arrondissements.geojson")
    files = tuple(folder / name for name in names)
    archived = House(scratch / "archived", SMALL_CHUNKS)
    archived.folder.mkdir()
    assert archived.run("cityflow-ingest", "files", *files).code == 0
    with private_disk(scratch / "roomy", DISK_MIB) as disk:
        shutil.copytree(archived.output, disk.house.output, dirs_exist_ok=True)
        house, before = disk.house.set(**SMALL_CHUNKS), disk.used
        assert house.run(*BACKFILL).code == 0
        growth = disk.used - before
        assert house.run(*REPORT).code == 0
        return City(files, archived, snapshot(house.output), growth)


@pytest.fixture
def disk(scratch: Path, house: House) -> Iterator[PrivateDisk]:
    with private_disk(house.folder, DISK_MIB) as mounted:
        yield mounted


def assert_full(ended: Ended) -> None:
    assert ended.code == 5, ended.err
    assert "free disk space, then run again" in ended.error
    assert not ended.out


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.7, 0.95])
def test_a_disk_that_fills_up_while_days_are_processed(
    share: float, city: City, disk: PrivateDisk
) -> None:
    house = disk.house.set(**SMALL_CHUNKS)
    shutil.copytree(city.archived.output, house.output, dirs_exist_ok=True)
    with Reader(house.output):
        disk.leave_free(int(share * city.growth))
        assert_full(house.run(*BACKFILL))
        assert_full(house.run(*BACKFILL))
        disk.free()
        assert house.run(*BACKFILL).code == 0
    assert house.run(*REPORT).code == 0
    assert differences(snapshot(house.output), city.expected) == []
    assert leftovers(house.output) == []


def test_a_disk_too_full_to_report(city: City, disk: PrivateDisk) -> None:
    house = disk.house.set(**SMALL_CHUNKS)
    shutil.copytree(city.archived.output, house.output, dirs_exist_ok=True)
    assert house.run(*BACKFILL).code == 0
    with Reader(house.output):
        for size in (0, 32 << 10, 96 << 10):
            disk.leave_free(size)
            assert_full(house.run(*REPORT))
        disk.free()
        assert house.run(*REPORT).code == 0
    assert differences(snapshot(house.output), city.expected) == []
    assert leftovers(house.output) == []


@pytest.mark.parametrize("size", [0, MIB // 4, 2 * MIB])
def test_a_disk_too_full_to_archive(size: int, city: City, disk: PrivateDisk) -> None:
    house = disk.house
    disk.leave_free(size)
    assert_full(house.run("cityflow-ingest", "files", *city.files))
    assert not list(house.output.glob("raw/comptages/dt=*/*.csv"))
    disk.free()
    assert house.run("cityflow-ingest", "files", *city.files).code == 0
    assert leftovers(house.output) == []
    assert house.set(**SMALL_CHUNKS).run(*BACKFILL).code == 0


def test_a_read_only_disk_is_said_and_left_alone(city: City, disk: PrivateDisk) -> None:
    house = disk.house.set(**SMALL_CHUNKS)
    shutil.copytree(city.archived.output, house.output, dirs_exist_ok=True)
    assert house.run(*BACKFILL).code == 0
    assert house.run(*REPORT).code == 0
    more = city.files[0]
    disk.remount("ro")
    for command in (BACKFILL, REPORT, ("cityflow-ingest", "files", more)):
        ended = house.run(*command)
        assert ended.code == 5, (command, ended.err)
        assert ended.error
    disk.remount("rw")
    assert differences(snapshot(house.output), city.expected) == []
    assert house.run(*BACKFILL).comptages["editions"]["unchanged"] == 3
