"""`ENGINE=dask` with a real scheduler and real workers: the same bytes, and what may die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from store_servers import free_port

from cityflow.settings import Settings
from cityflow.storage import canonical, open_store
from cityflow.storage.paging import all_documents

BIN = Path(sys.executable).parent
DATASETS = ("comptages", "bikes", "weather", "velib", "chantiers")


def environment(output: Path, **settings: object) -> dict[str, str]:
    """A store, and chunks small enough for many units."""
    base = {"PATH": os.environ["PATH"], "HOME": str(output.parent), "OUTPUT_DIR": str(output)}
    small = {"MAX_FILE_SIZE_MB": "1", "EC2_CHUNK_SIZE": "150"}
    return base | small | {name: str(value) for name, value in settings.items()}


def call(
    arguments: list[object], env: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(one) for one in arguments],
        env=env, cwd=folder, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with raw files of several datasets, not yet processed."""
    folder = tmp_path_factory.mktemp("raw")
    source = folder / "source"
    options = [
        "--arcs",
        "12",
        "--days",
        "12",
        "--end",
        "2025-10-31",
        "--missing-days",
        "0",
        "--others",
    ]
    made = call(
        [BIN / "cityflow-simulator", "generate", source, *options], environment(folder), folder
    )
    assert made.returncode == 0, made.stderr
    for name in ("truth.json", "disruptions.json"):
        (source / name).unlink()
    done = call([BIN / "cityflow-ingest", "files", source], environment(folder / "output"), folder)
    assert done.returncode == 0, done.stderr
    return folder / "output"


def store_of(raw: Path, folder: Path) -> Path:
    """A copy of the store, so that each test processes it anew."""
    output = folder / "output"
    folder.mkdir(exist_ok=True)
    subprocess.run(["cp", "-r", raw, output], check=True)
    return output


def published(output: Path) -> dict[str, bytes]:
    """All that readers see: objects, documents of editions, and what is current."""
    found = {}
    with open_store(Settings(output_dir=output)) as store:
        for prefix in ("clean/", "metrics/", "rejects/"):
            for info in store.objects.list(prefix):
                found[info.key] = store.objects.read(info.key)
        for type in store.documents.types():
            if type.startswith(("edition/", "pointer/")):
                for one in all_documents(store.documents, type):
                    body = dict(one.body)
                    for name in ("run_id", "published_at"):
                        body.pop(name, None)
                    found[str(one.id)] = canonical.dumps(body).encode()
    return found


@pytest.fixture(scope="module")
def expected(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the local engine publishes."""
    output = store_of(raw, tmp_path_factory.mktemp("local"))
    done = call([BIN / "cityflow-processor", "backfill"], environment(output), output.parent)
    assert done.returncode == 0, done.stderr
    return published(output)


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [BIN / "dask", *arguments], stdout=log, stderr=log, cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **env},
            )  # fmt: skip
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        return self.start("scheduler", *where, "--no-dashboard")

    def worker(self, output: Path, **settings: str) -> subprocess.Popen[bytes]:
        how = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", "/tmp")
        env = environment(output) | settings
        return self.start("worker", self.address, *how, **env)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, free_port())
    yield made
    for process in made.processes:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(20)


def on(cluster: Cluster, output: Path) -> dict[str, str]:
    return environment(output, ENGINE="dask", DASK_SCHEDULER_ADDRESS=cluster.address)


def interrupted(
    cluster: Cluster, output: Path, kill: Callable[[], None]
) -> subprocess.CompletedProcess[str]:
    """A backfill during which something is killed, once its first chunk stands."""
    process = subprocess.Popen(
        [BIN / "cityflow-processor", "backfill", "--dataset", "comptages"],
        env=on(cluster, output), cwd=output.parent, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    chunks = output / "parts/comptages/chunks"
    deadline = time.monotonic() + 120
    while not any(chunks.rglob("*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    kill()
    assert process.poll() is None
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def only(expected: dict[str, bytes], dataset: str) -> dict[str, bytes]:
    return {name: data for name, data in expected.items() if dataset in name}


def test_every_dataset_comes_out_the_same(
    raw: Path, expected: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    output = store_of(raw, tmp_path / "store")
    cluster.scheduler()
    for _ in range(2):
        cluster.worker(output)

    done = call([BIN / "cityflow-processor", "backfill"], on(cluster, output), tmp_path)

    assert done.returncode == 0, done.stderr
    found = published(output)
    assert found == expected
    assert all(any(f"clean/{one}/" in key for key in found) for one in DATASETS)
    assert not [one for one in (output / "parts/parcels").rglob("*") if one.is_file()]


def test_a_killed_worker_costs_only_its_units(
    raw: Path, expected: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    output = store_of(raw, tmp_path / "store")
    cluster.scheduler()
    workers = [cluster.worker(output) for _ in range(2)]

    done = interrupted(cluster, output, lambda: workers[0].send_signal(signal.SIGKILL))

    assert done.returncode == 0, done.stderr
    assert only(published(output), "comptages") == only(expected, "comptages")


def test_a_lost_scheduler_is_75_and_a_second_run_finishes(
    raw: Path, expected: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    output = store_of(raw, tmp_path / "store")
    scheduler = cluster.scheduler()
    cluster.worker(output)

    done = interrupted(cluster, output, scheduler.kill)

    assert done.returncode == 75, done.stderr
    assert "went away" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    cluster.scheduler()
    cluster.worker(output)
    again = call(
        [BIN / "cityflow-processor", "backfill", "--dataset", "comptages"],
        on(cluster, output), tmp_path,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert only(published(output), "comptages") == only(expected, "comptages")


def test_without_a_scheduler_it_is_75_and_one_line(
    raw: Path, cluster: Cluster, tmp_path: Path
) -> None:
    output = store_of(raw, tmp_path / "store")

    done = call([BIN / "cityflow-processor", "backfill"], on(cluster, output), tmp_path)

    assert done.returncode == 75, done.stderr
    (line,) = done.stderr.splitlines()
    assert cluster.address in line
    assert "no Dask scheduler answered" in line
    assert "ENGINE=local" in line


def test_a_worker_of_another_store_is_refused(raw: Path, cluster: Cluster, tmp_path: Path) -> None:
    output = store_of(raw, tmp_path / "store")
    cluster.scheduler()
    cluster.worker(tmp_path / "another")

    done = call([BIN / "cityflow-processor", "backfill"], on(cluster, output), tmp_path)

    assert done.returncode == 2, done.stderr
    assert "another object store" in done.stderr.splitlines()[-1]
