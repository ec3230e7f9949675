"""Two processors on the same day at once, fifty times on each backend: one edition, no error."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from contract_support import SPAWN

from cityflow.settings import Settings
from cityflow.storage import Runs, open_store
from cityflow.storage.paging import all_documents

FIRST = date(2025, 10, 2)
ROUNDS = 50
DAYS_A_FILE = 5
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten files of five days, and the reference files beside them."""
    folder = tmp_path_factory.mktemp("source")
    last = FIRST + timedelta(ROUNDS - 1)
    options = ["--arcs", "12", "--days", str(ROUNDS), "--end", str(last), "--missing-days", "0"]
    subprocess.run(
        [BIN / "cityflow-simulator", "generate", folder, "--layout", "daily", *options],
        check=True, capture_output=True,
    )  # fmt: skip
    days = sorted(folder.glob("comptages_*.csv"))
    assert len(days) == ROUNDS
    for start in range(0, ROUNDS, DAYS_A_FILE):
        texts = [path.read_bytes() for path in days[start : start + DAYS_A_FILE]]
        header = texts[0].partition(b"\n")[0] + b"\n"
        rows = b"".join(text.partition(b"\n")[2] for text in texts)
        (folder / f"part{start:02d}.csv").write_bytes(header + rows)
    return folder


def work(pipe: Connection, environment: dict[str, str]) -> None:
    """Process the days that are asked for, as the command does, and say how each ended."""
    from cityflow_processor.asked import Asked
    from cityflow_processor.backfill import process
    from cityflow_processor.engine import LocalEngine

    settings = Settings.load(environment)
    while (day := pipe.recv()) is not None:
        try:
            with open_store(settings) as store:
                result = process(store, LocalEngine(store), settings, Asked(day, day))
            pipe.send([done.ending for done in result.days])
        except BaseException as error:
            pipe.send(repr(error))


@pytest.fixture
def pair() -> Iterator[Callable[[dict[str, str]], list[Connection]]]:
    """Starts two workers on a store."""
    started = []

    def start(environment: dict[str, str]) -> list[Connection]:
        pipes = []
        for _ in range(2):
            here, there = SPAWN.Pipe()
            process = SPAWN.Process(target=work, args=(there, environment))
            process.start()
            started.append((process, here))
            pipes.append(here)
        return pipes

    yield start
    for process, pipe in started:
        pipe.send(None)
        process.join(20)
        assert process.exitcode == 0


def ingest(environment: dict[str, str], *files: Path) -> None:
    subprocess.run(
        [BIN / "cityflow-ingest", "files", *files],
        env={**os.environ, **environment}, check=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "mongodb", "moto", "ministack"])
def test_two_processors_at_once_make_one_edition(
    kind: str,
    backend: Callable[[str], dict[str, str]],
    source: Path,
    pair: Callable[[dict[str, str]], list[Connection]],
) -> None:
    environment = backend(kind)
    if kind == "moto":  # objects decide nothing, and ministack has them in S3
        environment["USE_S3"] = "false"
    days = [FIRST + timedelta(n) for n in range(ROUNDS)]
    ingest(environment, source / "arrondissements.geojson", source / "referentiel.csv")
    pipes = pair(environment)
    for number, day in enumerate(days):
        if number % DAYS_A_FILE == 0:
            ingest(environment, source / f"part{number:02d}.csv")
        for pipe in pipes:
            pipe.send(day)
        endings = [pipe.recv() for pipe in pipes]
        assert sorted(map(str, endings)) in (["['new']", "['unchanged']"],), (day, endings)

    with open_store(Settings.load(environment)) as store:
        pointers = {d.id.day: d for d in all_documents(store.documents, "pointer/comptages")}
        editions = [d.id for d in all_documents(store.documents, "edition/comptages")]
        runs = list(Runs(store).query(days[0], days[-1], stage="process", dataset="comptages"))
        tables = {i.key.split("/")[3] for i in store.objects.list("metrics/comptages/dt=")}
    assert list(pointers) == days
    assert {pointer.version for pointer in pointers.values()} == {1}
    assert [(id.day, id.key) for id in editions] == [
        (day, pointer.body["edition"]) for day, pointer in pointers.items()
    ]
    assert tables == {pointer.body["edition"] for pointer in pointers.values()}
    outcomes: dict[date, list[str]] = {day: [] for day in days}
    for run in runs:
        outcomes[run.day].append(run.outcome)
        assert run.error is None, run
    for day, found in outcomes.items():
        assert sorted(found) in (["new", "unchanged"], ["lost_race", "new"]), (
            day,
            found,
            [r for r in runs if r.day == day],
        )
