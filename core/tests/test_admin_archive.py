"""`cityflow export`, `import`, `backup` and `restore`; across backends: tests/integration."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from admin_support import FIRST, Command, edition_of, open_store, publish, snapshot, snapshot_of
from hypothesis import given
from hypothesis import strategies as st

from cityflow.admin.archive import prepare
from cityflow.admin.choice import Choice
from cityflow.admin.lines import relative_path
from cityflow.admin.saving import backup
from cityflow.errors import StoreUnavailable
from cityflow.storage import Store, canonical, layout
from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import NO_DAY

RUNS = f"documents/run/{FIRST}.jsonl"
CLEAN = f"objects/{layout.clean('comptages', FIRST, edition_of(FIRST, 0))}"


def only_documents(folder: Path) -> dict[str, str]:
    return {k: v for k, v in snapshot_of(folder).items() if k.startswith("document")}


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture
def saved(cityflow: Command, here: Path, tmp_path: Path) -> Path:
    """A backup of the store."""
    assert cityflow("backup", tmp_path / "backup") == 0
    return tmp_path / "backup"


@pytest.fixture
def exported(cityflow: Command, here: Path, tmp_path: Path) -> Path:
    """An export of the store."""
    assert cityflow("export", tmp_path / "export") == 0
    return tmp_path / "export"


@pytest.fixture
def into(cityflow: Command, there: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on `cityflow` works on another store, not made yet."""
    monkeypatch.setenv("OUTPUT_DIR", str(there))
    return there


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


def forge(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and seal it anew, as somebody hostile would."""
    path = folder / "manifest.json"
    body = json.loads(path.read_text())
    del body["sha256_of_the_rest"]
    change(body)
    seal = canonical.digest(canonical.dumps(body))
    path.write_text(canonical.dumps(body | {"sha256_of_the_rest": seal}))


@pytest.mark.parametrize(
    "key", ["../../outside/x", "/etc/passwd", "clean/../../x", "clean/.hidden", "x", "a\\b/c"]
)
def test_keys_that_lead_out_are_refused(
    cityflow: Command, saved: Path, into: Path, key: str
) -> None:
    def change(body: dict[str, Any]) -> None:
        body["objects"][0]["key"] = key
        body["objects"].sort(key=lambda one: str(one["key"]))

    forge(saved, change)
    assert cityflow("restore", saved) == 3
    assert "object key" in cityflow.error


def test_a_manifest_that_names_a_thing_twice_is_refused(
    cityflow: Command, saved: Path, into: Path
) -> None:
    forge(saved, lambda body: body["objects"].append(body["objects"][-1]))
    assert cityflow("restore", saved) == 3
    assert "or twice" in cityflow.error


def line(**changed: Any) -> str:
    fields = {
        "type": "run",
        "day": str(FIRST),
        "key": "k",
        "version": 1,
        "body": {"schema_version": 1},
    }
    return canonical.dumps(fields | changed) + "\n"


POINTER = {"schema_version": 1, "dataset": "comptages", "day": str(FIRST), "edition": "../../x"}
HOSTILE = {
    "no JSON": "{\n",
    "no object": "[]\n",
    "spaces": line().replace(":", ": "),
    "a key twice": line()[:-2] + ',"version":1}\n',
    "NaN": line().replace('"version":1', '"version":NaN'),
    "too deep": "[" * 100_000 + "\n",
    "no line end": line()[:-1],
    "another day": line(day="2020-01-01"),
    "another type": line(type="lease"),
    "no day": line(day="x"),
    "no key": line(key=""),
    "version 0": line(version=0),
    "version true": line(version=True),
    "version 1.5": line(version=1.5),
    "no schema_version": line(body={}),
    "no body": line(body=[]),
    "a huge body": line(body={"schema_version": 1, "x": "x" * 300_000}),
    "twice": line(key="a") + line(key="a"),
    "not a run": line(body={"schema_version": 1, "outcome": "new"}),
    "a newer schema": line(body={"schema_version": 2}),
    "a pointer out": line(type="pointer/x", body=POINTER),
    "a digit too long": line().replace('"version":1', f'"version":{"1" * 5000}'),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_are_refused(
    cityflow: Command, exported: Path, into: Path, text: str
) -> None:
    type = "pointer/x" if "pointer/x" in text else "run"
    path = exported / relative_path(type, FIRST)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

    def change(body: dict[str, Any]) -> None:
        kept = [o for o in body["documents"] if (o["type"], o["day"]) != (type, str(FIRST))]
        saved = {"type": type, "day": str(FIRST), "documents": text.count("\n") or 1}
        data = text.encode()
        kept.append(saved | {"bytes": len(data), "sha256": canonical.digest(data)})
        body["documents"] = sorted(kept, key=lambda one: (one["type"], one["day"]))

    forge(exported, change)
    assert cityflow("import", exported) == 3
    assert f"{FIRST}.jsonl" in cityflow.error
    assert len(cityflow.error) < 2000
    assert snapshot_of(into) == {}


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


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_two_types_never_share_a_file_and_none_leads_out(one: str, other: str) -> None:
    paths = [relative_path(type, date(2025, 1, 1)) for type in (one, other)]
    assert (paths[0] == paths[1]) == (one == other)
    for path in paths:
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert path.parts[0] == "documents"
        assert len(path.parts) >= 3
        assert str(path).isascii()
        assert all(0 < len(part) <= 255 for part in path.parts)


def test_a_folder_begun_by_a_backup_is_gone_on_with(tmp_path: Path) -> None:
    journal = prepare(tmp_path / "x", [])
    assert prepare(tmp_path / "x", []) == journal
