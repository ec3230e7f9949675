"""`cityflow-ingest daily` killed with SIGKILL: run again, it leaves no part, copy or gap."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from harness import House
from published import opened
from standins import PATIENT, quick_city, stand_ins

from cityflow.storage import RawZone, layout
from cityflow.storage.canonical import digest
from cityflow.storage.paging import all_documents

pytestmark = pytest.mark.slow

NOW = "2025-11-06T08:00:00Z"
DATASETS = ("comptages", "bikes", "referentiel", "arrondissements", "chantiers")
"""Those whose answers depend on the time of the city alone, not on the moment of the request."""
KILLS = 20
DAILY = ("cityflow-ingest", "daily", "--json")
STEPS = {
    "mark of a run": "put_if running$",
    "run": "put_if run$",
    "claim": "put_if raw/comptages$",
    "claim of the content": "put_if content/comptages$",
    "bytes": r"link raw/comptages/.*\.csv\.gz$",
    "temporary file": r"remove raw/comptages/.*\.tmp~",
    "receipt": r"link raw/comptages/.*\.meta\.json$",
    "part": r"remove \.fetch/.*\.part$",
    "holding": "put_if holding/comptages$",
    "availability": "put_if source$",
    "end of a mark": "delete running$",
}


@dataclass(frozen=True)
class Rehearsed:
    """An empty house with its sources, and what an uninterrupted run leaves: contents of each
    dataset, holdings, steps of writing, and the seconds it took.
    """

    empty: House
    contents: dict[str, Counter[str]]
    holdings: dict[str, str]
    steps: list[str]
    seconds: float


@pytest.fixture(scope="module")
def rehearsed(scratch: Path) -> Iterator[Rehearsed]:
    folder = scratch / "daily"
    folder.mkdir()
    city = quick_city(folder / "city.toml", window=6, catch_up_days=12, **PATIENT)
    text = re.sub(r"(?m)^changing = \d+", "changing = 3", city.read_text("utf-8"))
    city.write_text(text, encoding="utf-8")
    with stand_ins(NOW, "--arcs", 20, "--late-days", 0, "--revised-days", 0.3) as sources:
        settings = {"CITYFLOW_TENANT": str(city), "CITYFLOW_NOW": NOW, **sources.settings}
        whole = House(folder / "whole", settings)
        whole.folder.mkdir()
        with whole.crash("-", *DAILY) as running:
            ended = running.end(120)
        assert ended.code == 0, ended.err
        steps = whole.steps()
        yield Rehearsed(
            House(folder / "killed", settings), contents(whole), holdings(whole), steps,
            ended.seconds,
        )  # fmt: skip


@pytest.fixture
def killed(rehearsed: Rehearsed) -> Iterator[House]:
    """An empty house for one kill."""
    house = rehearsed.empty
    house.folder.mkdir()
    yield house
    shutil.rmtree(house.folder)


def contents(house: House) -> dict[str, Counter[str]]:
    """Of each dataset the digests of all raw contents, with the number of their copies."""
    with opened(house.output) as store:
        zone = RawZone(store)
        found = {
            dataset: Counter(str(entry.meta.content_sha256) for entry in zone.entries(dataset))
            for dataset in DATASETS
        }
        for dataset in DATASETS:
            for entry in zone.entries(dataset):
                assert digest(store.objects.read(entry.key)) == entry.meta.sha256
    return found


def holdings(house: House) -> dict[str, str]:
    """What is held of each feed and day."""
    with opened(house.output) as store:
        return {
            f"{document.id.key} {document.id.day}": f"{body['status']} {body['rows']}"
            for dataset in DATASETS
            for document in all_documents(store.documents, f"holding/{dataset}")
            for body in [document.body]
        }


def assert_whole(house: House, rehearsed: Rehearsed) -> None:
    """Run again, the house holds what an uninterrupted run leaves, and nothing more."""
    ended = house.run(*DAILY)
    assert ended.code == 0, ended.err
    assert list(house.folder.rglob("*.part")) == []
    assert list(house.folder.rglob("*tmp~*")) == []
    assert contents(house) == rehearsed.contents
    assert max(max(copies.values()) for copies in contents(house).values()) == 1
    assert holdings(house) == rehearsed.holdings
    with opened(house.output) as store:
        keys = {info.key for info in store.objects.list("raw/")}
        bare = {key for key in keys if not key.endswith(".meta.json")}
        assert {layout.raw_meta(key) for key in bare} == keys - bare
        outcomes = [one.body["outcome"] for one in all_documents(store.documents, "run")]
        assert "running" not in outcomes


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment(
    number: int, rehearsed: Rehearsed, killed: House, dice: Callable[[str], Random]
) -> None:
    moment = dice(f"fetch {number}").uniform(0.2, rehearsed.seconds)
    with killed.start(*DAILY) as running:
        running.wait(moment)
        running.kill()
    assert_whole(killed, rehearsed)


@pytest.mark.parametrize("kind", STEPS)
def test_killed_at_a_step_of_writing(
    kind: str, rehearsed: Rehearsed, killed: House, dice: Callable[[str], Random]
) -> None:
    count = sum(re.search(STEPS[kind], step) is not None for step in rehearsed.steps)
    assert count, f"no step is {STEPS[kind]}"
    moment = f"{STEPS[kind]}#{dice(f'step {kind}').randint(1, count)}"
    with killed.crash(moment, *DAILY) as running:
        running.process.wait(120)
    assert running.process.returncode == -9
    assert_whole(killed, rehearsed)


def test_two_at_once_leave_what_one_leaves(rehearsed: Rehearsed, killed: House) -> None:
    with killed.start(*DAILY) as one:
        twin = House(killed.folder / "twin", {**killed.settings, "OUTPUT_DIR": str(killed.output)})
        twin.folder.mkdir()
        with twin.start(*DAILY) as other:
            ended = [one.end(120), other.end(120)]
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    assert_whole(killed, rehearsed)
