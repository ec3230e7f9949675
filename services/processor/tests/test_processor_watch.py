"""`backfill --watch`: what ingest holds and no run has read is processed, and nothing else."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import FIRST_RECEIPT, House, row, stamps, text_of

from cityflow.contracts import Holding
from cityflow.settings import Settings
from cityflow.storage import DocumentId, NewRaw, RawZone, first_meta
from cityflow_processor.backfill import process
from cityflow_processor.datasets import process as process_any
from cityflow_processor.engine import LocalEngine
from cityflow_processor.turns import Turns

DAYS = [date(2025, 3, 3) + timedelta(days=n) for n in range(4)]
FEED = "comptages-routiers-permanents"
AREA = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]}


def file(day: date, flow: int = 100) -> str:
    return text_of([row(t_1h=stamp, q=f"{flow}.0") for stamp in stamps(day, 5, 6)])


def hold(house: House, day: date, flow: int | None = 100) -> None:
    """A day as ingest fetches and holds it; without a flow, one that the source lacks."""
    key = None
    if flow is not None:
        sha256 = house.receive(file(day, flow))
        key = next(e.key for e in RawZone(house.store).entries("comptages")
                   if e.meta.sha256 == sha256)  # fmt: skip
    holding = Holding(
        dataset="comptages", feed=FEED, day=day, status="held" if key else "missing",
        rows=2 if key else 0, key=key, asked_at=FIRST_RECEIPT,
    )  # fmt: skip
    id = DocumentId("holding/comptages", day, FEED)
    house.store.documents.put(id, holding.model_dump(mode="json"))


@pytest.fixture
def turns(house: House) -> Turns:
    settings = Settings(output_dir=house.folder)
    return Turns(lambda store, asked: process(store, LocalEngine(store), settings, asked))


def taken(turns: Turns, house: House) -> list[date]:
    """The days that a turn processed."""
    return [done.day for result in turns.take(house.store) for done in result.days]


def again(turns: Turns) -> Turns:
    """The same after a restart."""
    return Turns(turns._process)


def test_what_is_fetched_is_processed_once(house: House, turns: Turns) -> None:
    for day in DAYS[:2]:
        hold(house, day)
    assert taken(turns, house) == DAYS[:2]
    assert taken(turns, house) == []
    assert taken(again(turns), house) == []


def test_only_the_day_that_changed_is_processed_again(house: House, turns: Turns) -> None:
    for day in DAYS:
        hold(house, day)
    taken(turns, house)
    before = house.editions()
    hold(house, DAYS[1], flow=200)
    assert taken(turns, house) == [DAYS[1]]
    changed = {day for day, edition in house.editions().items() if before[day] != edition}
    assert changed == {DAYS[1]}
    assert taken(again(turns), house) == []


def test_a_day_that_takes_an_earlier_version_again_is_processed(house: House, turns: Turns) -> None:
    hold(house, DAYS[0])
    taken(turns, house)
    first = house.edition(DAYS[0])
    hold(house, DAYS[0], flow=200)
    taken(turns, house)
    hold(house, DAYS[0])
    assert taken(turns, house) == [DAYS[0]]
    assert house.edition(DAYS[0]) == first


def test_a_day_the_source_lacks_is_published_as_such_between_others(
    house: House, turns: Turns
) -> None:
    hold(house, DAYS[0])
    hold(house, DAYS[1], flow=None)
    assert taken(turns, house) == DAYS[:2]
    pointer = house.pointer(DAYS[1])
    assert pointer is not None
    assert pointer.status == "no_data"
    assert taken(again(turns), house) == []
    hold(house, DAYS[1])
    assert taken(turns, house) == [DAYS[1]]


def test_days_before_anything_is_held_are_left(house: House, turns: Turns) -> None:
    hold(house, DAYS[0], flow=None)
    hold(house, DAYS[1])
    taken(turns, house)
    assert house.pointers().keys() == {DAYS[1]}


def test_a_file_ingested_by_hand_is_processed_with_all_its_days(house: House, turns: Turns) -> None:
    hold(house, DAYS[0])
    taken(turns, house)
    house.receive(file(DAYS[2]) + file(DAYS[3]).partition("\n")[2])
    found = taken(turns, house)
    assert found
    assert set(found) >= set(DAYS[2:])
    assert taken(again(turns), house) == []


def test_a_file_registered_outside_is_processed(house: House, turns: Turns, tmp_path: Path) -> None:

    path = tmp_path / "history.csv"
    path.write_text(file(DAYS[3]))
    new = NewRaw("comptages", "csv", "csv", "plain", False, path.name, 0, FIRST_RECEIPT)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    RawZone(house.store).outside.register(path, first_meta(new, sha256, path.stat().st_size))
    assert taken(turns, house) == [DAYS[3]]
    assert taken(again(turns), house) == []


def test_a_new_reference_bears_on_every_day(house: House, turns: Turns) -> None:

    for day in DAYS[:2]:
        hold(house, day)
    taken(turns, house)
    feature = {"type": "Feature", "geometry": AREA,
               "properties": {"c_ar": 8, "l_ar": "8ème Ardt", "l_aroff": "Élysée"}}  # fmt: skip
    areas = json.dumps({"type": "FeatureCollection", "features": [feature]})
    known = {"extension": "geojson", "media": "geojson", "received_at": FIRST_RECEIPT}
    house.receive(areas, "arrondissements", **known)
    assert taken(turns, house) == DAYS[:2]
    house.receive(areas, "arrondissements", **known | {"received_at": datetime.now().astimezone()})
    assert taken(turns, house) == []


def test_nothing_there_is_nothing_to_do(house: House, turns: Turns) -> None:
    assert taken(turns, house) == []
    assert taken(turns, house) == []


def test_the_command_stays_processes_what_arrives_and_ends_when_asked(house: House) -> None:
    hold(house, DAYS[0])
    command = [str(Path(sys.executable).with_name("cityflow-processor")), "backfill", "--watch"]
    environ = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(house.folder)}
    with subprocess.Popen(command, env=environ, cwd=house.folder) as process_:
        try:
            until(lambda: house.pointer(DAYS[0]) is not None)
            asked_at = time.monotonic()
            process_.send_signal(signal.SIGTERM)
            assert process_.wait(10) == 0
            assert time.monotonic() - asked_at < 10
        finally:
            process_.kill()


def until(found: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_watching_takes_no_days(command: Callable[..., Any]) -> None:
    ended = command("backfill", "--watch", "--from", "2025-03-03")
    assert ended.code == 2
    assert "leave out --from and --to" in ended.err


def notice(at: datetime, *titles: str) -> str:
    """An answer of PRIM that was made at an instant."""
    period = {"begin": "20250101T000000", "end": "20251231T000000"}
    known = [{"id": title, "cause": "TRAVAUX", "severity": "PERTURBEE", "title": title,
              "applicationPeriods": [period]} for title in titles]  # fmt: skip
    made = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"disruptions": known, "lines": [], "lastUpdatedDate": made})


@pytest.fixture
def transit(house: House) -> Turns:
    house.dataset = "traffic"
    return turns_of(house, "traffic")


def turns_of(house: House, dataset: str) -> Turns:
    settings = Settings(output_dir=house.folder)
    return Turns(lambda store, asked: process_any(store, settings, dataset, asked), dataset)


def test_of_snapshots_only_the_days_that_one_bears_on_are_processed(
    house: House, transit: Turns
) -> None:
    first = datetime(2025, 3, 3, 9, tzinfo=UTC)
    known = {"media": "json", "extension": "json"}
    for hours in (0, 1, 24, 48):
        house.receive(notice(first + timedelta(hours=hours), "a"), **known)
    assert taken(transit, house) == DAYS[:3]
    assert taken(turns_of(house, "traffic"), house) == []
    house.receive(notice(first + timedelta(hours=48, minutes=30), "a", "b"), **known)
    assert taken(transit, house) == [DAYS[2]]
    assert taken(turns_of(house, "traffic"), house) == []
    # The last of a day is the first look of the next one, which tells when each was first seen.
    house.receive(notice(first + timedelta(hours=2), "b"), **known)
    assert taken(transit, house) == DAYS[:3]
    (row,) = [r for r in house.table(DAYS[2], "episodes") if r["disruption_id"] == "b"]
    assert row["first_seen_at"] == first + timedelta(hours=2)
    kept = house.editions()
    house.process()
    assert house.editions() == kept


def test_a_list_that_arrives_again_renews_the_days_it_is_the_last_of(house: House) -> None:
    house.dataset = "chantiers"
    turns = turns_of(house, "chantiers")
    works = "identifiant,date_debut,date_fin,impact_circulation\nw1,2025-03-01,2025-03-09,IMPASSE\n"
    others = works + "w2,2025-03-02,2025-03-08,IMPASSE\n"
    for text, days in ((works, 0), (others, 1)):
        at = datetime(2025, 3, 3 + days, 9, tzinfo=UTC)
        house.receive(text, received_at=at)
    assert taken(turns, house) == DAYS[:2]
    house.receive(works, received_at=datetime(2025, 3, 3, 11, tzinfo=UTC))
    assert taken(turns, house) == [DAYS[0]]
    kept = house.editions()
    house.process()
    assert house.editions() == kept
