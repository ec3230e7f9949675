"""Permissions do not bind root: the command runs as a user who is first proved to be refused."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534
GOOD = "iu_ac;t_1h;q;k\n4264;2024-12-09T05:00:00+01:00;199.0;2.20945\n"

# Everything is imported and run once before the privileges are dropped: the interpreter itself may
# stand where the unprivileged user cannot look.
AS_NOBODY = f"""
import contextlib, io, os, sys
from cityflow_ingest.main import app
good, forbidden, output, warm = sys.argv[1:5]

def run(*arguments):
    try:
        app(["files", *arguments, "--json"])
    except SystemExit as end:
        return end.code

os.environ["OUTPUT_DIR"] = warm
with contextlib.redirect_stdout(io.StringIO()):
    assert run(good, os.devnull) == 3
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
try:
    os.listdir(forbidden) if os.path.isdir(forbidden) else open(forbidden)
    sys.exit("the user is not refused: the test proves nothing")
except PermissionError:
    pass
os.environ["OUTPUT_DIR"] = output
sys.exit(run(forbidden, good))
"""


def as_nobody(folder: Path, forbidden: Path) -> subprocess.CompletedProcess[str]:
    """Archive a forbidden path and a good file as a user who may not read the first."""
    arguments = [folder / "good.csv", forbidden, folder / "output", folder / "warm"]
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anyone may enter and write in (those pytest makes are private)."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        (path / "good.csv").write_text(GOOD)
        yield path
        for forbidden in path.iterdir():
            forbidden.chmod(0o755)


def test_a_folder_without_read_permission_is_refused_and_the_rest_archived(folder: Path) -> None:
    forbidden = folder / "forbidden"
    forbidden.mkdir()
    (forbidden / "a.csv").write_text(GOOD)
    forbidden.chmod(0)
    ended = as_nobody(folder, forbidden)
    assert ended.returncode == 3, ended.stderr
    document = json.loads(ended.stdout)
    assert [one["status"] for one in document["files"]] == ["refused", "stored"]
    assert document["refused"] == [
        {
            "path": str(forbidden),
            "found": "a folder that cannot be read (Permission denied)",
            "expected": "a file or folder this user may read",
        }
    ]


def test_a_file_without_read_permission_is_refused_and_the_rest_archived(folder: Path) -> None:
    forbidden = folder / "forbidden.csv"
    forbidden.write_text(GOOD)
    forbidden.chmod(0)
    ended = as_nobody(folder, forbidden)
    assert ended.returncode == 3, ended.stderr
    document = json.loads(ended.stdout)
    assert [one["status"] for one in document["files"]] == ["refused", "stored"]
    assert document["refused"][0]["found"] == "a file that cannot be read (Permission denied)"


def test_a_file_in_a_folder_that_may_not_be_entered_is_refused(folder: Path) -> None:
    (folder / "closed").mkdir()
    hidden = folder / "closed" / "a.csv"
    hidden.write_text(GOOD)
    hidden.parent.chmod(0o600)
    ended = as_nobody(folder, hidden)
    assert ended.returncode == 3, ended.stderr
    (refusal,) = json.loads(ended.stdout)["refused"]
    assert refusal["found"] == "a path without permission to look at it"


def test_a_store_without_write_permission_ends_with_5(folder: Path) -> None:
    forbidden = folder / "forbidden.csv"
    forbidden.write_text(GOOD)
    forbidden.chmod(0)
    (folder / "output").mkdir()
    (folder / "output").chmod(0o555)
    ended = as_nobody(folder, forbidden)
    assert ended.returncode == 5, ended.stderr
    assert not ended.stdout
    assert not list((folder / "output").iterdir())
