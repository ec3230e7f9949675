"""SIGKILL just before or after one exact step of writing, for every kind of step there is; and at
random moments of ingest and of the reporter.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from harness import House
from published import Reader, Snapshot, differences, leftovers, opened, snapshot

from cityflow.storage import RawZone
from cityflow.storage.canonical import digest

pytestmark = pytest.mark.slow

LAST = "2025-10-28"
SMALL_CHUNKS = {"EC2_CHUNK_SIZE": "2000", "MAX_FILE_SIZE_MB": "1"}
DATASETS = ("comptages", "referentiel", "arrondissements")

STEPS_OF_INGEST = {
    "claim": "put_if raw/comptages$",
    "bytes": r"link raw/comptages/.*\.csv$",
    "temporary file": r"remove raw/comptages/.*\.tmp~",
    "receipt": r"link raw/comptages/.*\.meta\.json$",
    "second receipt": r"rename raw/comptages/.*\.meta\.json$",
}
STEPS_OF_BACKFILL = {
    "chunk": r"rename parts/comptages/chunks/.*\.arrow$",
    "chunk manifest": r"rename parts/comptages/chunks/.*\.json$",
    "attributes": r"rename parts/comptages/files/.*\.attributes\.parquet$",
    "rejects of the file": r"rename parts/comptages/files/.*\.rejects\.parquet$",
    "part": r"rename parts/comptages/dt=.*\.arrow$",
    "file manifest": r"rename parts/comptages/files/[^.]*\.json$",
    "chunk removal": r"remove parts/comptages/chunks/.*\.arrow$",
    "reference table": "link clean/(referentiel|arrondissements)/",
    "reference pointer": "put_if pointer/(referentiel|arrondissements)$",
    "mark of a run": "put_if running$",
    "run": "put_if run$",
    "clean table": "link clean/comptages/",
    "metrics table": "link metrics/comptages/",
    "rejects": "rename rejects/comptages/",
    "edition": "put_if edition/comptages$",
    "pointer": "put_if pointer/comptages$",
    "summary for people": "rename metrics/comptages_metrics_",
    "end of a mark": "delete running$",
}
STEPS_OF_REPORT = {
    "section": "link reports/dt=",
    "edition": "put_if edition/report$",
    "pointer": "put_if pointer/report$",
    "report for people": r"rename reports/daily_report_.*\.json$",
    "run": "put_if run$",
    "end of a mark": "delete running$",
}


@dataclass(frozen=True)
class Stage:
    """A house before a stage, the command, the steps of it uninterrupted, and what they lead to."""

    house: House
    command: tuple[str, ...]
    steps: list[str]
    expected: Snapshot

    def moment(self, kind: str, dice: Random) -> str:
        """One of the steps of a kind, as `crash` is told it."""
        count = sum(re.search(kind, step) is not None for step in self.steps)
        assert count, f"no step is {kind}"
        return f"{kind}#{dice.randint(1, count)}"


def rehearse(house: House, copy: Path, *command: object) -> Stage:
    after, texts = house.copy(copy), tuple(map(str, command))
    with after.crash("-", *texts) as running:
        ended = running.end(120)
    assert ended.code == 0, ended.err
    return Stage(house, texts, after.steps(), everything(after))


def everything(house: House) -> Snapshot:
    """All that is published, and the digests of all raw bytes with the number of their copies."""
    with opened(house.output) as store:
        zone = RawZone(store)
        raw = {
            f"{dataset} {entry.meta.sha256}": digest(store.objects.read(entry.key))
            for dataset in DATASETS
            for entry in zone.entries(dataset)
        }
        stored = [info.key for info in store.objects.list("raw/") if not is_meta(info.key)]
    assert len(stored) == len(raw)
    assert all(name.endswith(held) for name, held in raw.items())
    return snapshot(house.output) | raw


def is_meta(key: str) -> bool:
    return key.endswith(".meta.json")


def assert_healed(stage: Stage, house: House) -> None:
    """The next run ends well, and all is as if there had been no other."""
    ended = house.run(*stage.command)
    assert ended.code == 0, ended.err
    assert differences(everything(house), stage.expected) == []
    assert leftovers(house.output) == []


@pytest.fixture(scope="module")
def ingest(scratch: Path, generate: Callable[..., Path]) -> Stage:
    """One file is held and arrives again; the other one is new."""
    small = generate("small", days=4, arcs=100, end=LAST)
    new = generate("new", days=6, arcs=200, end="2025-10-24", seed=2)
    house = House(scratch / "empty")
    house.folder.mkdir()
    files = [small / f"{name}.{'geojson' if 'arr' in name else 'csv'}" for name in DATASETS]
    assert house.run("cityflow-ingest", "files", *files).code == 0
    arrivals = (small / "comptages.csv", new / "comptages.csv")
    return rehearse(house, scratch / "ingested", "cityflow-ingest", "files", *arrivals)


@pytest.fixture(scope="module")
def backfill(scratch: Path, ingest: Stage) -> Stage:
    house = ingest.house.set(**SMALL_CHUNKS)
    return rehearse(house, scratch / "published", "cityflow-processor", "backfill")


@pytest.fixture(scope="module")
def report(scratch: Path, backfill: Stage) -> Stage:
    house = House(scratch / "published")
    days = ("--from", "2025-10-25", "--to", LAST)
    return rehearse(house, scratch / "reported", "cityflow-reporter", "run", *days)


def crash_and_heal(stage: Stage, kind: str, house: House, dice: Random) -> None:
    crashed = stage.house.copy(house.folder)
    with Reader(crashed.output):
        moment = stage.moment(kind, dice)
        with crashed.crash(moment, *stage.command) as running:
            assert running.end(60).code == -9, moment
        assert_healed(stage, crashed)


@pytest.mark.parametrize("name", STEPS_OF_INGEST)
def test_ingest_may_die_at_any_step(
    name: str, ingest: Stage, house: House, dice: Callable[[str], Random]
) -> None:
    crash_and_heal(ingest, STEPS_OF_INGEST[name], house, dice(name))


@pytest.mark.parametrize("name", STEPS_OF_BACKFILL)
def test_a_backfill_may_die_at_any_step(
    name: str, backfill: Stage, house: House, dice: Callable[[str], Random]
) -> None:
    crash_and_heal(backfill, STEPS_OF_BACKFILL[name], house, dice(name))


@pytest.mark.parametrize("name", STEPS_OF_REPORT)
def test_the_reporter_may_die_at_any_step(
    name: str, report: Stage, house: House, dice: Callable[[str], Random]
) -> None:
    crash_and_heal(report, STEPS_OF_REPORT[name], house, dice(name))


@pytest.mark.parametrize("name", ["ingest", "report"])
def test_any_moment_may_be_the_last(
    name: str,
    request: pytest.FixtureRequest,
    scratch: Path,
    dice: Callable[[str], Random],
) -> None:
    stage: Stage = request.getfixturevalue(name)
    random, kills = dice(f"moments of {name}"), 0
    length = lasts(stage, scratch / f"{name}-timed")
    for number in range(8):
        house = stage.house.copy(scratch / f"{name}-{number}")
        with Reader(house.output):
            with house.start(*stage.command) as running:
                running.wait(random.uniform(0.2, 1) * length)
                kills += running.kill()
            assert_healed(stage, house)
    assert kills >= 4


def lasts(stage: Stage, copy: Path) -> float:
    """Seconds that the stage takes."""
    ended = stage.house.copy(copy).run(*stage.command)
    assert ended.code == 0, ended.err
    return ended.seconds
