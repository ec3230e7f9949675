"""Weather, bikes, works, bike share and transit: sizes as in Paris, and one city in all of them."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cityflow.calendar import PARIS, days
from cityflow_simulator.bikeshare import build_fleet, stock_at
from cityflow_simulator.city import City, Role, build_city
from cityflow_simulator.cycling import BikeDay, Riders, build_riders, ride
from cityflow_simulator.faults import SHUT
from cityflow_simulator.feed import Feed, Rates
from cityflow_simulator.generate import generate
from cityflow_simulator.plan import Plan, prepare
from cityflow_simulator.transit import Transit
from cityflow_simulator.weather import Weather, weather_of
from cityflow_simulator.works import Sites, Work

YEAR = (date(2025, 1, 1), date(2025, 12, 31))


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(1, 3000)


@pytest.fixture(scope="module")
def riders(city: City) -> Riders:
    return build_riders(city)


@pytest.fixture(scope="module")
def bike_year(riders: Riders) -> list[BikeDay]:
    return [ride(riders, day) for day in days(*YEAR)]


def _hourly(weathers: list[Weather], name: str) -> np.ndarray:
    return np.concatenate([getattr(weather, name) for weather in weathers])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_of_weather_is_one_of_paris(seed: int) -> None:
    year = [weather_of(seed, day) for day in days(*YEAR)]
    wet, heat = _hourly(year, "precipitation_mm"), _hourly(year, "temperature_c")
    assert (wet > 0).mean() == pytest.approx(0.11, abs=0.03)
    assert 500 < wet.sum() < 1100
    assert np.median(wet[wet > 0]) == pytest.approx(0.4, abs=0.15)
    assert heat.mean() == pytest.approx(13.2, abs=1.5) and heat.std() == pytest.approx(6.8, abs=1.2)
    assert np.abs(np.diff(heat)).max() < 5
    assert _hourly(year, "wind_kmh").mean() == pytest.approx(9.5, abs=2)
    snow = _hourly(year, "snowfall_cm")
    assert (heat[snow > 0] < 1).all() and (wet[snow > 0] > 0).all()
    codes = _hourly(year, "code")
    assert ((codes >= 50) == (wet > 0.05)).all()


def test_bike_counters_are_those_of_paris_in_size(riders: Riders, bike_year: list[BikeDay]) -> None:
    assert len(riders.counters) == 108
    assert 70 <= len({counter.site_id for counter in riders.counters}) <= 90
    assert len({counter.counter_id for counter in riders.counters}) == 108
    counts = np.concatenate([day.counts for day in bike_year])
    seen = counts[counts >= 0]
    assert (counts >= 0).mean() == pytest.approx(0.97, abs=0.02)
    assert np.median(seen) == pytest.approx(38, abs=12)
    assert np.quantile(seen, 0.99) == pytest.approx(520, abs=150)
    hours = {len(day.starts) for day in bike_year}
    assert hours == {23, 24, 25}
    assert all(day.starts[0].astimezone(PARIS).hour == 0 for day in bike_year)


def test_rain_empties_the_bike_lanes(bike_year: list[BikeDay]) -> None:
    counts = np.concatenate([np.maximum(day.counts, 0).sum(axis=1) for day in bike_year])
    rain = np.concatenate([day.rain_mm for day in bike_year])
    hour = np.concatenate([np.arange(len(day.starts)) for day in bike_year])
    for afternoon in (15, 16, 17, 18):
        of = hour == afternoon
        assert counts[of & (rain > 1)].mean() < 0.75 * counts[of & (rain == 0)].mean()


def test_rain_on_the_lanes_is_the_rain_of_the_weather(riders: Riders) -> None:
    day = ride(riders, date(2025, 11, 5))
    for start, rain in zip(day.starts, day.rain_mm.tolist(), strict=True):
        end = start + timedelta(hours=1)
        assert weather_of(1, end.date()).rain_mm[end.hour] == rain


def test_what_is_injected_into_bike_counts_has_every_size(bike_year: list[BikeDay]) -> None:
    faults = [fault for day in bike_year for fault in day.faults]
    kinds = Counter(fault.kind for fault in faults)
    assert set(kinds) == {"zero", "low", "fading", "spike"}
    spikes = np.array([fault.size for fault in faults if fault.kind == "spike"])
    assert spikes.min() < 1.8 and spikes.max() > 9 and 3 < np.median(spikes) < 9
    lasting = Counter(fault.counter for fault in faults if fault.kind == "zero")
    assert min(lasting.values()) <= 4 and max(lasting.values()) >= 10


def _listed(sites: Sites, day: date) -> list[Work]:
    return [work for work in sites.around(day) if work.listed(day)]


def test_works_are_as_many_and_as_long_as_published(city: City) -> None:
    sites = Sites(city)
    listed = [_listed(sites, date(2025, month, 10)) for month in range(1, 13)]
    assert all(85 <= len(works) <= 250 for works in listed)
    works = listed[5]
    assert len({work.identifier for work in works}) == len(works)
    impacts = Counter(work.impact for work in works)
    assert impacts["RESTREINTE"] > impacts["SENS_UNIQUE"] + impacts["BARRAGE_TOTAL"]
    lengths = sorted((work.end - work.start).days for work in works)
    assert lengths[0] < 40 and lengths[-1] > 700
    assert any(work.real_end > work.end for work in works)
    left = [work.flow_left for work in works if work.impact == "RESTREINTE"]
    assert min(left) < 0.45 and max(left) > 0.9


def test_works_close_arcs(city: City) -> None:
    feed = Feed.of(city, Rates(0, 0, 0, 0))
    day = date(2025, 9, 16)
    published = feed.publish(day).records
    calm = Feed(feed.city, feed.traffic, feed.rates, feed.order, Sites(city), feed.events)
    calm.sites.active = lambda _: ()  # type: ignore[assignment]
    usual = calm.publish(day).records
    index = {arc.arc_id: i for i, arc in enumerate(city.arcs)}
    closing = [work for work in feed.sites.active(day) if work.closes]
    assert len(closing) > 10
    counted = emptied = 0
    for work in closing:
        here = published.arc == index[work.arc.arc_id]
        assert (published.status[here] == SHUT).all()
        if city.roles[index[work.arc.arc_id]] == Role.COUNTING:
            flow, before = published.flow[here], usual.flow[here]
            known = (flow >= 0) & (before > 50)
            counted += int(known.sum())
            emptied += int((flow[known] <= 0.25 * before[known]).sum())
    assert counted > 100 and emptied > 0.85 * counted


def test_the_truth_of_a_day_names_its_works(city: City) -> None:
    feed = Feed.of(city, Rates(missing_days=0.0))
    day = feed.publish(date(2025, 9, 16))
    assert day.works == feed.sites.active(date(2025, 9, 16)) and len(day.works) > 50


def test_transit_is_disrupted_as_much_as_in_the_region(city: City) -> None:
    transit = Transit(city)
    assert len(transit.lines) == 722
    now = datetime(2025, 10, 5, 9, tzinfo=UTC)
    listed = transit.listed(now)
    assert len(listed) == pytest.approx(930, abs=150)
    future = [one for one in listed if one.periods[0].begin.replace(tzinfo=PARIS) > now]
    over = [one for one in listed if one.periods_at(now)[-1].end.replace(tzinfo=PARIS) < now]
    assert 150 < len(future) < 400 and 5 < len(over) < 120
    assert max(len(one.periods) for one in listed) > 100
    assert {one.severity for one in listed} == {"BLOQUANTE", "PERTURBEE", "INFORMATION"}
    assert sum(transit.lines[one.line].mode == "Bus" for one in listed) > 0.85 * len(listed)


def test_bike_share_moves_and_adds_up(city: City) -> None:
    fleet = build_fleet(city)
    assert len(fleet.stations) == 1469
    capacity = np.array([station.capacity for station in fleet.stations])
    night, noon = (stock_at(fleet, datetime(2025, 11, 19, hour, 7, tzinfo=UTC)) for hour in (2, 11))
    for stock in (night, noon):
        bikes = stock.mechanical + stock.electric
        assert (bikes + stock.docks <= capacity).all()
        assert 0.35 < (bikes + stock.docks < capacity).mean() < 0.75
        assert stock.mechanical.min() >= 0 and 3 <= (~stock.installed).sum() <= 20
    moved = np.abs((noon.mechanical + noon.electric) - (night.mechanical + night.electric))
    assert moved.mean() > 2
    stale = datetime(2025, 11, 19, tzinfo=UTC).timestamp() - noon.reported
    assert 10 < (stale > 3600).sum() < 80 and stale.max() > 200 * 86_400


def test_a_station_between_two_minutes_hardly_changes(city: City) -> None:
    fleet = build_fleet(city)
    at = datetime(2025, 11, 19, 8, 59, tzinfo=UTC)
    one, other = (stock_at(fleet, at + timedelta(minutes=minutes)) for minutes in (0, 2))
    assert np.abs(one.mechanical - other.mechanical).max() <= 2


def test_files_of_the_other_datasets(tmp_path: Path) -> None:
    plan = Plan(days=4, end=date(2025, 10, 27), arcs=30, others=True)
    generate(prepare(plan), tmp_path, lambda _: None)
    truth = json.loads((tmp_path / "truth.json").read_bytes())
    named = {file["name"]: file["bytes"] for file in truth["files"]}
    assert {"bikes.csv", "bike_counters.csv", "velib.csv", "chantiers.csv", "disruptions.json",
            "weather.json"} <= set(named)  # fmt: skip
    assert all((tmp_path / name).stat().st_size == size for name, size in named.items())
    text = (tmp_path / "bikes.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    by_day: Counter[str] = Counter()
    bikes: Counter[str] = Counter()
    for row in rows:
        by_day[row["Date et heure de comptage"][:10]] += 1
        bikes[row["Date et heure de comptage"][:10]] += int(row["Comptage horaire"])
    told = truth["bikes"]
    assert by_day == {day: found["rows"] for day, found in told.items()}
    assert bikes == {day: found["bikes"] for day, found in told.items()}
    assert len(rows) == len({(row["Identifiant du compteur"], row["Date et heure de comptage"])
                             for row in rows})  # fmt: skip
    weather = json.loads((tmp_path / "weather.json").read_bytes())
    assert weather["synthetic"] is True and len(weather["hourly"]["time"]) == 96
    assert b"SYN_" in (tmp_path / "disruptions.json").read_bytes()
    again = tmp_path / "again"
    generate(prepare(plan), again, lambda _: None)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        name: (tmp_path / name).read_bytes() for name in [*named, "truth.json"]
    }
