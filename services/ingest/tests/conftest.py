"""A local store of its own for each test, and the command as a user runs it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cityflow.settings import Settings
from cityflow.storage import RawZone, Store, open_store
from cityflow_ingest.main import app

LOOPS = "Identifiant arc;Libelle;Date et heure de comptage;Débit horaire;Taux d'occupation\n"
ROW = "4264;AV_Champs_Elysees;2024-12-09T05:00:00+01:00;199.0;2.20945\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


Command = Callable[..., Ended]


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "output"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTPUT_DIR", str(folder))
    return folder


@pytest.fixture
def store(output: Path) -> Iterator[Store]:
    with open_store(Settings(output_dir=output)) as opened:
        yield opened


@pytest.fixture
def zone(store: Store) -> RawZone:
    return RawZone(store)


@pytest.fixture
def ingest(output: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `cityflow-ingest` with these arguments."""

    def run(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A small file of road counts."""
    path = tmp_path / "good.csv"
    path.write_text(LOOPS + ROW, encoding="utf-8")
    return path
