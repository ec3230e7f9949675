"""Days on which clocks change across datasets: looked at, and among the days compared with."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import fsum
from typing import Any, Final

import pytest
from processor_across_slow import Near, Town, similar
from processor_house import House, a_house, row, text_of
from test_processor_across import POLYGONS, REFERENTIEL, near, place, run, shape, zone
from test_processor_chantiers import list_of, work
from test_processor_transit import local, prim, told
from test_processor_weather import answer

from cityflow.calendar import PARIS, hour_ends
from cityflow.calendar import days as day_range
from cityflow.settings import Settings
from cityflow_processor.across.days import process as look_across
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import process

SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)
AFTER = {SPRING: date(2025, 4, 6), AUTUMN: date(2025, 11, 2)}
"""Of each a later day that is compared with it."""
DAYS = [*day_range(date(2025, 3, 15), AFTER[SPRING]), *day_range(date(2025, 10, 11), AFTER[AUTUMN])]
WET = (date(2025, 3, 18), date(2025, 4, 5), date(2025, 10, 22), date(2025, 11, 1))
LOOKED_AT: Final = (SPRING, AFTER[SPRING], AUTUMN, AFTER[AUTUMN])
ARCS = [*(f"{n:02d}" for n in range(6)), *(f"{n:02d}" for n in range(11, 17))]
WORKS = (
    Near("W1", date(2025, 3, 28), "03", "closed", Fraction(1)),
    Near("W2", date(2025, 4, 1), "13", "unknown", None),
    Near("W3", date(2025, 10, 24), "04", "dead_end", Fraction(8, 10)),
    Near("W4", date(2025, 10, 28), "14", "restricted", Fraction(3, 10)),
    Near("W5", date(2025, 10, 1), "03", "one_way", Fraction(5, 10)),
)
PUBLISHED: Final = {"closed": "BARRAGE_TOTAL", "dead_end": "IMPASSE", "one_way": "SENS_UNIQUE",
                    "restricted": "RESTREINTE", "unknown": ""}  # fmt: skip
ROADS: Final = ("tti_area", "index_coverage")
"""Figures that are those of the analysis of the roads."""
STOPS: Final = {"disrupted_stops", "blocked_stops", "disrupted_stop_h"}
"""Figures of the stops of public transport, of which this town tells nothing."""


def counts(rng: random.Random) -> tuple[list[dict[str, str | None]], dict[date, dict[str, int]]]:
    """Rows of the loops, and volumes: of 18 hours none, of 20 one; arc 12 lacks the lost hour."""
    rows, volumes = [], {}
    for day in DAYS:
        volumes[day] = dict[str, int]()
        for arc in ARCS:
            if rng.random() < 0.03:
                continue
            level = 60 + 20 * int(arc)
            ends = [*hour_ends(day)][: rng.choice((18, 20, *[25] * 18))]
            if len(ends) == 25 and arc == "12":
                del ends[1]
            flows = [int(level * rng.uniform(0.7, 1.3)) for _ in ends]
            lon, lat = place(arc)
            rows += [
                row(
                    iu_ac=arc, libelle=f"Rue_{arc}", t_1h=end.astimezone(PARIS).isoformat(),
                    q=f"{flow}.0", k=f"{rng.uniform(2, 12):.5f}", geo_shape=shape(arc),
                    geo_point_2d=f"{lat}, {lon}",
                ) for end, flow in zip(ends, flows, strict=True)
            ]  # fmt: skip
            if len(ends) >= 20:
                volumes[day][arc] = sum(flows)
    return rows, volumes


def weather(rng: random.Random) -> tuple[str, dict[date, tuple[str, float]]]:
    """An answer, and kind and mean temperature of each day; it grows warmer by the hour."""
    times, temperatures, rain, skies = [], [], [], {}
    for day in DAYS:
        is_dry = day not in WET
        degrees = [rng.choice((12, 15)) + 0.1 * n for n in range(len(hour_ends(day)))]
        for end in hour_ends(day):
            times.append((end - timedelta(hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M"))
            rain.append(0.0 if is_dry else 0.2)
        temperatures += degrees
        skies[day] = "fair" if is_dry else "rain", fsum(degrees) / len(degrees)
    return answer("UTC", times, temperature_2m=temperatures, precipitation=rain), skies


RNG = random.Random(13)
ROWS, VOLUMES = counts(RNG)
ANSWER, SKIES = weather(RNG)
TOWN = Town(VOLUMES, SKIES, {arc: zone(arc) for arc in ARCS}, WORKS)


@pytest.fixture(scope="module")
def town() -> Iterator[House]:
    """The town, looked across on four days; of two of them disruptions are known."""
    with a_house("across") as house:
        known = {"received_at": datetime(2025, 3, 1, tzinfo=UTC)}
        house.receive(POLYGONS, "arrondissements", extension="geojson", media="geojson", **known)
        house.receive(REFERENTIEL, "referentiel", **known)
        house.receive(text_of(ROWS), "comptages")
        works = list_of(*(
            work(one.work, one.start, "2025-12-31", shape=near(one.arc),
                 point=f"{48.86},{place(one.arc)[0]}", impact=PUBLISHED[one.impact])
            for one in WORKS
        ))  # fmt: skip
        house.receive(works, "chantiers", **known)
        house.receive(ANSWER, "weather", extension="json", media="json")
        for day in (SPRING, AUTUMN):
            notice = {"d": told((local(0, day=day), local(6, day=day)))}
            at = local(3, day=day).replace(tzinfo=PARIS)
            house.receive(prim(notice, at), "traffic", extension="json", media="json")
        run(house, "comptages", "roads_analysis", "weather")
        for name, days in (("chantiers", LOOKED_AT), ("traffic", (SPRING, AUTUMN))):
            for day in days:
                process(house.store, Settings(output_dir=house.folder), name, Asked(day, day))
        look_across(house.store, Asked(only=LOOKED_AT))
        yield house


def agree(found: Mapping[str, Any], expected: Mapping[str, Any], where: object) -> None:
    """Every field of one, but for stops, is a field of the other, and says the same."""
    assert found.keys() - STOPS == expected.keys(), where
    for name, value in expected.items():
        if isinstance(value, float | Fraction):
            assert found[name] == pytest.approx(float(value), rel=1e-9), (where, name)
        else:
            assert found[name] == value, (where, name)


def of_roads(town: House, day: date) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What the analysis says of the city and of its zones."""
    found = House(town.folder, town.store, dataset="roads_analysis").summary(day)
    zones = {one["arrondissement"]: one for one in found["arrondissements"]}
    chosen = {name: {key: zones[name][key] for key in ROADS} for name in ("1", "2")}
    return {key: found["totals"][key] for key in ROADS}, chosen


