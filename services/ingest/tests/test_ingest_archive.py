"""Files that fail while they are read: said of that file, and no part of it is kept."""

from datetime import UTC, datetime
from pathlib import Path

from cityflow.storage import RawZone
from cityflow_ingest.archive_files import Archiver, work_bytes
from cityflow_ingest.find_files import find_files
from cityflow_ingest.keeping import Copying

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_a_file_that_changes_while_it_is_stored_is_refused(zone: RawZone, good: Path) -> None:
    header, row = good.read_bytes().splitlines(keepends=True)
    good.write_bytes(header + row * 60_000)
    size, read = good.stat().st_size, 0

    def append_in_the_last_pass(count: int) -> None:
        nonlocal read
        read += count
        if read > 1.5 * size and good.stat().st_size == size:
            with good.open("ab") as end:
                end.write(row)

    archiver = Archiver(Copying(zone), None, NOW, append_in_the_last_pass)
    (outcome,) = archiver.archive_files(find_files([good]))
    assert outcome.status == "refused"
    assert "changed while it was being read" in outcome.found
    assert zone.entries("comptages") == []


def test_a_file_the_system_cannot_read_is_refused(zone: RawZone, good: Path) -> None:
    # The memory of a process is a file without anything at its start.
    candidates = find_files([Path("/proc/self/mem"), good])
    archiver = Archiver(Copying(zone), None, NOW, lambda count: None)
    memory, file = archiver.archive_files(candidates)
    assert memory.found == "a file that cannot be read (Input/output error)"
    assert file.status == "stored"


def test_progress_reaches_the_work_announced_whatever_becomes_of_a_file(
    zone: RawZone, good: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_bytes(b"%PDF-1.7" * 1000)
    candidates = find_files([good, good, tmp_path / "bad.csv"])
    seen: list[int] = []
    list(Archiver(Copying(zone), None, NOW, seen.append).archive_files(candidates))
    assert sum(seen) == sum(work_bytes(candidate) for candidate in candidates)
