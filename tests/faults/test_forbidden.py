"""Folders and files this user may not read or write, as one who is first proved to be refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import House
from published import Snapshot, differences, leftovers, snapshot

pytestmark = pytest.mark.slow

NOBODY = 65534
DAY = "2025-10-28"
BACKFILL = ("cityflow-processor", "backfill")
REPORT = ("cityflow-reporter", "run", "--date", DAY)
SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "2000", "MAX_FILE_SIZE_MB": "1"}

# Everything is imported and run once before the privileges are dropped: the interpreter itself may
# stand where the unprivileged user cannot look.
AS_NOBODY = f"""
import contextlib, importlib, io, os, pathlib, sys
program, warm, output, forbidden, *arguments = sys.argv[1:]
app = importlib.import_module(program).app

def run(place):
    os.environ["OUTPUT_DIR"] = place
    try:
        app(arguments)
    except SystemExit as end:
        return end.code

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    run(warm)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
path = pathlib.Path(forbidden)
refused = []
for attempt in (
    lambda: list(path.iterdir()) if path.is_dir() else path.open().close(),
    lambda: (path / "probe").mkdir() if path.is_dir() else path.open("a").close(),
):
    try:
        attempt()
    except PermissionError:
        refused.append(attempt)
if not refused:
    sys.exit("the user is not refused: the test proves nothing")
sys.exit(run(output))
"""


@pytest.fixture(scope="module")
def archived(scratch: Path, generate: Callable[..., Path]) -> House:
    """A store that has only archived a day."""
    folder = generate("forbidden", days=1, arcs=100, end=DAY)
    names = ("comptages.csv", "referentiel.csv", "arrondissements.geojson")
    house = House(scratch / "forbidden-archived", SMALL_CHUNKS)
    house.folder.mkdir()
    assert house.run("cityflow-ingest", "files", *(folder / name for name in names)).code == 0
    return house


@pytest.fixture(scope="module")
def expected(archived: House, scratch: Path) -> Snapshot:
    """What is published where nothing was ever forbidden."""
    house = archived.copy(scratch / "forbidden-never")
    finish(house)
    return snapshot(house.output)


@pytest.fixture
def given_away(archived: House, house: House) -> House:
    """A copy that the unprivileged user owns, and another one to warm up in."""
    for name in ("output", "warm"):
        shutil.copytree(archived.output, house.folder / name)
    if os.geteuid() == 0:
        for path in (house.folder, *house.folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    return house.set(**SMALL_CHUNKS)


def as_nobody(house: House, program: str, forbidden: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and standard error of a command run by a user who may not use a path."""
    places = (house.folder / "warm", house.output, forbidden)
    ended = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, program, *map(str, (*places, *arguments))],
        cwd=house.folder,
        env={"PATH": os.environ["PATH"], "CITYFLOW_LOG_LEVEL": "ERROR", **house.settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "proves nothing" not in ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stderr


FORBIDDEN = {
    "raw folder to read": ("raw/comptages", 0o000),
    "raw file to read": ("raw/comptages/dt=*/*.csv", 0o000),
    "provenance to read": ("raw/comptages/dt=*/*.meta.json", 0o000),
    "clean folder to write": ("clean", 0o555),
    "metrics folder to write": ("metrics", 0o555),
    "database to write": ("cityflow.db", 0o444),
    "database to read": ("cityflow.db", 0o000),
    "whole store to write": (".", 0o555),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_processor_says_what_it_may_not_use(
    name: str, given_away: House, expected: Snapshot
) -> None:
    """And once all may be used again, the next run does what a first one would."""
    pattern, mode = FORBIDDEN[name]
    forbidden = place(given_away, pattern)
    forbidden.chmod(mode)
    code, said = as_nobody(given_away, "cityflow_processor.main", forbidden, "backfill")
    assert code == 5, said
    assert said.splitlines()[-1].startswith("error: ")
    assert said.count("error: ") == 1
    forbidden.chmod(0o755)
    finish(given_away)
    assert differences(snapshot(given_away.output), expected) == []


def test_the_reporter_says_what_it_may_not_write(given_away: House) -> None:
    assert given_away.run(*BACKFILL).code == 0
    give_away(given_away)
    forbidden = place(given_away, "reports")
    forbidden.chmod(0o555)
    command = ("cityflow_reporter.main", forbidden, "run", "--date", DAY)
    code, said = as_nobody(given_away, *command)
    assert (code, "ermission" in said) == (5, True), said
    forbidden.chmod(0o755)
    finish(given_away)


def test_ingest_says_what_it_may_not_read_and_archives_the_rest(given_away: House) -> None:
    folder = given_away.folder / "files"
    (folder / "closed").mkdir(parents=True)
    (folder / "open.csv").write_text("iu_ac;t_1h;q;k\n1;2024-12-09T05:00:00+01:00;1;2\n")
    (folder / "closed" / "a.csv").write_text("iu_ac;t_1h;q;k\n2;2024-12-09T05:00:00+01:00;1;2\n")
    (folder / "closed").chmod(0)
    give_away(given_away)
    code, said = as_nobody(
        given_away, "cityflow_ingest.main", folder / "closed", "files", folder, "--json"
    )
    assert code == 3, said
    stored = [path.name for path in given_away.output.glob("raw/comptages/dt=*/*.csv")]
    assert len(stored) == 2
    (folder / "closed").chmod(0o755)


def give_away(house: House) -> None:
    if os.geteuid() == 0:
        for path in (house.output, *house.output.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


def place(house: House, pattern: str) -> Path:
    """The one path of the store that matches, a folder made if there is none."""
    if pattern == ".":
        return house.output
    if not list(house.output.glob(pattern)):
        (house.output / pattern).mkdir()
        give_away(house)
    (found,) = house.output.glob(pattern)
    return found


def finish(house: House) -> None:
    """Process and report, as a user who may."""
    for command in (BACKFILL, REPORT):
        ended = house.run(*command)
        assert ended.code == 0, ended.err
    assert leftovers(house.output) == []
