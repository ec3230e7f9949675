"""The bike-share stations: GBFS and the portal's export, the real files station by station."""

import csv
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import House

from cityflow.calendar import PARIS

NOW = datetime(2025, 7, 1, 10, 0, tzinfo=UTC)
DAY = NOW.date()


@pytest.fixture
def velib(house: House) -> House:
    house.dataset = "velib"
    return house


def station(code: str, bikes: int | None = 5, docks: int | None = 5, **more: Any) -> dict[str, Any]:
    known = {
        "stationCode": code, "station_id": 1, "num_bikes_available": bikes,
        "num_docks_available": docks, "last_reported": int(NOW.timestamp()),
        "num_bikes_available_types": [{"mechanical": bikes}, {"ebike": 0}],
        "is_installed": 1, "is_renting": 1, "is_returning": 1,
    }  # fmt: skip
    return known | more


def status(*stations: Any, at: datetime = NOW) -> str:
    return json.dumps({"lastUpdatedOther": int(at.timestamp()), "data": {"stations": stations}})


def receive(house: House, text: str) -> dict[str, Any]:
    house.receive(text, extension="json", media="json")
    return house.counts()


def test_the_real_gbfs_files(velib: House, real_data: Path) -> None:
    folder = real_data / "velib"
    for name in ("gbfs_station_status_2022-02-23.json", "gbfs_station_information_2022-02-23.json"):
        velib.receive_file(folder / name, extension="json", media="json")
    velib.receive_file(real_data / "arrondissements" / "arrondissements.geojson", "arrondissements")
    counts = velib.counts()
    assert counts["rows_in"] == counts["published"] == 2 * 1439
    day = date(2022, 2, 23)
    source = json.loads((folder / "gbfs_station_status_2022-02-23.json").read_text("utf-8"))
    info = json.loads((folder / "gbfs_station_information_2022-02-23.json").read_text("utf-8"))
    named = {one["stationCode"]: one for one in info["data"]["stations"]}
    stations = {row["station_code"]: row for row in velib.table(day, "stations")}
    newest = max(one["last_reported"] for one in source["data"]["stations"])
    bikes = empty = live = 0
    for one in source["data"]["stations"]:
        row = stations[one["stationCode"]]
        closed = not one["is_installed"] or not (one["is_renting"] or one["is_returning"])
        stale = one["last_reported"] <= newest - 3600
        assert row["status"] == ("closed" if closed else "stale" if stale else "live")
        assert (row["bikes"], row["docks"]) == (
            one["num_bikes_available"], one["num_docks_available"],
        )  # fmt: skip
        if one["stationCode"] in named:
            assert row["station_name"] == named[one["stationCode"]]["name"]
            assert row["capacity"] == named[one["stationCode"]]["capacity"]
        if row["status"] == "live":
            live += 1
            bikes += one["num_bikes_available"]
            empty += one["num_bikes_available"] == 0
    totals = velib.summary(day)["totals"]
    assert (totals["stations"], totals["live"], totals["bikes"]) == (1439, live, bikes)
    assert totals["empty_share"] == empty / live
    zones = velib.table(day, "zones")
    assert sum(zone["bikes"] or 0 for zone in zones) == bikes
    assert "12" in {zone["arrondissement"] for zone in zones}


def test_the_real_export(velib: House, real_data: Path) -> None:
    path = real_data / "velib" / "velib-disponibilite-en-temps-reel_2023-12-10.csv"
    velib.receive_file(path)
    counts = velib.counts()
    assert counts["rows_in"] == counts["published"] == 1469
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))
    day = date(2023, 12, 10)
    found = {row["station_code"]: row for row in velib.table(day, "stations")}
    assert found.keys() == {row["Identifiant station"] for row in rows}
    for row in rows:
        one = found[row["Identifiant station"]]
        assert one["bikes"] == int(row["Nombre total vélos disponibles"])
        assert one["capacity"] == int(row["Capacité de la station"])
        at = datetime.fromisoformat(row["Actualisation de la donnée"])
        assert one["last_reported_at"] == at
    idle = [one for one in found.values() if one["last_reported_at"].date() < day]
    assert len(idle) >= 30
    assert {one["status"] for one in idle} <= {"closed", "stale"}


