"""`cityflow rebuild --from raw` over all services: what was destroyed comes back byte for byte."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cityflow.settings import Settings
from cityflow.storage import canonical, open_store
from cityflow.storage.paging import all_documents

BIN = Path(sys.executable).parent
OF_THE_RUN = ("run_id", "published_at")
Snapshot = dict[str, str]


def call(output: Path, program: str, *arguments: object) -> str:
    ended = subprocess.run(
        [BIN / program, *map(str, arguments)],
        cwd=output.parent, capture_output=True, text=True, timeout=240, check=False,
        env={"PATH": os.environ["PATH"], "OUTPUT_DIR": str(output), "CITYFLOW_LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine days: published and reported; then four of them anew, from other files."""
    folder = tmp_path_factory.mktemp("history")
    output = folder / "output"
    for seed, days in ((1, 9), (2, 4)):
        options = ("--arcs", 30, "--days", days, "--end", "2025-10-04", "--seed", seed)
        call(output, "cityflow-simulator", "generate", folder / f"city-{seed}", *options)
        files = [f for f in sorted((folder / f"city-{seed}").glob("*.*")) if f.suffix != ".json"]
        call(output, "cityflow-ingest", "files", *files)
        call(output, "cityflow-processor", "backfill")
        call(output, "cityflow-reporter", "run", "--from", "2025-09-26", "--to", "2025-10-04")
    return output


@pytest.fixture
def store(history: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(history, tmp_path / "output")
    return tmp_path / "output"


def snapshot(output: Path) -> Snapshot:
    """All that is published; of the pointers, not which run moved them and when."""
    found = {}
    with open_store(Settings(output_dir=output)) as store:
        for info in store.objects.list(""):
            if not info.key.startswith(("raw/", "parts/")):
                found[info.key] = canonical.digest(store.objects.read(info.key))
        for type in store.documents.types():
            if type.startswith(("edition/", "pointer/")):
                for one in all_documents(store.documents, type):
                    body = {k: v for k, v in one.body.items() if k not in OF_THE_RUN}
                    found[f"{type} {one.id.day} {one.id.key}"] = canonical.dumps(body)
    return found


def destroy(output: Path, *, ledger: bool) -> None:
    for name in ("clean", "metrics", "rejects", "parts", "reports"):
        shutil.rmtree(output / name)
    if not ledger:
        (output / "cityflow.db").unlink()
        return
    with closing(sqlite3.connect(output / "cityflow.db")) as connection:
        connection.execute("DELETE FROM documents WHERE type != 'run'")
        connection.commit()


def rebuilt(output: Path, *options: str) -> list[dict[str, Any]]:
    parsed = json.loads(call(output, "cityflow", "rebuild", "--from", "raw", "--json", *options))
    found: list[dict[str, Any]] = parsed["rebuilt"]
    return found


def test_the_processor_comes_before_the_reporter(store: Path) -> None:
    before = snapshot(store)
    done = rebuilt(store)
    assert [one["name"] for one in done] == ["comptages", "report"]
    assert [one["editions"]["new"] for one in done] == [0, 0]
    assert snapshot(store) == before


def test_from_raw_files_alone_the_current_editions_come_back(store: Path) -> None:
    before = snapshot(store)
    destroy(store, ledger=False)
    done = rebuilt(store)
    assert all(one["failed"] == [] for one in done)
    after = snapshot(store)
    earlier = {name: text for name, text in before.items() if name not in after}
    assert not any("pointer/" in name for name in earlier)
    assert len(earlier) > 20
    common = {name: text for name, text in after.items() if not name.startswith("pointer/")}
    assert common == {name: before[name] for name in common}
    for name in after.keys() - common.keys():
        assert json.loads(after[name])["edition"] == json.loads(before[name])["edition"]


def test_as_published_all_comes_back(store: Path) -> None:
    before = snapshot(store)
    destroy(store, ledger=True)
    done = rebuilt(store, "--as-published")
    assert all(one["failed"] == [] for one in done)
    assert all(one["editions"]["earlier"] > 9 for one in done)
    assert snapshot(store) == before
