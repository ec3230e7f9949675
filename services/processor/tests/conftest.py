"""A house for each test, and the real data published once for all of them."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processor_house import Ended, House, RealRun, open_house

from cityflow_processor.main import app

BIN = Path(sys.executable).parent


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path / "output")
    with opened.store:
        yield opened


@pytest.fixture
def command(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs `cityflow-processor` with these arguments on the test's house."""
    monkeypatch.chdir(house.folder.parent)
    monkeypatch.setenv("OUTPUT_DIR", str(house.folder))

    def run(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRun]:
    """The real files through `cityflow-ingest files` and `cityflow-processor backfill`, once."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # all workers share one run
    folder, printed = root / "real", root / "real.json"
    with (root / "real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            names = ("comptages", "comptages-historique", "arrondissements", "referentiel")
            _call(folder, "cityflow-ingest", "files", *(str(real_data / name) for name in names))
            backfill = ("cityflow-processor", "backfill", "--dataset", "comptages", "--json")
            printed.write_text(_call(folder, *backfill))
    opened = open_house(folder)
    with opened.store:
        yield RealRun(opened, json.loads(printed.read_text())["datasets"]["comptages"])


def _call(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(folder)}
    ended = subprocess.run(
        [BIN / arguments[0], *arguments[1:]],
        env=environment,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