def test_reports_of_a_day_are_kept_once_each(velib: House) -> None:
    later = NOW + timedelta(minutes=10)
    velib.receive(status(station("1", 0), station("2", 4)), extension="json", media="json")
    again = station("1", 6, 0, last_reported=int(later.timestamp()))
    counts = receive(velib, status(again, station("2", 4), at=later))
    assert (counts["rows_in"], counts["published"], counts["duplicates"]) == (4, 3, 1)
    (one, two) = velib.table(DAY, "stations")
    assert (one["reports"], one["bikes_mean"], one["bikes"]) == (2, 3.0, 6)
    assert (one["empty_share"], one["full_share"], two["reports"]) == (0.5, 0.5, 1)


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26)], ids=["23h", "25h"])
def test_days_on_which_clocks_change_agree_with_a_slow_computation(velib: House, day: date) -> None:
    rng = random.Random(str(day))
    midnight = datetime.combine(day - timedelta(days=1), datetime.min.time(), UTC)
    reports: dict[str, list[dict[str, Any]]] = {str(n): [] for n in range(12)}
    for at in (midnight + timedelta(minutes=30 * n + 10) for n in range(42, 102, 3)):
        stations = []
        for code, held in reports.items():
            last = at - timedelta(seconds=rng.randint(0, 5_000))
            one = station(code, rng.randint(0, 3), rng.randint(0, 3),
                          last_reported=int(last.timestamp()))  # fmt: skip
            stations.append(one)
            if at.astimezone(PARIS).date() == day:
                held.append(one)
        velib.receive(status(*stations, at=at), extension="json", media="json")
    velib.process(day, day)
    last = {code: held[-1] for code, held in reports.items()}
    newest = max(one["last_reported"] for one in last.values())
    found = {row["station_code"]: row for row in velib.table(day, "stations")}
    assert found.keys() == reports.keys()
    for code, held in reports.items():
        bikes, docks = ([one[f"num_{of}_available"] for one in held] for of in ("bikes", "docks"))
        row = found[code]
        assert (row["reports"], row["bikes"], row["docks"]) == (len(held), bikes[-1], docks[-1])
        assert row["bikes_mean"] == pytest.approx(sum(bikes) / len(held), rel=1e-9)
        assert row["empty_share"] == pytest.approx(bikes.count(0) / len(held), rel=1e-9)
        assert row["full_share"] == pytest.approx(docks.count(0) / len(held), rel=1e-9)
        is_stale = last[code]["last_reported"] <= newest - 3600
        assert row["status"] == ("stale" if is_stale else "live")
    live = [one for one in last.values() if one["last_reported"] > newest - 3600]
    totals = velib.summary(day)["totals"]
    assert (totals["live"], totals["reports"]) == (len(live), sum(map(len, reports.values())))
    assert totals["bikes"] == sum(one["num_bikes_available"] for one in live)
    empty = sum(one["num_bikes_available"] == 0 for one in live)
    assert totals["empty_share"] == pytest.approx(empty / len(live), rel=1e-9)
    assert 0 < len(live) < len(last)


def test_stale_and_closed_stations_are_left_out_of_sums(velib: House) -> None:
    old = int((NOW - timedelta(hours=1)).timestamp())
    stations = (
        station("1", 5),
        station("2", 7, last_reported=old),
        station("3", 9, is_installed=0),
        station("4", None, None),
    )
    receive(velib, status(*stations))
    totals = velib.summary(DAY)["totals"]
    assert (totals["stations"], totals["live"], totals["stale"], totals["closed"]) == (4, 2, 1, 1)
    assert (totals["bikes"], totals["docks"], totals["empty"]) == (5, 5, 0)
    assert velib.check(DAY, "freshness")[0] == "yellow"


def test_broken_stations_are_rejects(velib: House) -> None:
    broken = (station("2", -1), station("3", last_reported=None), 5, station(None, station_id=None))
    counts = receive(velib, status(station("1"), *broken))
    assert counts["rejected_by_reason"] == {
        "bad_station": 1, "bad_time": 1, "negative_bikes": 1, "not_an_object": 1,
    }  # fmt: skip
    assert counts["rows_in"] == counts["published"] + counts["rejected"] == 5


def test_a_day_without_reports_says_so(velib: House) -> None:
    receive(velib, status(station("1")))
    velib.process(DAY + timedelta(days=1), DAY + timedelta(days=1))
    nothing = velib.summary(DAY + timedelta(days=1))
    assert (nothing["status"], nothing["totals"]["bikes"]) == ("no_data", None)
