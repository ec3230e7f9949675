"""A large file is backfilled by two processes: the bytes are those of one, whichever is killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from harness import House, Running
from published import Snapshot, differences, leftovers, snapshot

pytestmark = pytest.mark.slow

BACKFILL = ("cityflow-processor", "backfill", "--dataset", "comptages", "--json")
SIZE_GB = 0.15
KILLS = 4
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def before(scratch: Path, generate: Callable[..., Path]) -> House:
    """A house that holds a file large enough for two processes."""
    source = generate("large", size_gb=SIZE_GB)
    house = House(scratch / "large.house")
    house.folder.mkdir()
    names = ("comptages.csv", "referentiel.csv", "arrondissements.geojson")
    assert house.run("cityflow-ingest", "files", *(source / name for name in names)).code == 0
    return house


@pytest.fixture(scope="module")
def expected(before: House, scratch: Path) -> Snapshot:
    """What a backfill by one process publishes: one that may use one processor only."""
    alone = replace(before.copy(scratch / "alone"), prefix=("taskset", "--cpu-list", "0"))
    ended = alone.run(*BACKFILL)
    assert ended.code == 0, ended.err
    return snapshot(alone.output)


@pytest.fixture(autouse=True)
def two_processors() -> None:
    assert len(os.sched_getaffinity(0)) > 1, "these tests need a machine with two processors"


def second_of(running: Running) -> int | None:
    """The second process of a command."""
    for thread in Path(f"/proc/{running.process.pid}/task").glob("*/children"):
        for child in thread.read_text().split():
            if b"cityflow_processor.second" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


def wait_for_second(running: Running) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not running.ended:
        if second := second_of(running):
            return second
        time.sleep(0.01)
    raise AssertionError("no second process was started")


@contextmanager
def at_work(house: House, random: Random) -> Iterator[tuple[Running, int]]:
    """A backfill at some moment after its second process was started, and that one's number."""
    with house.start(*BACKFILL) as running:
        second = wait_for_second(running)
        time.sleep(random.uniform(0, 1.2))
        yield running, second


def test_two_processes_give_the_bytes_of_one(
    before: House, expected: Snapshot, scratch: Path
) -> None:
    house = before.copy(scratch / "two")
    with house.start(*BACKFILL) as running:
        wait_for_second(running)
        ended = running.end(120)
    assert ended.code == 0, ended.err
    assert differences(snapshot(house.output), expected) == []
    assert leftovers(house.output) == []


def test_the_second_process_may_be_killed(
    before: House, expected: Snapshot, scratch: Path, dice: Callable[[str], Random]
) -> None:
    random = dice("second")
    for number in range(KILLS):
        house = before.copy(scratch / f"second-{number}")
        with at_work(house, random) as (running, second):
            with suppress(ProcessLookupError):  # it may be done by then
                os.kill(second, signal.SIGKILL)
            ended = running.end(120)
        assert ended.code == 0, ended.err
        assert differences(snapshot(house.output), expected) == []
        assert leftovers(house.output) == []


def test_the_second_process_does_not_outlive_the_first(
    before: House, expected: Snapshot, scratch: Path, dice: Callable[[str], Random]
) -> None:
    random = dice("first")
    for number in range(KILLS):
        house = before.copy(scratch / f"first-{number}")
        with at_work(house, random) as (running, second):
            running.kill()
        again = house.run(*BACKFILL)  # at once: the second process may still be at its last unit
        assert again.code == 0, again.err
        assert differences(snapshot(house.output), expected) == []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Path(f"/proc/{second}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{second}").exists()
