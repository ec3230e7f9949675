"""`cityflow export`, `import`, `backup` and `restore`; across backends: tests/integration."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from admin_support import FIRST, Command, edition_of, open_store, publish, snapshot, snapshot_of

from cityflow.admin.archive import prepare
from cityflow.admin.choice import Choice
from cityflow.admin.saving import backup
from cityflow.errors import StoreUnavailable
from cityflow.storage import Store, layout
from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import NO_DAY

RUNS = f"documents/run/{FIRST}.jsonl"
CLEAN = f"objects/{layout.clean('comptages', FIRST, edition_of(FIRST, 0))}"


def only_documents(folder: Path) -> dict[str, str]:
    return {k: v for k, v in snapshot_of(folder).items() if k.startswith("document")}


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_an_export_comes_back_exactly(
    cityflow: Command, here: Path, exported: Path, into: Path, tmp_path: Path
) -> None:
    assert cityflow("import", exported, "--verify", "--json") == 0
    assert only_documents(into) == only_documents(here)
    assert cityflow.total("verified") == cityflow.total("copied") == len(only_documents(here))
    assert cityflow("export", tmp_path / "again") == 0
    assert files(tmp_path / "again") == files(exported)


def test_an_export_is_lines_of_json_by_type_and_day(exported: Path) -> None:
    (line,) = (exported / f"documents/pointer/comptages/{FIRST}.jsonl").read_text().splitlines()
    fields = json.loads(line)
    assert list(fields) == ["body", "day", "key", "type", "version"]
    assert (fields["day"], fields["type"], fields["version"]) == (
        str(FIRST),
        "pointer/comptages",
        1,
    )
    assert fields["body"]["edition"] == edition_of(FIRST, 0)
    assert {path.name for path in exported.iterdir()} == {"documents", "manifest.json"}


def test_an_export_of_some_types_and_days(cityflow: Command, here: Path, tmp_path: Path) -> None:
    asked = ("--types", "pointer,raw", "--from-date", FIRST + timedelta(3))
    assert cityflow("export", tmp_path / "some", *asked) == 0
    assert {name for name in files(tmp_path / "some") if "documents" in name} == {
        f"documents/pointer/comptages/{FIRST + timedelta(3)}.jsonl",
        f"documents/pointer/comptages/{FIRST + timedelta(4)}.jsonl",
        f"documents/raw/comptages/{NO_DAY}.jsonl",
    }


def test_an_import_overwrites_nothing_later_unasked(
    cityflow: Command, here: Path, exported: Path
) -> None:
    with open_store(here) as store:
        publish(store, FIRST, 7)
    before = snapshot_of(here)
    assert cityflow("import", exported) == 2
    assert f"pointer/comptages {FIRST} current" in cityflow.error
    assert snapshot_of(here) == before
    assert cityflow("import", exported, "--dry-run", "--overwrite") == 0
    assert snapshot_of(here) == before
    assert cityflow("import", exported, "--overwrite", "--verify") == 0
    assert snapshot_of(here) != before


def test_the_restore_drill(cityflow: Command, here: Path, saved: Path) -> None:
    """Back up, destroy, restore: everything is identical, raw files and versions too."""
    before = snapshot_of(here)
    shutil.rmtree(here)
    assert cityflow("restore", saved, "--json") == 0
    assert snapshot_of(here) == before
    assert cityflow.total("verified") == cityflow.total("copied") == len(before)
    assert cityflow("restore", saved, "--json") == 0
    assert cityflow.total("same") == len(before)


def test_a_restore_replaces_what_was_lost_or_damaged(
    cityflow: Command, here: Path, saved: Path
) -> None:
    before = snapshot_of(here)
    (here / "cityflow.db").unlink()
    for path in list((here / "metrics").rglob("*.parquet"))[:2]:
        path.write_bytes(b"damaged")
    assert cityflow("restore", saved) == 2
    assert "metrics/comptages" in cityflow.error
    assert cityflow("restore", saved, "--overwrite") == 0
    assert snapshot_of(here) == before


def test_equal_stores_give_equal_backups(
    cityflow: Command, saved: Path, into: Path, tmp_path: Path
) -> None:
    assert cityflow("restore", saved) == 0
    assert cityflow("backup", tmp_path / "again") == 0
    assert files(tmp_path / "again") == files(saved)


def test_a_backup_may_leave_the_cache_out(
    cityflow: Command, here: Path, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", str(here))
    assert cityflow("backup", tmp_path / "small", "--no-cache") == 0
    monkeypatch.setenv("OUTPUT_DIR", str(into))
    assert cityflow("restore", tmp_path / "small") == 0
    missing = snapshot_of(here).keys() - snapshot_of(into).keys()
    assert {name.split("/")[0] for name in missing} == {"object parts"}


def test_what_is_pretended_is_not_done(cityflow: Command, saved: Path, into: Path) -> None:
    assert cityflow("restore", saved, "--dry-run", "--json") == 0
    assert cityflow.total("copied") > 50
    assert snapshot_of(into) == {}


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link(path: Path) -> None:
    copy = path.parents[len(path.parts) - path.parts.index("backup") - 1].with_name("copy")
    path.replace(copy)
    path.symlink_to(copy)


@pytest.mark.parametrize("harm", [delete, cut, flip, link])
@pytest.mark.parametrize("name", [RUNS, CLEAN, "objects/raw/comptages"])
def test_a_damaged_backup_is_refused_with_what_is_damaged(
    cityflow: Command, saved: Path, into: Path, harm: Callable[[Path], None], name: str
) -> None:
    path = saved / name
    if path.is_dir():
        path = sorted(path.rglob("*.csv"))[0]
    harm(path)
    assert cityflow("restore", saved) == 3
    assert str(path.relative_to(saved)) in cityflow.error
    assert "nothing of it was used" in cityflow.error
    assert snapshot_of(into) == {}


def test_a_backup_with_more_in_it_is_refused(cityflow: Command, saved: Path, into: Path) -> None:
    for name in ("objects/clean/x/more.parquet", "documents/run/2020-01-01.jsonl"):
        path = saved / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")
        assert cityflow("restore", saved) == 3
        assert f"{name} is not of it" in cityflow.error
        path.unlink()
    (saved / "objects" / "etc").symlink_to("/etc")
    assert cityflow("restore", saved) == 3
    assert "objects/etc is not of it" in cityflow.error


@pytest.mark.parametrize("harm", [delete, cut, flip])
def test_a_damaged_manifest_is_refused(
    cityflow: Command, saved: Path, into: Path, harm: Callable[[Path], None]
) -> None:
    harm(saved / "manifest.json")
    assert cityflow("restore", saved) == 3
    assert "manifest.json" in cityflow.error


def test_an_export_is_no_backup(cityflow: Command, exported: Path, into: Path) -> None:
    assert cityflow("restore", exported) == 3
    assert "an export" in cityflow.error


def test_a_folder_is_not_overwritten(cityflow: Command, saved: Path, tmp_path: Path) -> None:
    assert cityflow("backup", saved) == 2
    assert "complete already" in cityflow.error
    assert cityflow("export", tmp_path) == 2
    assert "holds other things" in cityflow.error


@pytest.mark.parametrize("inside", ["here", "here/backup", "here/raw/x"])
def test_a_backup_cannot_lie_in_the_store(
    cityflow: Command, here: Path, tmp_path: Path, inside: str
) -> None:
    assert cityflow("backup", tmp_path / inside) == 2
    assert "inside the store" in cityflow.error


class Failing(LocalObjects):
    """Fails at the n-th object that is opened."""

    def __init__(self, root: Path, left: int) -> None:
        super().__init__(root)
        self.left = left
        self.opened: list[str] = []

    def open(self, key: str) -> Any:
        self.opened.append(key)
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("the disk went away")
        return super().open(key)


@pytest.mark.parametrize("left", [0, 1, 7, 20])
def test_an_interrupted_backup_is_finished_by_the_same_command(
    cityflow: Command, here: Path, saved: Path, tmp_path: Path, left: int
) -> None:
    folder = tmp_path / "second"
    with open_store(here) as store:
        failing = Failing(here, left)
        with pytest.raises(StoreUnavailable):
            backup(Store(store.documents, failing), folder, [here], Choice())
        assert not (folder / "manifest.json").exists()
        lost = layout.table("comptages", FIRST, edition_of(FIRST, 0), "arcs")
        store.objects.delete(lost)
        publish(store, FIRST, 8)
    assert cityflow("restore", folder) == 3
    assert cityflow("backup", folder) == 0
    assert not (folder / f"objects/{lost}").exists()
    expected = snapshot_of(here)
    shutil.rmtree(here)
    assert cityflow("restore", folder) == 0
    assert snapshot_of(here) == expected


def test_a_backup_killed_at_its_very_end_is_finished_too(
    cityflow: Command, here: Path, saved: Path
) -> None:
    whole = files(saved)
    (saved / ".unfinished.jsonl").touch()
    assert cityflow("backup", saved) == 0
    assert files(saved) == whole


def test_an_interrupted_restore_is_finished_by_the_same_command(
    cityflow: Command, here: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = snapshot_of(here)
    shutil.rmtree(here)
    put, left = LocalObjects.put_if_absent, iter(range(9))

    def failing(*arguments: Any, **options: Any) -> bool:
        if next(left, None) is None:
            raise StoreUnavailable("the disk went away")
        return put(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(LocalObjects, "put_if_absent", failing)
        assert cityflow("restore", saved) == 5
    with open_store(here) as store:
        assert store.documents.types() == []
    assert cityflow("restore", saved, "--resume") == 0
    assert snapshot_of(here) == expected


def test_a_backup_of_a_store_at_work_names_nothing_that_is_not_in_it(
    here: Path, tmp_path: Path, cityflow: Command
) -> None:
    numbers = iter(range(20, 90))

    class Busy(LocalObjects):
        def list(self, prefix: str) -> Any:
            publish(store, FIRST, next(numbers))
            return super().list(prefix)

    with closing(open_store(here)) as store:
        backup(Store(store.documents, Busy(here)), tmp_path / "busy", [here], Choice())
    shutil.rmtree(here)
    assert cityflow("restore", tmp_path / "busy") == 0
    with open_store(here) as store:
        names = snapshot(store)
        for pointer in store.documents.query("pointer/comptages").items:
            edition = pointer.body["edition"]
            assert f"object {layout.clean('comptages', pointer.id.day, edition)}" in names
            assert any(name.startswith("document") and edition in name for name in names)


def test_a_folder_begun_by_a_backup_is_gone_on_with(tmp_path: Path) -> None:
    journal = prepare(tmp_path / "x", [])
    assert prepare(tmp_path / "x", []) == journal
