"""`cityflow migrate` between local stores; between all backends: tests/integration."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from admin_support import (
    FIRST,
    Command,
    edition_of,
    open_store,
    publish,
    receive,
    snapshot,
    snapshot_of,
)

from cityflow.admin.documents import Database
from cityflow.admin.journal import Content, Journal
from cityflow.admin.move import Manner, Route, move
from cityflow.admin.objects import content_of
from cityflow.errors import StoreUnavailable, TryAgain, VersionConflict
from cityflow.storage import DocumentId, Editions, ObjectInfo, Objects, RawZone, Store, layout
from cityflow.storage.local import LocalObjects

PERMANENT = layout.clean("comptages", FIRST, edition_of(FIRST, 0))


def pointer(day: date) -> DocumentId:
    return DocumentId("pointer/comptages", day, "current")


def test_everything_is_moved_and_again_nothing(cityflow: Command, here: Path, there: Path) -> None:
    expected = snapshot_of(here)
    assert cityflow("migrate", "--to-dir", there, "--verify", "--json") == 0
    assert snapshot_of(there) == expected == snapshot_of(here)
    for column in ("here", "there", "copied", "verified"):
        assert cityflow.total(column) == len(expected)
    assert cityflow.result["differing"] == []

    assert cityflow("migrate", "--to-dir", there, "--json") == 0
    assert (cityflow.total("copied"), cityflow.total("same")) == (0, len(expected))
    assert cityflow.result["differing"] is None
    assert not list((here / ".cityflow").iterdir())


def test_the_table_reconciles_every_kind(cityflow: Command, here: Path, there: Path) -> None:
    assert cityflow("migrate", "--to-dir", there, "--verify") == 0
    line = next(line for line in cityflow.out.splitlines() if "pointer/comptages" in line)
    assert line.replace("│", " ").split() == [
        *("documents", "pointer/comptages", "5", "5", "5", "0", "0", "0", "0", "0", "5")
    ]


def test_put_if_goes_on_from_the_versions_that_were_moved(
    cityflow: Command, here: Path, there: Path
) -> None:
    assert cityflow("migrate", "--to-dir", there) == 0
    with open_store(here) as old, open_store(there) as new:
        day = FIRST + timedelta(2)
        held = old.documents.get(pointer(day))
        assert held is not None
        assert held.version == 3
        assert new.documents.get(pointer(day)) == held
        with pytest.raises(VersionConflict):
            new.documents.put_if(held.id, held.body, 1)
        publish(new, day, 3)
        assert Editions(new).current_version("comptages", day) == 4


def test_a_dry_run_says_the_same_and_writes_nothing(
    cityflow: Command, here: Path, there: Path
) -> None:
    assert cityflow("migrate", "--to-dir", there, "--dry-run", "--json") == 0
    planned = cityflow.result
    assert not there.exists()
    assert cityflow("migrate", "--to-dir", there, "--json") == 0
    assert cityflow.result == planned


def test_only_the_types_asked_for(cityflow: Command, here: Path, there: Path) -> None:
    assert cityflow("migrate", "--to-dir", there, "--types", "run,pointer", "--types", "raw/") == 0
    kinds = {tuple(name.split()[:2]) for name in snapshot_of(there)}
    moved = {name for port, name in kinds if port == "object"}
    assert {name.partition("/")[0] for name in moved} == {"raw"}
    with open_store(there) as store:
        assert store.documents.types() == ["pointer/comptages", "raw/comptages", "run"]

    assert cityflow("migrate", "--to-dir", there, "--types", "pionter") == 2
    assert "--types pionter: there is none; there is: clean, edition/comptages" in cityflow.error


def test_only_the_days_asked_for_and_all_raw_files(
    cityflow: Command, here: Path, there: Path
) -> None:
    first, last = FIRST + timedelta(1), FIRST + timedelta(2)
    days = ("--from-date", first, "--to-date", last, "--no-cache")
    assert cityflow("migrate", "--to-dir", there, *days) == 0
    with open_store(here) as old, open_store(there) as new:
        assert [p.day for p in Editions(new).pointers("comptages")] == [first, last]
        assert RawZone(new).entries("comptages") == RawZone(old).entries("comptages")
        keys = [info.key for info in new.objects.list("")]
    dated = {key: layout.service_days(key) for key in keys}
    assert {day for day in dated.values() if day} == {
        (first, first),
        (last, last),
        (date(2025, 2, 1), date(2025, 2, 28)),
    }
    assert not any(key.startswith("parts/") for key in keys)

    assert cityflow("migrate", "--to-dir", there, "--from-date", last, "--to-date", first) == 2
    assert "swap them" in cityflow.error


def test_a_later_edition_is_not_overwritten_unasked(
    cityflow: Command, here: Path, there: Path
) -> None:
    assert cityflow("migrate", "--to-dir", there) == 0
    with open_store(there) as store:
        publish(store, FIRST, 5)
    with open_store(here) as store:
        publish(store, FIRST, 4)
        publish(store, FIRST + timedelta(1), 4)
    before = snapshot_of(there)
    assert cityflow("migrate", "--to-dir", there) == 2
    assert f"pointer/comptages {FIRST} current; nothing was written" in cityflow.error
    assert "--overwrite" in cityflow.error
    assert snapshot_of(there) == before

    assert cityflow("migrate", "--to-dir", there, "--overwrite", "--verify", "--json") == 0
    expected = snapshot_of(here)
    assert {name: snapshot_of(there)[name] for name in expected} == expected
    assert cityflow.total("only_there") > 0


def test_an_older_edition_is_replaced_whatever_the_versions(
    cityflow: Command, here: Path, there: Path
) -> None:
    with open_store(there) as store:
        publish(store, FIRST, -3)
        publish(store, FIRST, -2)
        store.objects.delete(layout.summary_file("comptages", FIRST))
    assert cityflow("migrate", "--to-dir", there, "--verify", "--json") == 0
    with open_store(there) as store:
        held = Editions(store).current("comptages", FIRST)
        assert held is not None
        assert held.edition == edition_of(FIRST, 0)
    assert cityflow.total("replaced") == 1


@pytest.mark.parametrize("damage", [b"", b"\x00" * 3000])
def test_an_object_that_differs_stops_the_documents(
    cityflow: Command, here: Path, there: Path, damage: bytes
) -> None:
    with open_store(there) as store:
        store.objects.put(PERMANENT, damage)
    assert cityflow("migrate", "--to-dir", there, "--json") == 2
    assert f"{PERMANENT}; documents were left as they are" in cityflow.error
    assert cityflow.result["refused"] == [PERMANENT]
    with open_store(there) as store:
        assert store.documents.types() == []

    assert cityflow("migrate", "--to-dir", there, "--overwrite") == 0
    assert snapshot_of(there) == snapshot_of(here)


def test_receipts_of_both_sides_are_kept(cityflow: Command, here: Path, there: Path) -> None:
    assert cityflow("migrate", "--to-dir", there) == 0
    with open_store(here) as old, open_store(there) as new:
        key = receive(old, b"raw 1\n" * 1000, hour=50)
        assert receive(new, b"raw 1\n" * 1000, hour=60) == key
    assert cityflow("migrate", "--to-dir", there, "--verify") == 0
    with open_store(there) as store:
        (entry,) = [e for e in RawZone(store).entries("comptages") if e.key == key]
    assert [receipt.received_at.day for receipt in entry.meta.receipts][-2:] == [3, 3]
    assert len(entry.meta.receipts) == 4


def test_both_sides_must_be_two(cityflow: Command, here: Path, tmp_path: Path) -> None:
    assert cityflow("migrate", "--to-dir", here) == 2
    assert "the same store" in cityflow.error
    assert cityflow("migrate", "--from", "sqlite", "--to", "sqlite") == 2
    missing = tmp_path / "misspelt"
    assert cityflow("migrate", "--from-dir", missing, "--to-dir", tmp_path / "x") == 2
    assert "misspelt: no cityflow.db" in cityflow.error
    assert not missing.exists()


def test_a_side_may_have_settings_of_its_own(
    cityflow: Command, here: Path, there: Path, tmp_path: Path
) -> None:
    file = tmp_path / "there.env"
    file.write_text(f"OUTPUT_DIR={there}\nDATA_DIR_RAW={tmp_path}/elsewhere\n")
    assert cityflow("migrate", "--to-env", file) == 0
    assert not (there / "raw").exists()
    assert (tmp_path / "elsewhere" / "comptages").is_dir()
    file.write_text("OUTPUT_DRI=x\nCITYFLOW_OUTPUT=y\n")
    assert cityflow("migrate", "--to-env", file) == 2
    assert "CITYFLOW_OUTPUT" in cityflow.error


def test_a_damaged_document_is_named_and_nothing_is_written(
    cityflow: Command, here: Path, there: Path
) -> None:
    with closing(sqlite3.connect(here / "cityflow.db")) as connection:
        connection.execute("UPDATE documents SET body = '{' WHERE type = 'run'")
        connection.commit()
    assert cityflow("migrate", "--to-dir", there) == 5
    assert "document run 2025-01-30" in cityflow.error
    assert snapshot_of(there) == {}


class Watched(LocalObjects):
    """Notes what is opened, and calls `before` each listing and each write."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened: list[str] = []
        self.before: Callable[[str], None] = lambda step: None

    def open(self, key: str) -> Any:
        self.opened.append(key)
        return super().open(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self.before("list")
        return super().list(prefix)

    def put_if_absent(self, key: str, data: Any, *, durable: bool = True) -> bool:
        self.before("put")
        return super().put_if_absent(key, data, durable=durable)


@pytest.fixture
def stores(here: Path, there: Path) -> Iterator[tuple[Store, Store]]:
    with open_store(here) as old, open_store(there) as new:
        yield old, new


def moving(
    stores: tuple[Store, Store], tmp_path: Path, here: Objects, there: Objects, **manner: Any
) -> Any:
    documents = (Database(stores[0].documents), stores[1].documents)
    return move(Route(documents, (here, there)), Manner(tmp_path / "journal", **manner))


def test_from_a_store_at_work_no_pointer_comes_without_its_edition(
    stores: tuple[Store, Store], tmp_path: Path, here: Path
) -> None:
    old, new = stores
    watched = Watched(here)
    numbers = iter(range(10, 100))
    watched.before = lambda step: publish(old, FIRST, next(numbers))
    moved = moving(stores, tmp_path, watched, new.objects)
    assert moved.error is None
    for one in Editions(new).pointers("comptages"):
        assert Editions(new).document("comptages", one.day, one.edition) is not None
        assert new.objects.size(layout.clean("comptages", one.day, one.edition)) == 3000
    watched.before = lambda step: None
    assert moving(stores, tmp_path, watched, new.objects, verify=True).error is None
    assert snapshot(new) == snapshot(old)


def test_resumed_it_reads_no_finished_object_again(
    stores: tuple[Store, Store], tmp_path: Path, here: Path, there: Path
) -> None:
    old, new = stores
    target, source = Watched(there), Watched(here)
    left = iter(range(12))

    def break_down(step: str) -> None:
        if step == "put" and next(left, None) is None:
            raise StoreUnavailable("the disk went away")

    target.before = break_down
    with pytest.raises(StoreUnavailable, match="went away"):
        moving(stores, tmp_path, source, target)
    target.before = lambda step: None
    with Journal(tmp_path / "journal", resume=True) as journal:
        finished = {key for key in journal.done if layout.is_permanent(key)}
    assert 4 < len(finished) <= 12
    source.opened.clear()
    assert moving(stores, tmp_path, source, target, resume=True).error is None
    assert not finished & set(source.opened)
    assert snapshot(new) == snapshot(old)
    assert not (tmp_path / "journal").exists()


def test_without_resume_all_is_compared_again(
    stores: tuple[Store, Store], tmp_path: Path, here: Path
) -> None:
    old, new = stores
    source = Watched(here)
    assert moving(stores, tmp_path, source, new.objects).error is None
    source.opened.clear()
    assert moving(stores, tmp_path, source, new.objects).error is None
    permanent = {info.key for info in old.objects.list("") if layout.is_permanent(info.key)}
    assert permanent <= set(source.opened)


def test_verify_finds_what_the_journal_took_for_done(
    stores: tuple[Store, Store], tmp_path: Path
) -> None:
    old, new = stores
    assert moving(stores, tmp_path, old.objects, new.objects).error is None
    with Journal(tmp_path / "journal", resume=False) as journal:
        journal.note(PERMANENT, content_of(old.objects, PERMANENT))
    new.objects.put(PERMANENT, b"\x00" * 3000)
    moved = moving(stores, tmp_path, old.objects, new.objects, resume=True, verify=True)
    assert isinstance(moved.error, TryAgain)
    assert moved.tally.differing == [PERMANENT]
    moved = moving(stores, tmp_path, old.objects, new.objects, verify=True)
    assert moved.tally.refused == [PERMANENT]


def test_a_line_of_the_journal_that_was_cut_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, resume=False) as journal:
        journal.note("a/b", Content(1, "x"))
    path.write_text(path.read_text() + '["c/d", 2, "y')
    with Journal(path, resume=True) as journal:
        assert journal.done == {"a/b": Content(1, "x")}
        journal.note("e/f", Content(3, "z"))
    with Journal(path, resume=True) as journal:
        assert journal.done == {"a/b": Content(1, "x"), "e/f": Content(3, "z")}
