"""`cityflow rebuild --from raw` over all services: what was destroyed comes back byte for byte."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from standins import PATIENT, quick_city, stand_ins

from cityflow.settings import Settings
from cityflow.storage import Editions, canonical, open_store
from cityflow.storage.paging import all_documents

BIN = Path(sys.executable).parent
OF_THE_RUN = ("run_id", "published_at")
TIMES = ("2025-10-05T08:00:00Z", "2025-10-09T09:00:00Z")
NAMES = ["comptages", "bikes", "velib", "traffic", "chantiers", "weather", "across", "report"]
ANEW = ("comptages", "weather", "report")
"""What is published of some days more than once."""
Snapshot = dict[str, str]


def call(output: Path, program: str, *arguments: object, **variables: str) -> str:
    ended = subprocess.run(
        [BIN / program, *map(str, arguments)],
        cwd=output.parent, capture_output=True, text=True, timeout=240, check=False,
        env={"PATH": os.environ["PATH"], "OUTPUT_DIR": str(output), "CITYFLOW_LOG_LEVEL": "ERROR",
             **variables},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Days of every dataset, from their sources: published and reported, then some of them anew."""
    folder = tmp_path_factory.mktemp("history")
    output = folder / "output"
    city = quick_city(folder / "city.toml", window=9, changing=9, catch_up_days=9, **PATIENT)
    options = ("--arcs", 30, "--late-days", 0, "--missing-days", 0, "--revised-days", 0.9)
    with stand_ins(f"{TIMES[0]}", *options, hosts=1) as sources:
        for now in TIMES:
            sources.at(now)
            variables = {"CITYFLOW_NOW": now, "CITYFLOW_TENANT": str(city), "PRIM_API_KEY": "any"}
            call(output, "cityflow-ingest", "daily", **sources.settings, **variables)
            call(output, "cityflow-processor", "backfill")
            call(output, "cityflow-reporter", "run", "--from", *days(output))
    return output


def days(output: Path) -> tuple[date, str, date]:
    """The days of which anything is published, as the reporter is told them."""
    with open_store(Settings(output_dir=output)) as store:
        found = [p.day for name in NAMES[:-1] for p in Editions(store).pointers(name)]
    return min(found), "--to", max(found)


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


def current(found: Snapshot) -> dict[str, str]:
    """The current edition of each day. How its rows were read is no part of one."""
    pointers = {name: text for name, text in found.items() if name.startswith("pointer/")}
    return {name: json.loads(text)["edition"] for name, text in pointers.items()}


def rebuilt(output: Path, *options: str) -> list[dict[str, Any]]:
    parsed = json.loads(call(output, "cityflow", "rebuild", "--from", "raw", "--json", *options))
    found: list[dict[str, Any]] = parsed["rebuilt"]
    return found


def test_every_dataset_comes_before_the_reports(store: Path) -> None:
    before = snapshot(store)
    done = rebuilt(store)
    assert [one["name"] for one in done] == NAMES
    assert [one["editions"]["new"] for one in done] == [0] * len(NAMES)
    assert snapshot(store) == before


def test_from_raw_files_alone_the_current_editions_come_back(store: Path, tmp_path: Path) -> None:
    before = snapshot(store)
    destroy(store, ledger=False)
    shutil.copytree(store, tmp_path / "other")
    done = rebuilt(store)
    assert [reason for one in done for reason in one["failed"]] == []
    after = snapshot(store)
    assert current(after) == current(before)
    earlier = {name.split()[0] for name in before.keys() - after.keys()}
    assert earlier >= {f"edition/{name}" for name in ANEW}

    call(tmp_path / "other", "cityflow-processor", "backfill")
    call(tmp_path / "other", "cityflow-reporter", "run", "--from", *days(tmp_path / "other"))
    assert snapshot(tmp_path / "other") == after


def test_as_published_all_comes_back(store: Path) -> None:
    before = snapshot(store)
    destroy(store, ledger=True)
    done = rebuilt(store, "--as-published")
    assert [reason for one in done for reason in one["failed"]] == []
    assert all(one["editions"]["earlier"] > one["days"] for one in done if one["name"] in ANEW)
    assert snapshot(store) == before
