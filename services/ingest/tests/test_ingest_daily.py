"""`daily` asks for what is due, `status` tells how things stand, `--watch` stays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from ingest_portal import NOW, Portal, portal, quick_paris
from ingest_server import Reply, Request, closed_port, serving

from cityflow.contracts import Dataset
from cityflow.storage import RawZone, Store
from cityflow_ingest.collecting import Collected, Skipped, Wanted
from cityflow_ingest.fetching import Fetched
from cityflow_ingest.tenant import UrlSetting, load_tenant
from cityflow_ingest.turns import FIRST_WAIT, LONGEST_WAIT, Patience

Command = Callable[..., Any]
ROADS = "comptages-routiers-permanents"
AT = datetime.fromisoformat(NOW)
HOURS = [f"2025-10-{day}T{hour:02}:00" for day in (30, 31) for hour in range(24)]
METEO = {"latitude": 48.86, "longitude": 2.34, "utc_offset_seconds": 0, "timezone": "GMT"}


def others(request: Request) -> Reply:
    """Weather, bike share and holidays, as their sources answer."""
    station = {"station_id": 1, "num_bikes_available": 2, "num_docks_available": 3}
    places = {"station_id": 1, "lat": 48.8, "lon": 2.3, "name": "A"}
    many = [f"2025-11-01T{n:02}" for n in range(24 * 14)]
    answers: dict[str, Any] = {
        "/v1/forecast": {**METEO, "hourly": {"time": many, "rain": [0.0] * len(many)}},
        "/v1/archive": {**METEO, "hourly": {"time": HOURS, "rain": [None] * len(HOURS)}},
        "/station_status.json": {"lastUpdatedOther": 1, "data": {"stations": [station]}},
        "/station_information.json": {"data": {"stations": [places] * 2}},
        "/jours-feries/metropole/2025.json": {"2025-11-11": "11 novembre"},
        "/jours-feries/metropole/2026.json": {"2026-01-01": "1er janvier", "2026-05-01": "1er mai"},
    }
    if request.path not in answers:
        return Reply(b'{"message": "not here"}', status=404)
    return Reply(json.dumps(answers[request.path]).encode())


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with portal(hosts=1) as one:
        yield one


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with serving(others) as server:
        yield server.url


@pytest.fixture
def environ(running: Portal, elsewhere: str, tmp_path: Path) -> dict[str, str]:
    running.fail()
    running.at(NOW)
    return {
        **dict.fromkeys(get_args(UrlSetting), elsewhere),
        "PRIM_URL": closed_port(),
        "OPENDATASOFT_HOSTS": running.urls,
        "CITYFLOW_TENANT": str(quick_paris(tmp_path / "paris.toml")),
        "CITYFLOW_NOW": NOW,
    }


@pytest.fixture
def daily(
    environ: Mapping[str, str], ingest: Command, running: Portal, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Runs `daily --json` so long after NOW, of one dataset or all."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def run(after: timedelta = timedelta(0), dataset: str | None = "comptages") -> Any:
        instant = (AT + after).astimezone(UTC).isoformat()
        monkeypatch.setenv("CITYFLOW_NOW", instant)
        running.at(instant)
        return ingest("daily", "--json", *(("--dataset", dataset) if dataset else ()))

    return run


def asked(ended: Any, feed: str) -> list[str]:
    return [one["day"] for one in ended.document["fetched"] if one["feed"] == feed]


def test_the_first_daily_run_fetches_what_there_is(daily: Callable[..., Any], store: Store) -> None:
    ended = daily(dataset=None)
    assert ended.code == 0
    assert asked(ended, ROADS)[:2] == ["2025-11-04", "2025-11-03"]
    assert len(asked(ended, ROADS)) == 16
    outcomes = {one["feed"]: (one["outcome"], one["rows"]) for one in ended.document["fetched"]}
    assert outcomes["open-meteo-forecast"] == ("new", 24 * 14)
    assert outcomes["open-meteo-archive"] == ("unchanged", 48)
    assert outcomes["gbfs-station-status"] == ("new", 1)
    assert outcomes["gbfs-station-information"] == ("new", 2)
    assert outcomes["jours-feries"] == ("new", 1)
    assert outcomes["jours-feries-next-year"] == ("new", 2)
    assert [one["feed"] for one in ended.document["skipped"]] == [
        "comptage-velo-donnees-compteurs", "prim-disruptions",
    ]  # fmt: skip
    for dataset in ("weather", "velib", "calendar"):
        assert RawZone(store).entries(dataset)


def test_a_second_run_goes_on_with_the_days_the_source_forgets_first(
    daily: Callable[..., Any],
) -> None:
    assert asked(daily(), ROADS)[14:] == ["2024-10-07", "2024-10-08"]
    assert asked(daily(timedelta(minutes=5)), ROADS) == ["2024-10-09", "2024-10-10"]


def test_the_next_day_the_changing_days_and_the_new_one(daily: Callable[..., Any]) -> None:
    daily()
    ended = daily(timedelta(days=1))
    days = asked(ended, ROADS)
    assert days[:14] == [str(date(2025, 11, 5) - timedelta(days=n)) for n in range(14)]
    outcomes = [one["outcome"] for one in ended.document["fetched"] if one["feed"] == ROADS]
    assert outcomes[:14] == ["new"] + ["unchanged"] * 13


def test_a_day_that_fails_is_due_the_next_time(daily: Callable[..., Any], running: Portal) -> None:
    running.fail({"kind": "html", "path": f"*/{ROADS}/exports/*", "times": 1})
    first = daily()
    assert first.code == 0
    assert first.document["fetched"][0]["outcome"] == "failed"
    second = daily(timedelta(minutes=1))
    assert asked(second, ROADS)[-1] == "2025-11-04"
    assert "2025-11-03" not in asked(second, ROADS)
    assert "2025-11-04" not in asked(daily(timedelta(minutes=2)), ROADS)


def test_days_that_always_fail_keep_no_other_day_from_its_turn(
    daily: Callable[..., Any], ingest: Command, running: Portal
) -> None:
    """Three failures in a row end a feed's turn: here the three oldest days never come."""
    never = ["2024-10-07", "2024-10-08", "2025-11-02", "2025-11-03", "2025-11-04"]
    running.fail(
        *({"kind": "html", "query": f"*t_1h>date'{day}T*", "path": f"*/{ROADS}/exports/*"}
          for day in never)
    )  # fmt: skip
    first = daily()
    assert asked(first, ROADS) == ["2025-11-04", "2025-11-03", "2025-11-02"]
    assert first.code == 3
    second = daily(timedelta(minutes=1))
    assert len(asked(second, ROADS)) == 11 + 2 + 1
    assert second.code == 0
    third = daily(timedelta(minutes=2))
    assert asked(third, ROADS)[:2] == ["2024-10-09", "2024-10-10"]
    roads = next(one for one in ingest("status", "--json").document["feeds"]
                 if one["feed"] == ROADS)  # fmt: skip
    assert roads["failing"] == never
    assert "failing" in ingest("status").out


