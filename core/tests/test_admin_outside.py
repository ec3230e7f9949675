"""Raw files that are registered where they lie: who copies a store names them, and is told what
becomes of them.
"""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from admin_support import PUBLISHED_AT, Command, open_store, snapshot_of

from cityflow.storage import NewRaw, RawZone, first_meta

CONTENT = b"iu_ac;t_1h;q;k\n" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
RECEIPTS = [PUBLISHED_AT + timedelta(hours=hour) for hour in (0, 5)]


@pytest.fixture
def large(here: Path, tmp_path: Path) -> Path:
    """A file outside the store of `here`, registered twice."""
    path = tmp_path / "exports" / "large [1].csv"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    with open_store(here) as store:
        for moment in RECEIPTS:
            new = NewRaw("comptages", "csv", "csv", "plain", True, path.name, 0, moment)
            RawZone(store).outside.register(path, first_meta(new, DIGEST, len(CONTENT)))
    return path


def said(command: Command) -> list[tuple[str, str]]:
    return [(one["path"], one["what"]) for one in command.result["outside"]]


def test_migrate_refuses_until_it_is_told_and_writes_nothing(
    cityflow: Command, large: Path, there: Path
) -> None:
    for more in ((), ("--dry-run",)):
        assert cityflow("migrate", "--to-dir", there, *more) == 2
        assert f"1 of the raw files (15,000 bytes) lie outside the store: {large}" in cityflow.error
        assert "--copy" in cityflow.error and "--leave-out" in cityflow.error
    assert not (there / "raw").exists()
    with open_store(there) as store:
        assert store.documents.types() == []
    assert cityflow("migrate", "--to-dir", there, "--copy", "--leave-out") == 2


def test_only_who_moves_the_registrations_is_asked(
    cityflow: Command, large: Path, there: Path
) -> None:
    assert cityflow("migrate", "--to-dir", there, "--types", "run,raw") == 0


def test_copy_stores_the_bytes_there_with_all_receipts(
    cityflow: Command, large: Path, here: Path, there: Path
) -> None:
    before = snapshot_of(here)
    assert cityflow("migrate", "--to-dir", there, "--copy", "--dry-run", "--json") == 0
    assert said(cityflow) == [(str(large), "copied")]
    assert not there.exists()
    for _ in range(2):
        assert cityflow("migrate", "--to-dir", there, "--copy", "--verify", "--json") == 0
        assert said(cityflow) == [(str(large), "copied")]
        assert cityflow.result["differing"] == []
    assert snapshot_of(here) == before
    large.unlink()
    with open_store(there) as store:
        zone = RawZone(store)
        assert zone.outside.files() == []
        (entry,) = [one for one in zone.entries("comptages") if one.meta.sha256 == DIGEST]
        assert [receipt.received_at for receipt in entry.meta.receipts] == RECEIPTS
        with zone.open(entry.key) as stream:
            assert stream.read() == CONTENT


def test_bytes_that_are_lost_there_are_no_success(
    cityflow: Command, large: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RawZone, "adopt", lambda *_: None)
    assert cityflow("migrate", "--to-dir", there, "--copy", "--verify", "--json") == 75
    assert cityflow.result["differing"] == [str(large)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "put the registered file back"),
        (CONTENT + b"x", "put the registered file back"),
        (CONTENT[:-1] + b"x", "holds other bytes than were registered"),
    ],
)
def test_a_file_that_is_not_what_was_registered_is_not_copied(
    cityflow: Command, large: Path, there: Path, content: bytes | None, found: str
) -> None:
    large.unlink()
    if content is not None:
        large.write_bytes(content)
    assert cityflow("migrate", "--to-dir", there, "--copy") == 3
    assert str(large) in cityflow.error and found in cityflow.error
    with open_store(there) as store:
        assert "pointer/comptages" not in store.documents.types()


def test_leave_out_goes_without_file_and_registration(
    cityflow: Command, large: Path, here: Path, there: Path
) -> None:
    expected = {name: digest for name, digest in snapshot_of(here).items() if DIGEST not in name}
    assert len(expected) == len(snapshot_of(here)) - 1
    assert cityflow("migrate", "--to-dir", there, "--leave-out", "--verify", "--json") == 0
    assert said(cityflow) == [(str(large), "left out")]
    assert snapshot_of(there) == expected
    assert cityflow("migrate", "--to-dir", there, "--leave-out") == 0
    assert str(large) in cityflow.out.replace("\n", "")


def test_a_backup_names_them_and_so_does_its_restore(
    cityflow: Command, large: Path, here: Path, into: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("OUTPUT_DIR", str(here))
    monkeypatch.setenv("CITYFLOW_LOG_LEVEL", "WARNING")
    assert cityflow("backup", tmp_path / "backup", "--json") == 0
    assert said(cityflow) == [(str(large), "not copied")]
    assert "raw files outside the store are not copied" in cityflow.error
    monkeypatch.setenv("OUTPUT_DIR", str(into))
    assert cityflow("restore", tmp_path / "backup", "--json") == 0
    assert said(cityflow) == [(str(large), "not copied")]
    assert snapshot_of(into) == snapshot_of(here)


def test_doctor_names_them_and_whether_they_are_there(cityflow: Command, large: Path) -> None:
    assert cityflow("doctor", "--json") == 0
    assert said(cityflow) == [(str(large), "there")]
    large.write_bytes(CONTENT[:-1])
    assert cityflow("doctor", "--json") == 0
    assert said(cityflow) == [(str(large), "holds 14,999 bytes, 15,000 registered")]
    large.unlink()
    assert cityflow("doctor") == 0
    assert "cannot be read (No such file or directory)" in " ".join(cityflow.out.split())
