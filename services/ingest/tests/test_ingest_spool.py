"""A part is gone at the end of its fetch, however that comes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cityflow.errors import StoreUnavailable
from cityflow_ingest.spool import Spool

WRITER = """
import sys, time
from pathlib import Path
from cityflow_ingest.spool import Spool
with Spool(Path(sys.argv[1])).part() as file:
    file.write(b"half of")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


def test_a_part_lives_as_long_as_its_fetch(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "folder")
    with spool.part() as one, spool.part() as other:
        one.write(b"a")
        other.write(b"b")
        assert len(parts(tmp_path / "new" / "folder")) == 2
        one.seek(0)
        assert one.read() == b"a"
    with pytest.raises(ZeroDivisionError), spool.part():
        raise ZeroDivisionError
    assert parts(tmp_path / "new" / "folder") == []


def test_the_part_of_a_killed_writer_is_swept_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"writing\n"
        spool = Spool(tmp_path)
        assert spool.sweep() == 0
        assert len(parts(tmp_path)) == 1
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert len(parts(tmp_path)) == 1
        assert spool.sweep() == 1
    assert parts(tmp_path) == []


def test_there_is_nothing_to_sweep_where_nothing_was(tmp_path: Path) -> None:
    assert Spool(tmp_path / "none").sweep() == 0


def test_a_folder_that_cannot_be_is_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="cannot write in"), Spool(tmp_path / "file").part():
        pass
