"""What a failing disk or a careless hand may do to a store: it is mended, or named, never guessed.

Caches and lost or cut objects of an edition come back as they were; the database and the raw zone
cannot, and one clear line says so.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import House
from published import Reader, Snapshot, differences, leftovers, opened, runs, snapshot

pytestmark = pytest.mark.slow

SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "2000", "MAX_FILE_SIZE_MB": "1"}
BACKFILL = ("cityflow-processor", "backfill", "--json")
COUNTS = (*BACKFILL, "--dataset", "comptages")
REPORT = ("cityflow-reporter", "run", "--date", "2025-10-28")
Damage = Callable[[Path], None]


def cut(path: Path) -> None:
    """The first half is left."""
    rewrite(path, path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Four bytes in the middle are others."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4] = bytes(byte ^ 0x5A for byte in data[middle : middle + 4])
    rewrite(path, bytes(data))


def clear(path: Path) -> None:
    """Nothing is left."""
    rewrite(path, b"")


def garble(path: Path) -> None:
    """Something else stands there."""
    rewrite(path, b'{"schema_version":1}')


def remove(path: Path) -> None:
    """It is gone."""
    path.unlink()


def rewrite(path: Path, data: bytes) -> None:
    path.unlink()  # the houses of this module share their files by hard links
    path.write_bytes(data)


def one(output: Path, pattern: str) -> Path:
    paths = sorted(output.glob(pattern))
    assert paths, pattern
    return paths[len(paths) // 2]


@pytest.fixture(scope="module")
def published(scratch: Path, generate: Callable[..., Path]) -> House:
    """Three days, processed and reported."""
    folder = generate("damage", days=3, arcs=200, end="2025-10-28")
    names = ("comptages.csv", "referentiel.csv", "arrondissements.geojson")
    house = House(scratch / "undamaged", SMALL_CHUNKS)
    house.folder.mkdir()
    files = [folder / name for name in names]
    assert house.run("cityflow-ingest", "files", *files).code == 0
    assert house.run(*BACKFILL).code == 0
    assert house.run(*REPORT).code == 0
    return house


@pytest.fixture(scope="module")
def expected(published: House) -> Snapshot:
    return snapshot(published.output)


@pytest.fixture
def damaged(published: House, house: House) -> House:
    return published.copy(house.folder)


CACHED = [
    "parts/comptages/dt=*/*",
    "parts/comptages/files/*.json",
    "parts/comptages/files/*.arcs.parquet",
    "parts/comptages/files/*.attributes.parquet",
    "parts/comptages/files/*.rejects.parquet",
    "parts/referentiel/files/*.json",
]
OF_AN_EDITION = [
    "clean/comptages/dt=*/*",
    "clean/referentiel/dt=*/*",
    "clean/arrondissements/dt=*/*",
    "metrics/comptages/dt=*/*/arcs.parquet",
    "metrics/comptages/dt=*/*/arc_hours.parquet",
    "metrics/comptages/dt=*/*/alerts.parquet",
    "metrics/comptages_metrics_*.json",
    "rejects/comptages/dt=*/*",
    "reports/daily_report_*.json",
    "reports/daily_report_*.csv",
    "reports/dt=*/*/totals.csv",
]


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [(pattern, damage) for pattern in CACHED for damage in (flip, remove)]
    + [(pattern, damage) for pattern in CACHED[:2] for damage in (cut, clear, garble)],
)
def test_the_parts_cache_is_rebuilt(
    pattern: str, damage: Damage, damaged: House, expected: Snapshot
) -> None:
    damage(one(damaged.output, pattern))
    with Reader(damaged.output):
        first = damaged.run(*COUNTS)
        if first.code == 75:
            assert "of the parts cache" in first.error
            assert "run the same command again" in first.error
            first = damaged.run(*COUNTS)
        assert first.code == 0, first.err
        assert set(first.comptages["editions"].items()) >= {("unchanged", 3), ("red", 0)}
    assert differences(snapshot(damaged.output), expected) == []
    assert leftovers(damaged.output) == []


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *((kind, damage) for kind in ("arrow", "json") for damage in (cut, flip, remove)),
        ("arrow", clear),
    ],
)
def test_a_chunk_that_a_killed_run_left_is_not_trusted_blindly(
    kind: str, damage: Damage, damaged: House, expected: Snapshot
) -> None:
    shutil.rmtree(damaged.output / "parts" / "comptages")
    with damaged.crash("rename parts/comptages/files/#1", *COUNTS) as running:
        assert running.end(60).code == -9
    damage(one(damaged.output, f"parts/comptages/chunks/*/*/*.{kind}"))
    ended = damaged.run(*COUNTS)
    if ended.code == 75:
        assert "run the same command again" in ended.error
        ended = damaged.run(*COUNTS)
    assert ended.code == 0, ended.err
    assert differences(snapshot(damaged.output), expected) == []
    assert leftovers(damaged.output) == []


@pytest.mark.parametrize("damage", [cut, clear, remove])
def test_lost_and_cut_objects_of_an_edition_come_back(
    damage: Damage, damaged: House, expected: Snapshot
) -> None:
    for pattern in OF_AN_EDITION:
        damage(one(damaged.output, pattern))
    assert len(differences(snapshot(damaged.output), expected)) == len(OF_AN_EDITION)
    for command in (BACKFILL, REPORT):
        ended = damaged.run(*command)
        assert ended.code == 0, ended.err
    assert differences(snapshot(damaged.output), expected) == []
    assert leftovers(damaged.output) == []


def test_lost_documents_of_editions_come_back(damaged: House, expected: Snapshot) -> None:
    change_documents(damaged, "DELETE FROM documents WHERE type = 'edition/comptages'")
    ended = damaged.run(*REPORT)
    assert (ended.code, "the database does not hold it" in ended.error) == (5, True)
    assert damaged.run(*BACKFILL).code == 0
    assert differences(snapshot(damaged.output), expected) == []


def test_a_lost_database_is_made_anew_from_raw(damaged: House, expected: Snapshot) -> None:
    for path in damaged.output.glob("cityflow.db*"):
        path.unlink()
    for command in (BACKFILL, REPORT):
        assert damaged.run(*command).code == 0
    found = {name for name in snapshot(damaged.output) if "." in name}
    assert found == {name for name in expected if "." in name}


def change_documents(house: House, sql: str) -> None:
    connection = sqlite3.connect(house.output / "cityflow.db", isolation_level=None)
    assert connection.execute(sql).rowcount
    connection.close()


def database(damage: Damage) -> Damage:
    """The file alone is left, and damaged."""

    def to(output: Path) -> None:
        connection = sqlite3.connect(output / "cityflow.db")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        damage(output / "cityflow.db")

    return to


def overwrite_pages(path: Path) -> None:
    """Every page but the first is noise."""
    rewrite(path, path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))


def be_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def be_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.touch()


HOPELESS = {
    "database cut": (database(cut), "the file is damaged"),
    "database of noise": (database(overwrite_pages), "the file is damaged"),
    "database no database": (database(garble), "move that file away"),
    "database a folder": (database(be_a_folder), "unable to open database file"),
    "provenance garbled": (
        lambda output: garble(one(output, "raw/comptages/dt=*/*.meta.json")),
        "meta.json: not a CityFlow document (dataset: Field required); restore it from a backup",
    ),
    "provenance cut": (
        lambda output: cut(one(output, "raw/comptages/dt=*/*.meta.json")),
        "meta.json: not a CityFlow document",
    ),
    "folder of clean a file": (lambda output: be_a_file(output / "clean"), "Not a directory"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_be_mended_is_named(name: str, damaged: House) -> None:
    damage, says = HOPELESS[name]
    damage(damaged.output)
    ended = damaged.run(*BACKFILL)
    assert ended.code == 5, ended.err
    assert says in ended.error
    assert not ended.out


def test_a_damaged_pointer_is_named_by_all(damaged: House) -> None:
    change_documents(
        damaged,
        "UPDATE documents SET body = '{\"schema_version\":1}' WHERE type = 'pointer/comptages'",
    )
    for command in (BACKFILL, REPORT):
        ended = damaged.run(*command)
        assert ended.code == 5, ended.err
        assert "document pointer/comptages 2025-10-" in ended.error


@pytest.mark.parametrize("damage", [cut, remove])
def test_a_raw_file_that_lost_bytes_is_named_and_archiving_it_again_mends_it(
    damage: Damage, damaged: House, expected: Snapshot, scratch: Path
) -> None:
    damage(one(damaged.output, "raw/comptages/dt=*/*.csv"))
    unharmed = damaged.run(*BACKFILL)
    assert unharmed.code == 0, "its parts are still there"
    shutil.rmtree(damaged.output / "parts")
    with Reader(damaged.output):
        ended = damaged.run(*BACKFILL)
        assert ended.code == 3
        (unreadable,) = ended.comptages["unreadable"]
        assert "that were received; archive the same file again" in unreadable
        assert differences(snapshot(damaged.output), expected) == []
        again = scratch / "damage" / "comptages.csv"
        assert damaged.run("cityflow-ingest", "files", again).code == 0
        assert damaged.run(*BACKFILL).code == 0
    assert differences(snapshot(damaged.output), expected) == []
    with opened(damaged.output) as store:
        assert {run.outcome for run in runs(store)} <= {"new", "unchanged"}