@pytest.mark.parametrize("day", LOOKED_AT, ids=str)
def test_every_figure_agrees_with_a_slow_computation(town: House, day: date) -> None:
    of_city, of_zones = of_roads(town, day)
    arcs = {one["arc_id"]: one for one in town.table(day, "clean")}
    assert arcs.keys() == TOWN.zones.keys()
    for arc, expected in TOWN.rows(day).items():
        agree(arcs[arc], expected | {"arc_id": arc, "label": f"Rue_{arc}"}, arc)
    summary = town.summary(day)
    listed = {one["arrondissement"]: one for one in summary["arrondissements"]}
    zones = {one["arrondissement"]: one for one in town.table(day, "zones")}
    assert zones.keys() == listed.keys() == {"1", "2"}
    for name, one in zones.items():
        agree(one, TOWN.zone(day, name) | of_zones[name], name)
        agree(listed[name], TOWN.zone(day, name) | of_zones[name], name)
    agree(summary["city"], TOWN.city(day) | of_city, "city")
    assert summary["similar"] == [str(one) for one in similar(day, SKIES)]
    _works_agree(town, day, summary["works"])
    assert (summary["transit"] is None) == (day not in (SPRING, AUTUMN))
    kind, degrees = SKIES[day]
    sky = {"category": kind, "temperature_c": degrees, "precipitation_mm": 0.0}
    agree(summary["weather"], sky | {"mobility_impact": "none"}, "weather")


def _works_agree(town: House, day: date, listed: list[dict[str, Any]]) -> None:
    expected = {
        key: one | {"label": f"Rue_{one['arc_id']}"} for key, one in TOWN.effects(day).items()
    }
    found = {(one["work_id"], one["arc_id"]): one for one in town.table(day, "works")}
    assert found.keys() == expected.keys()
    for key, one in found.items():
        agree(one, expected[key], key)
    known = [one for one in expected.values() if one["work_change"] is not None]
    known.sort(key=lambda one: (-abs(one["work_change"]), one["work_id"]))
    assert len(listed) == len(known)
    for shown, one in zip(listed, known, strict=True):
        agree(shown, one | {"start": str(one["start"])}, one["work_id"])


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)], ids=["23h", "25h"])
def test_both_changes_are_looked_at_and_compared_with(town: House, day: date, hours: int) -> None:
    later = AFTER[day]
    assert day in similar(later, SKIES) and TOWN.sums(day)["compared_arcs"] > 4
    effects = {one: TOWN.effects(one) for one in (day, later)}
    began = {one.work: one.start for one in WORKS}
    for at, is_before in ((day, False), (later, True)):
        known = [w for (w, _), one in effects[at].items() if one["work_change"] is not None]
        assert any((day < began[w]) == is_before for w in known), at
    # A line that is blocked until six is blocked for an hour less, or more.
    transit = town.summary(day)["transit"]
    blocked = hours - 24 + 6
    assert transit["availability"] == pytest.approx(1 - blocked / hours, rel=1e-9)
    assert transit["disrupted_line_h"] == pytest.approx(blocked, rel=1e-9)
    assert transit["coverage"] == pytest.approx(1 / hours, rel=1e-9)
