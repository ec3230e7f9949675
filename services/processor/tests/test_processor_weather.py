"""The weather: every published form, the real files against the standard library, categories."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from processor_house import House

from cityflow.calendar import PARIS
from cityflow_processor.weather.category import category

DAY = date(2025, 7, 1)


@pytest.fixture
def weather(house: House) -> House:
    house.dataset = "weather"
    return house


def answer(zone: str, times: list[str], **columns: list[Any]) -> str:
    hourly = {"time": times, "temperature_2m": [10.0] * len(times), **columns}
    place = {"latitude": 48.86, "longitude": 2.34, "utc_offset_seconds": 0, "timezone": zone}
    return json.dumps({**place, "hourly_units": {"temperature_2m": "°C"}, "hourly": hourly})


def receive(house: House, text: str) -> dict[str, Any]:
    house.receive(text, extension="json", media="json")
    return house.counts()


def test_the_real_hours_agree_with_a_slow_computation(weather: House, real_data: Path) -> None:
    path = real_data / "weather" / "open-meteo_hourly_48.86N2.34E_2024-01_2025-08.csv"
    weather.receive_file(path)
    counts = weather.counts(first=date(2025, 3, 28), last=date(2025, 4, 2))
    assert counts["rows_in"] == counts["published"] + counts["out_of_range"] == 14_616
    days: dict[date, list[dict[str, str]]] = defaultdict(list)
    for row in csv.DictReader(path.read_text("utf-8").splitlines()[3:]):
        start = datetime.fromisoformat(row["time"]).replace(tzinfo=UTC)
        days[start.astimezone(PARIS).date()].append(row)
    weather.process(date(2024, 10, 26), date(2024, 10, 28))
    for day in (date(2025, 3, 30), date(2025, 4, 1), date(2024, 10, 27)):
        rows, summary = days[day], weather.summary(day)
        found = summary["reference"]
        temperatures = [float(row["temperature_2m (°C)"]) for row in rows]
        rain = [float(row["precipitation (mm)"]) for row in rows]
        assert found["hours"] == len(rows) == summary["hours_in_day"]
        assert found["temperature_c"] == fsum(temperatures) / len(rows)
        lowest, highest = found["temperature_min_c"], found["temperature_max_c"]
        assert (lowest, highest) == (min(temperatures), max(temperatures))
        assert found["precipitation_mm"] == fsum(rain)
        assert [hour["temperature_c"] for hour in summary["hourly"]] == temperatures
        starts = [datetime.fromisoformat(row["time"]).replace(tzinfo=UTC) for row in rows]
        assert [hour["hour_of_day"] for hour in summary["hourly"]] == [
            start.astimezone(PARIS).hour for start in starts
        ]


def test_the_real_stations_row_by_row(weather: House, real_data: Path) -> None:
    path = real_data / "weather" / "meteo-france_Q_75_latest-2023-2024_RR-T-Vent.csv"
    weather.receive_file(path)
    day = date(2024, 4, 28)
    counts = weather.counts(first=day, last=day)
    assert counts["rows_in"] == counts["published"] + counts["out_of_range"] == 2966
    rows = [
        row
        for row in csv.DictReader(path.read_text("utf-8").splitlines(), delimiter=";")
        if row["AAAAMMJJ"] == "20240428"
    ]
    found = {row["place"]: row for row in weather.table(day, "places")}
    assert found.keys() == {row["NUM_POSTE"].strip() for row in rows}
    for row in rows:
        place = found[row["NUM_POSTE"].strip()]
        for name, column in (("RR", "precipitation_mm"), ("TN", "temperature_min_c")):
            assert place[column] == (float(row[name]) if row[name] else None)
        wind = round(float(row["FXI"]) * 3.6, 2) if row["FXI"] else None
        assert place["gust_kmh"] == wind


def test_the_asked_day_is_a_local_one(weather: House) -> None:
    first = datetime(2025, 6, 30, 22, tzinfo=UTC)
    times = [f"{first + timedelta(hours=n):%Y-%m-%dT%H:%M}" for n in range(26)]
    counts = receive(weather, answer("GMT", times))
    assert counts["rows_in"] == counts["published"] == 26
    assert weather.summary(DAY)["coverage"] == 1.0
    assert weather.summary(DAY)["hourly"][0]["hour_of_day"] == 0
    assert weather.check(date(2025, 7, 2), "coverage")[0] == "yellow"


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_local_times_when_clocks_change(weather: House, day: date, hours: int) -> None:
    midnight = datetime.combine(day, datetime.min.time(), PARIS).astimezone(UTC)
    instants = [midnight + timedelta(hours=n) for n in range(hours)]
    times = [f"{at.astimezone(PARIS):%Y-%m-%dT%H:%M}" for at in instants]
    receive(weather, answer("Europe/Paris", times))
    assert [row["start"] for row in weather.table(day, "hours")] == instants


def test_nulls_units_and_broken_rows(weather: House) -> None:
    times = ["2025-07-01T00:00", "2025-07-01T01:00", "soon"]
    rain = [None, 0.4, 0.0]
    counts = receive(weather, answer("GMT", times, precipitation=rain))
    assert (counts["rows_in"], counts["published"]) == (3, 2)
    assert counts["rejected_by_reason"] == {"bad_time": 1}
    reference = weather.summary(DAY)["reference"]
    assert (reference["precipitation_mm"], reference["rain_hours"]) == (0.4, 1)
    assert reference["snowfall_cm"] is None
    text = answer("GMT", times).replace("\\u00b0C", "\\u00b0F")
    assert "the unit °F" in receive(weather, text)["unreadable"][0]


QUIET: dict[str, Any] = {
    "codes": [3], "precipitation_mm": 0.0, "gust_kmh": 20.0, "temperature_min_c": 8.0,
    "temperature_max_c": 15.0, "snowfall_cm": 0.0, "wettest_mm": 0.0, "fog_hours": 0,
    "strongest_wind_kmh": 20.0, "strongest_gust_kmh": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "fair"),
        ({"codes": [3, 95]}, "storm"),
        ({"gust_kmh": 90.0}, "storm"),
        ({"codes": [73]}, "snow"),
        ({"codes": [66]}, "ice"),
        ({"temperature_min_c": -1.0, "precipitation_mm": 0.2}, "ice"),
        ({"precipitation_mm": 10.0}, "heavy_rain"),
        ({"precipitation_mm": 4.0, "wettest_mm": 4.0}, "heavy_rain"),
        ({"gust_kmh": 60.0, "strongest_gust_kmh": 60.0}, "fair"),
        ({"gust_kmh": 70.0, "strongest_gust_kmh": 70.0}, "windy"),
        ({"gust_kmh": 50.0, "strongest_wind_kmh": 50.0}, "windy"),
        ({"precipitation_mm": 1.0}, "rain"),
        ({"fog_hours": 3}, "fog"),
        ({"temperature_max_c": 30.0}, "hot"),
        ({"temperature_max_c": 0.0}, "cold"),
        ({"codes": [], "precipitation_mm": None, "temperature_max_c": None}, "unknown"),
    ],
)
def test_categories(changed: dict[str, Any], expected: str) -> None:
    assert category(QUIET | changed) == expected
