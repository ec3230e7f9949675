"""Roads beside works, transit and weather: days against a slow computation, silence, order."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from processor_across_slow import effect, like, similar
from processor_house import House, a_house, open_house, row, text_of
from test_processor_chantiers import list_of, work
from test_processor_transit import local, prim, told
from test_processor_weather import answer

from cityflow.calendar import PARIS, hour_ends
from cityflow.calendar import days as day_range
from cityflow.settings import Settings
from cityflow_processor.across.days import process as look_across
from cityflow_processor.across.like import Sky, medians, similar_days
from cityflow_processor.across.replay import replay
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import process

FIRST, LAST = date(2025, 5, 5), date(2025, 6, 21)
FRIDAY, SATURDAY = LAST - timedelta(days=1), LAST
ARCS = [f"{n:02d}" for n in range(22)]
STARTS = {
    "W1": (date(2025, 6, 5), "03"), "W2": (date(2025, 6, 18), "13"),
    "W3": (date(2024, 12, 1), "15"), "W4": (FRIDAY, "17"),
}  # fmt: skip


def place(arc: str) -> tuple[float, float]:
    return 2.300 + 0.002 * int(arc), 48.86


def shape(arc: str) -> str:
    lon, lat = place(arc)
    line = {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.0004, lat]]}
    return json.dumps(line)


def zone(arc: str) -> str:
    return "1" if int(arc) < 11 else "2"


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


POLYGONS = json.dumps({"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": square(west, 48.8, east, 48.9),
     "properties": {"c_ar": number, "l_ar": f"{number}", "l_aroff": f"{number}"}}
    for number, west, east in ((1, 2.25, 2.3215), (2, 2.3215, 2.40))
]})  # fmt: skip
REFERENTIEL = "Identifiant arc;geo_shape\n" + "".join(
    f'{arc};"{shape(arc).replace(chr(34), chr(34) * 2)}"\n' for arc in ARCS
)


@dataclass(frozen=True)
class Drawn:
    """What a city counted: volumes by day and arc, kind of weather and temperature by day."""

    rows: list[dict[str, str | None]]
    volumes: dict[date, dict[str, int]]
    skies: dict[date, tuple[str, float]]


def drawn() -> Drawn:
    rng, rows = random.Random(3), []
    volumes: dict[date, dict[str, int]] = {}
    skies: dict[date, tuple[str, float]] = {}
    for day in day_range(FIRST, LAST):
        skies[day] = rng.choice(("fair", "fair", "rain")), rng.choice((12.0, 15.0, 19.0))
        volumes[day] = {}
        for arc in ARCS:
            if rng.random() < 0.06:
                continue
            level = (60 + 20 * int(arc)) * (0.6 if day >= STARTS["W1"][0] and arc == "03" else 1)
            level *= 0.8 if skies[day][0] == "rain" else 1
            ends = hour_ends(day)[: 18 if rng.random() < 0.06 else 24]
            flows = [int(level * rng.uniform(0.7, 1.3)) for _ in ends]
            lon, lat = place(arc)
            for end, flow in zip(ends, flows, strict=True):
                rows.append(row(
                    iu_ac=arc, libelle=f"Rue_{arc}", t_1h=end.astimezone(PARIS).isoformat(),
                    q=f"{flow}.0", k=f"{rng.uniform(2, 12):.5f}", geo_shape=shape(arc),
                    geo_point_2d=f"{lat}, {lon}",
                ))  # fmt: skip
            if len(ends) >= 20:
                volumes[day][arc] = sum(flows)
    return Drawn(rows, volumes, skies)


CITY = drawn()


def weather() -> str:
    times, temperatures, rain = [], [], []
    for day, (kind, degrees) in CITY.skies.items():
        for end in hour_ends(day):
            times.append((end - timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M"))
            temperatures.append(degrees)
            rain.append(0.2 if kind == "rain" else 0.0)
    return answer("UTC", times, temperature_2m=temperatures, precipitation=rain)


def near(arc: str) -> str:
    """The shape of a work on an arc."""
    lon, lat = place(arc)
    return json.dumps(square(lon, lat, lon + 0.0002, lat + 0.0002))


def works() -> str:
    return list_of(*(
        work(name, start, "2025-12-31", shape=near(arc), point=f"{48.86},{place(arc)[0]}")
        for name, (start, arc) in STARTS.items()
    ))  # fmt: skip


def fill(house: House) -> None:
    """Everything that the city publishes, processed but for the look across."""
    known = {"received_at": datetime(2025, 5, 1, tzinfo=UTC)}
    house.receive(POLYGONS, "arrondissements", extension="geojson", media="geojson", **known)
    house.receive(REFERENTIEL, "referentiel", **known)
    house.receive(text_of(CITY.rows))
    house.receive(works(), "chantiers", received_at=datetime(2025, 6, 19, 6, tzinfo=UTC))
    house.receive(weather(), "weather", extension="json", media="json")
    notice = {"d": told((local(0, day=FRIDAY), local(6, day=FRIDAY)), on=("1",))}
    at = local(3, day=FRIDAY).replace(tzinfo=PARIS)
    house.receive(prim(notice, at), "traffic", extension="json", media="json")
    run(house, "comptages", "roads_analysis", "weather")
    for name, first, last in (("chantiers", FRIDAY, LAST), ("traffic", FRIDAY, FRIDAY)):
        process(house.store, Settings(output_dir=house.folder), name, Asked(first, last))


def run(house: House, *names: str) -> None:
    for name in names:
        process(house.store, Settings(output_dir=house.folder), name, Asked())


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[House, House]]:
    """Two equal stores, looked across in neither."""
    with a_house() as house:
        fill(house)
        with TemporaryDirectory() as folder:
            copytree(house.folder, folder, dirs_exist_ok=True)
            other = open_house(Path(folder), "across")
            with other.store:
                yield replace(house, dataset="across"), other


@pytest.fixture(scope="module")
def city(filled: tuple[House, House]) -> House:
    run(filled[0], "across")
    return filled[0]


def same(found: Any, expected: Any) -> bool:
    if expected is None or found is None:
        return found is expected
    return bool(found == pytest.approx(float(expected), rel=1e-9))


@pytest.mark.parametrize("day", [FRIDAY, SATURDAY])
def test_like_for_like_agrees_with_a_slow_computation(city: House, day: date) -> None:
    days = similar(day, CITY.skies)
    expected = like(day, CITY.volumes, days)
    assert len(days) >= 5 and expected
    rows = {one["arc_id"]: one for one in city.table(day, "clean")}
    assert rows.keys() == set(ARCS)
    for arc, found in rows.items():
        volume, usual = expected.get(arc, (CITY.volumes[day].get(arc), None))
        assert found["volume_veh"] == volume
        assert same(found["similar_veh"] if usual is not None else None, usual)
        assert same(found["like_ratio"], None if usual is None else volume / usual)
        assert found["arrondissement"] == zone(arc)
    summary = city.summary(day)
    assert summary["similar"] == [str(one) for one in days]
    shown = {"1": [a for a in ARCS if zone(a) == "1"], "2": [a for a in ARCS if zone(a) == "2"]}
    areas = {one["arrondissement"]: one for one in summary["arrondissements"]}
    for name, arcs, block in (
        ("all", ARCS, summary["city"]),
        *((name, arcs, areas[name]) for name, arcs in shown.items()),
    ):
        both = [expected[arc] for arc in arcs if arc in expected]
        now, then = sum(one[0] for one in both), sum(one[1] for one in both)
        assert (block["compared_arcs"], block["compared_veh"]) == (len(both), now), name
        assert same(block["similar_veh"], then) and same(block["like_ratio"], now / then)
        assert block["volume_arcs"] == sum(arc in CITY.volumes[day] for arc in arcs)
    assert city.check(day, "conservation")[0] == "green"


@pytest.mark.parametrize("day", [FRIDAY, SATURDAY])
def test_works_before_and_during_agree_with_a_slow_computation(city: House, day: date) -> None:
    exposed = {arc for _, arc in STARTS.values()}
    found = {(one["work_id"], one["arc_id"]): one for one in city.table(day, "works")}
    assert found.keys() == {(name, arc) for name, (_, arc) in STARTS.items() if name != "W3"}
    for (name, arc), one in found.items():
        start = STARTS[name][0]
        controls = [a for a in ARCS if zone(a) == zone(arc) and a not in exposed]
        expected = effect(day, start, arc, controls, CITY.volumes)
        assert (one["start"], one["label"]) == (start, f"Rue_{arc}")
        for field, value in expected.items():
            assert same(one[field], value), (name, field)
    assert found["W1", "03"]["work_change"] == pytest.approx(-0.4, abs=0.1)
    assert found["W4", "17"]["work_change"] is None
    (top, *_) = city.summary(day)["works"]
    assert (top["work_id"], top["arrondissement"]) == ("W1", "1")


def test_the_day_stands_beside_its_works_transit_and_weather(city: House) -> None:
    friday, saturday = city.summary(FRIDAY), city.summary(SATURDAY)
    kind, degrees = CITY.skies[FRIDAY]
    assert (friday["weather"]["category"], friday["weather"]["temperature_c"]) == (kind, degrees)
    assert friday["transit"]["availability"] == pytest.approx(1 - 6 / 24)
    assert saturday["transit"] is None
    assert city.check(SATURDAY, "inputs") == ("yellow", "not published that day: traffic")
    assert (friday["city"]["works_active"], friday["city"]["exposed_arcs"]) == (4, 4)
    assert [one["works_active"] for one in friday["arrondissements"]] == [1, 3]
    rows = {one["arc_id"]: one for one in city.table(FRIDAY, "clean")}
    assert {arc for arc, one in rows.items() if one["works_active"]} == {
        arc for _, arc in STARTS.values()
    }
    assert rows["03"]["impact_weight"] == 0.3
    early = city.summary(FIRST)
    assert (early["similar"], early["city"]["like_ratio"], early["city"]["works_active"]) == (
        [], None, None,
    )  # fmt: skip
    assert early["city"]["compared_arcs"] == 0


def test_days_in_order_are_the_bytes_of_a_backfill_and_are_given_back(
    city: House, filled: tuple[House, House]
) -> None:
    daily, lately = filled[1], [*day_range(FRIDAY - timedelta(days=4), SATURDAY)]
    for day in lately:
        look_across(daily.store, Asked(day, day))
    before = daily.published()
    every = city.published()
    assert before == {key: every[key] for key in before}
    assert len([key for key in before if key.startswith("pointer")]) == len(lately)
    again = look_across(daily.store, Asked(lately[0]))
    assert {done.ending for done in again.days} == {"unchanged"}
    for key in daily.objects("metrics/across", "clean/across"):
        daily.store.objects.delete(key)
    assert replay(daily.store).failed == []
    assert daily.published() == before


def test_without_anything_beside_the_roads_nothing_is_published() -> None:
    with a_house() as house:
        house.receive(text_of(CITY.rows[:200]))
        run(house, "comptages", "roads_analysis")
        assert look_across(house.store, Asked()).days == []


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=3, max_size=3),
                max_size=8))  # fmt: skip
@of_hypothesis(max_examples=60, deadline=None)
def test_medians_leave_out_what_is_not_known(rows: list[list[int | None]]) -> None:
    found, days = medians(np.array(rows, dtype=float).reshape(len(rows), 3))
    for at in range(3):
        known = sorted(one[at] for one in rows if one[at] is not None)
        assert days[at] == len(known)
        if not known:
            assert np.isnan(found[at])
            continue
        half = len(known) // 2
        middle = known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
        assert found[at] == middle


def test_nothing_is_similar_to_weather_that_is_not_known() -> None:
    skies: Mapping[date, Sky] = {
        day: Sky("fair", None if day.day % 2 else 10.0) for day in day_range(FIRST, LAST)
    }
    assert similar_days(SATURDAY, skies) == []
    assert similar_days(SATURDAY, {}) == []
    dark = {day: Sky("unknown", 10.0) for day in day_range(FIRST, LAST)}
    assert similar_days(SATURDAY, dark) == []
