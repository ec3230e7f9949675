"""SIGKILL at any moment of a backfill loses nothing, shows nothing half done, repeats no chunk.

The store already holds published days; a second file adds days and rewrites some of them.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from harness import House
from published import Reader, Snapshot, differences, leftovers, opened, runs, snapshot

from cityflow.storage import RawZone

pytestmark = pytest.mark.slow

BACKFILL = ("cityflow-processor", "backfill", "--json")
KILLS = 20
LOOK = 0.01
"""Seconds between two looks at how far a run has come."""
PHASES = ("starting", "reading chunks", "merging", "publishing days")
SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "2000", "MAX_FILE_SIZE_MB": "1"}


@dataclass(frozen=True)
class Backfill:
    """A house before a backfill, the file it will read, and what it holds after it."""

    house: House
    raw: str
    """How its keys in the parts cache start: twelve digits of the file's digest."""
    editions: int
    expected: Snapshot
    starts: tuple[float, ...]
    """When each phase was seen to begin, and when the last ended: seconds."""

    def phase(self, output: Path) -> int:
        """How far a run has come, by what it has written."""
        parts = output / "parts" / "comptages"
        if any(parts.glob(f"files/{self.raw}-*.json")):
            return 3
        if any(parts.glob(f"files/{self.raw}-*")) or any(parts.glob(f"dt=*/{self.raw}-*")):
            return 2
        return 1 if finished_chunks(output) else 0


def finished_chunks(output: Path) -> set[str]:
    chunks = (output / "parts" / "comptages" / "chunks").glob("*/*/*.json")
    return {str(path.relative_to(output)) for path in chunks}


@pytest.fixture(scope="module")
def backfill(scratch: Path, generate: Callable[..., Path]) -> Backfill:
    first = generate("first", days=4, arcs=100, end="2025-10-30")
    second = generate("second", days=8, arcs=400, end="2025-11-06", seed=2)
    house = House(scratch / "before", SMALL_CHUNKS)
    house.folder.mkdir()
    places = [second / name for name in ("referentiel.csv", "arrondissements.geojson")]
    assert house.run("cityflow-ingest", "files", first / "comptages.csv", *places).code == 0
    done = house.run(*BACKFILL).comptages["editions"]
    assert house.run("cityflow-ingest", "files", second / "comptages.csv").code == 0
    with opened(house.output) as store:
        last = RawZone(store).entries("comptages")[-1].meta.sha256[:12]
    before = Backfill(house, last, done["new"], {}, ())
    after = house.copy(scratch / "after")
    starts = watched(before, after)
    return Backfill(house, last, done["new"], snapshot(after.output), starts)


def watched(before: Backfill, house: House) -> tuple[float, ...]:
    """Times at which the phases of an uninterrupted backfill begin, and its end."""
    began, starts = time.monotonic(), [0.0]
    with house.start(*BACKFILL) as running:
        while not running.ended:
            phase = before.phase(house.output)
            starts += [time.monotonic() - began] * (phase + 1 - len(starts))
            time.sleep(LOOK)
        ended = running.end(60)
    assert ended.code == 0, ended.err
    assert ended.comptages["editions"]["new"] > before.editions
    return (*starts, time.monotonic() - began)


def kill_in(phase: int, backfill: Backfill, house: House, dice: Random) -> int:
    """Kill a backfill somewhere in this phase; the phase it was truly killed in."""
    length = backfill.starts[phase + 1] - backfill.starts[phase]
    for attempt in range(5):
        with house.start(*BACKFILL) as running:
            while not running.ended and backfill.phase(house.output) < phase:
                time.sleep(LOOK)
            time.sleep(dice.uniform(0, 0.9**attempt * length))
            if running.kill():
                return backfill.phase(house.output)
    raise AssertionError(f"the run ends before it can be killed while {PHASES[phase]}")


def assert_whole(backfill: Backfill, house: House) -> None:
    """All is as if nothing had happened, but for the ledger, which tells it."""
    assert differences(snapshot(house.output), backfill.expected) == []
    assert leftovers(house.output) == []


def resume(backfill: Backfill, house: House) -> None:
    """The next run ends well and does nothing again that was finished."""
    split = backfill.phase(house.output) == 3
    finished = finished_chunks(house.output)
    house.steps()
    with house.crash("-", *BACKFILL) as running:
        ended = running.end(120)
    assert ended.code == 0, ended.err
    written = {step.partition(" ")[2] for step in house.steps() if step.startswith("rename ")}
    assert not any("/chunks/" in key for key in written) or not split
    again = {key.removesuffix(".json") for key in finished} & {chunk_of(key) for key in written}
    assert not again, f"read twice: {again}"


def chunk_of(key: str) -> str:
    """The chunk a file belongs to: `…/000003-0a1b2c3d.arrow` and `…/000003.json` are one."""
    return re.sub(r"(-[0-9a-f]{8})?\.[a-z.]+$", "", key)


def test_any_moment_of_a_backfill_may_be_its_last(
    backfill: Backfill, scratch: Path, dice: Callable[[str], Random]
) -> None:
    random = dice("backfill")
    killed: Counter[str] = Counter()
    seen = 0
    for number in range(KILLS):
        house = backfill.house.copy(scratch / f"killed-{number}")
        with Reader(house.output) as reader:
            phase = kill_in(number % len(PHASES), backfill, house, random)
            resume(backfill, house)
        assert_whole(backfill, house)
        killed[PHASES[phase]] += 1
        seen += reader.rounds
    print(f"killed while {dict(killed)}; the reader looked {seen} times")
    assert killed.keys() == set(PHASES)
    assert seen > 10 * KILLS


def test_a_backfill_killed_again_and_again_gets_done(
    backfill: Backfill, scratch: Path, dice: Callable[[str], Random]
) -> None:
    random = dice("again")
    house = backfill.house.copy(scratch / "again")
    chunks: set[str] = set()
    kills, patience = 0, backfill.starts[1] + 1
    with Reader(house.output):
        while True:
            with house.start(*BACKFILL) as running:
                time.sleep(random.uniform(backfill.starts[1], patience))
                if not running.kill():
                    break
            kills += 1
            patience += 0.3
            assert backfill.phase(house.output) != 1 or chunks <= finished_chunks(house.output)
            chunks = finished_chunks(house.output)
    with opened(house.output) as store:
        outcomes = Counter(run.outcome for run in runs(store))
    assert kills  # how many fit in depends on the machine
    assert_whole(backfill, house)
    assert outcomes.keys() <= {"new", "unchanged", "interrupted"}


def test_a_run_that_was_killed_is_closed_as_interrupted(backfill: Backfill, scratch: Path) -> None:
    house = backfill.house.copy(scratch / "orphan")
    with house.crash("after put_if pointer#2", *BACKFILL) as running:
        assert running.end(60).code == -9
    with opened(house.output) as store:
        orphans = [run.run_id for run in runs(store) if run.outcome == "running"]
    assert len(orphans) in (1, 2)  # two days are worked on at a time
    resume(backfill, house)
    with opened(house.output) as store:
        ends = {run.run_id: run for run in runs(store)}
    for run_id in orphans:
        assert ends[run_id].outcome == "interrupted"
        assert ends[run_id].ended_at is not None
        assert "ended without closing it" in ends[run_id].error
    assert_whole(backfill, house)