def test_status_tells_freshness_gaps_and_availability(
    daily: Callable[..., Any], ingest: Command, running: Portal
) -> None:
    daily()
    running.fail({"kind": "status", "status": 503, "times": 2})
    daily(timedelta(days=1))
    document = ingest("status", "--json").document
    feeds = {one["feed"]: one for one in document["feeds"]}
    roads = feeds[ROADS]
    assert roads["last_success"].startswith("2025-11-07 08:00")
    assert (roads["last_day"], roads["late"]) == ("2025-11-05", False)
    assert roads["age_hours"] == 33.0
    assert "2024-12-01" in roads["not_asked"]
    assert feeds["prim-disruptions"]["last_success"] is None
    sources = {one["source"]: one for one in document["sources"]}
    portal_ = sources["opendatasoft"]
    assert [day["day"] for day in portal_["days"]] == ["2025-11-06", "2025-11-07"]
    assert portal_["days"][1]["reasons"]["HTTP 503"] == 2
    assert 0.5 < portal_["availability"] < 1
    assert sources["prim"]["availability"] is None
    assert ingest("status").code == 0


def test_what_is_late_is_said(
    daily: Callable[..., Any], ingest: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily()
    monkeypatch.setenv("CITYFLOW_NOW", (AT + timedelta(days=2)).isoformat())
    feeds = {one["feed"]: one for one in ingest("status", "--json").document["feeds"]}
    assert feeds[ROADS]["late"]
    assert feeds["open-meteo-forecast"]["late"] is None
    assert "late" in ingest("status").out


def test_watching_fetches_and_ends_when_asked(
    environ: Mapping[str, str], output: Path, running: Portal
) -> None:
    command = [str(Path(sys.executable).with_name("cityflow-ingest")), "daily", "--watch"]
    settings = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(output), **environ}
    with subprocess.Popen(command, env=settings, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not list(output.rglob("raw/comptages/*/*.csv.gz")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        asked_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - asked_at < 10
    assert list(output.rglob("*.part")) == []


PARIS = load_tenant("paris")
WORKS = PARIS.feeds["chantiers-perturbants"]
VELIB = PARIS.feeds["velib-disponibilite-en-temps-reel"]
PRIM, STOPS = PARIS.feeds["prim-disruptions"], PARIS.feeds["arrets-lignes"]
TODAY = date(2025, 11, 6)


def test_a_feed_that_fails_is_given_time_and_the_others_are_not() -> None:
    patience = Patience()
    wanted = [Wanted(WORKS, [TODAY]), Wanted(VELIB, [TODAY])]
    bad = Fetched(WORKS.name, Dataset.CHANTIERS, TODAY, "failed")
    good = Fetched(VELIB.name, Dataset.VELIB, TODAY, "new")
    patience.note(Collected([bad, good]), AT)
    assert [one.feed for one in patience.of(wanted, AT)] == [VELIB]
    assert len(patience.of(wanted, AT + FIRST_WAIT)) == 2
    now = AT
    for _ in range(9):
        now += LONGEST_WAIT
        patience.note(Collected([], [Skipped(WORKS.name, Dataset.CHANTIERS, [TODAY], "no")]), now)
    assert [one.feed for one in patience.of(wanted, now + LONGEST_WAIT / 2)] == [VELIB]
    assert len(patience.of(wanted, now + LONGEST_WAIT)) == 2
    patience.note(Collected([Fetched(WORKS.name, Dataset.CHANTIERS, TODAY, "unchanged")]), now)
    assert len(patience.of(wanted, now)) == 2


def test_a_list_alone_is_nothing_of_its_dataset() -> None:
    of_list = Fetched(STOPS.name, Dataset.TRAFFIC, TODAY, "new")
    without_key = Skipped(PRIM.name, Dataset.TRAFFIC, [TODAY], "PRIM_API_KEY is not set")
    lists = frozenset(feed.name for feed in PARIS.feeds.values() if feed.is_list)
    collected = Collected([of_list], [without_key], lists)
    assert collected.without([Dataset.TRAFFIC]) == [Dataset.TRAFFIC]
    assert collected.reasons(Dataset.TRAFFIC) == ["PRIM_API_KEY is not set"]
    answered = Fetched(PRIM.name, Dataset.TRAFFIC, TODAY, "unchanged")
    assert Collected([of_list, answered], [], lists).without([Dataset.TRAFFIC]) == []
    assert Collected([of_list], [], lists).without([Dataset.TRAFFIC]) == []
