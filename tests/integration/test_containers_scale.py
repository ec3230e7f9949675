"""Profile `scale`: the processor's units on a scheduler and two workers, from its own image.

The tests build on one another, in this order: they share a store, of which one part is processed
by the local engine.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import compose_stack
import pytest
from compose_stack import DEMO_NOW, SCRIPT, Stack, docker, wait

pytestmark = pytest.mark.containers

FIRST, LAST = "2025-10-26", "2025-11-04"
RANGE = ("--from", FIRST, "--to", LAST)
LOCAL = {
    "ENGINE": "local", "OUTPUT_DIR": "/data/local", "DATABASE_TYPE": "sqlite",
    "MONGODB_URL_FILE": "",
}  # fmt: skip
COPY = "import shutil; shutil.copytree('/data/raw', '/data/local/raw')"
MADE = """
import hashlib, json, sys
from pathlib import Path
found = {
    str(path.relative_to(sys.argv[1])): hashlib.sha256(path.read_bytes()).hexdigest()
    for top in ("clean", "metrics", "rejects")
    for path in Path(sys.argv[1], top).rglob("*.parquet")
}
print(json.dumps(found))
"""
HEALTH = "{{.State.Health.Status}}"
FIRST_UNIT = """
import time
from pathlib import Path
while not any(Path("/data/parts").rglob("chunks/**/*.json")):
    time.sleep(0.02)
print("done")
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A scheduler, two workers, and raw files of ten days; no service that processes by itself."""
    folder = tmp_path_factory.mktemp("scale")
    with compose_stack.stack(
        folder, "demo,scale", SIMULATOR_NOW=DEMO_NOW, SIMULATOR_ARCS="100"
    ) as made:
        made.start("simulator", "dask-worker")
        made.once("ingest", "fetch", *RANGE)
        yield made


def on_local(stack: Stack, *arguments: str, entry: str = "cityflow-processor") -> str:
    """A command of the processor with the local engine and a store of its own."""
    options = [part for name in LOCAL for part in ("--env", f"{name}={LOCAL[name]}")]
    where = ("run", "--rm", "--no-deps", "--no-TTY", *options, "--entrypoint", entry)
    return stack.compose(*where, "processor", *arguments).stdout


def made(stack: Stack, root: str) -> dict[str, str]:
    """Digests of the tables under a folder."""
    found: dict[str, str] = json.loads(on_local(stack, "-c", MADE, root, entry="python"))
    return found


def test_a_worker_killed_half_way_costs_its_units_and_nothing_else(stack: Stack) -> None:
    pid = stack.pid("dask-worker")
    _, other = stack.containers("dask-worker")
    with subprocess.Popen(
        ["docker", "exec", other["Id"], "python", "-c", FIRST_UNIT], stdout=subprocess.PIPE
    ) as watching, subprocess.Popen(
        [str(SCRIPT), "compose", "run", "--rm", "--no-TTY", "processor", "backfill", *RANGE],
        env=stack.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert watching.communicate(timeout=180)[0] == b"done\n"
        os.kill(pid, signal.SIGKILL)
        assert run.poll() is None
        _, said = run.communicate(timeout=300)

    assert run.returncode == 0, said
    assert "Traceback" not in said
    wait(lambda: stack.is_healthy("dask-worker"), 60, "the worker is back")
    assert len(stack.containers("dask-worker")) == 2


def test_its_bytes_are_those_of_a_local_run(stack: Stack) -> None:
    on_local(stack, "-c", COPY, entry="python")
    on_local(stack, "backfill", *RANGE)
    expected = made(stack, "/data/local")

    assert sum("metrics/comptages" in name for name in expected) > 20
    assert made(stack, "/data") == expected


def test_without_its_scheduler_it_ends_with_75_and_one_line(stack: Stack) -> None:
    stack.compose("stop", "dask-scheduler")
    run = subprocess.Popen(
        [str(SCRIPT), "compose", "run", "--rm", "--no-deps", "--no-TTY", "processor", "run",
         "--date", LAST],
        env=stack.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait(lambda: is_well(stack), 60, "a command that waits is well")
    _, said = run.communicate(timeout=120)

    assert run.returncode == 75, said
    (error,) = [line for line in said.splitlines() if line.startswith("error:")]
    assert "tcp://dask-scheduler:8786: no Dask scheduler answered" in error
    assert "Traceback" not in said


def is_well(stack: Stack) -> bool:
    """What the health check says of the processor that `compose run` started, if it is there."""
    one = stack.one_off("processor")
    return one != "" and docker("inspect", "--format", HEALTH, one).strip() == "healthy"


def test_scheduler_and_workers_are_as_closed_as_the_rest(stack: Stack) -> None:
    inspected = [*stack.containers("dask-scheduler"), *stack.containers("dask-worker")]

    assert len(inspected) == 3
    for one in inspected:
        assert one["Config"]["User"] == "10001:10001"
        assert one["HostConfig"]["ReadonlyRootfs"]
        assert one["HostConfig"]["CapDrop"] == ["ALL"]
        assert not one["HostConfig"]["PortBindings"]
        for network in one["NetworkSettings"]["Networks"]:
            internal = docker("network", "inspect", "--format", "{{.Internal}}", network)
            assert internal.strip() == "true"
