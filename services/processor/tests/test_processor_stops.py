"""Stops of public transport: which ones disruptions name, where they are, and roads beside them."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import House, a_house, row, stamps, text_of
from processor_slow import locate
from processor_transit_slow import Minutes
from test_processor_across import POLYGONS, REFERENTIEL, place, run
from test_processor_transit import DAY, FOLDER, PAGE, WINDOW, local, navitia_told, prim, told

from cityflow.calendar import PARIS, day_bounds
from cityflow.storage import DocumentId

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
HEADER = "id;route_long_name;stop_id;stop_name;stop_lon;stop_lat;mode\n"
SECTIONS = ("impacted_section", "impacted_rail_section")


@pytest.fixture
def traffic(house: House) -> House:
    house.dataset = "traffic"
    house.receive(POLYGONS, "arrondissements", extension="geojson", media="geojson",
                  received_at=EARLY)  # fmt: skip
    house.receive(REFERENTIEL, "referentiel", received_at=EARLY)
    return house


def near(arc: str, north_m: float = 0.0) -> tuple[float, float]:
    """A place so far north of where an arc begins."""
    lon, lat = place(arc)
    return lon, lat + north_m / 111_200


def answer(
    known: dict[str, dict[str, Any]],
    stops: dict[str, tuple[str, ...]],
    at: datetime,
    ends: tuple[str, ...] = (),
) -> str:
    """An answer of PRIM that names stops of disruptions, on two lines each; `ends` are sections."""
    found = json.loads(prim(known, at))
    for line in found["lines"][:2]:
        line["impactedObjects"] = [
            {"type": "stop_point", "id": f"stop_point:IDFM:{stop}", "name": f"Stop {stop}",
             "disruptionIds": [name for name, of_one in stops.items() if stop in of_one]}
            for stop in sorted({stop for of_one in stops.values() for stop in of_one})
        ]  # fmt: skip
    for one in found["disruptions"]:
        if one["id"] in ends:
            of_area = {"type": "stop_area", "id": f"stop_area:IDFM:{one['id']}", "name": "Area"}
            one["impactedSections"] = [{"lineId": "line:1", "from": of_area, "to": of_area}]
    return json.dumps(found)


def receive(house: House, text: str) -> None:
    house.receive(text, "traffic", extension="json", media="json")


def stop_list(**places: tuple[float, float]) -> str:
    """The list of stops, one row a line that stops there."""
    rows = [
        f"IDFM:C{line};{line};IDFM:{stop[1:]};Stop;{lon};{lat};Bus\n"
        for stop, (lon, lat) in places.items()
        for line in (1, 2)
    ]
    return "\ufeff" + HEADER + "".join(rows)


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26), DAY])
def test_stop_hours_agree_with_a_slow_computation(traffic: House, day: date) -> None:
    rng, start = random.Random(str(day)), local(0, day=day) - timedelta(hours=6)
    places = {f"s{n}": near(f"{n % 22:02d}", 40.0 * (n % 5)) for n in range(30)}
    known, stops = {}, {}
    for n in range(25):
        begin = start + timedelta(minutes=rng.randint(0, 34 * 60))
        end = begin + timedelta(minutes=rng.randint(0, 9 * 60))
        severity = rng.choice(("BLOQUANTE", "PERTURBEE", "INFORMATION"))
        known[f"d{n}"] = told((begin, end), severity=severity, on=())
        stops[f"d{n}"] = tuple(str(s) for s in rng.sample(range(34), rng.randint(0, 6)))
    at = day_bounds(day)[0] + timedelta(hours=12)
    traffic.receive(stop_list(**places), received_at=EARLY)
    receive(traffic, answer(known, stops, at))
    traffic.process(day, day)
    minutes, polygons = Minutes(day), json.loads(POLYGONS)["features"]
    held = {name: minutes.held(one["periods"]) for name, one in known.items()}
    expected: dict[str, Any] = {}
    for stop in {stop for of_one in stops.values() for stop in of_one}:
        named = [name for name in known if stop in stops[name] and held[name]]
        serious = [name for name in named if known[name]["severity"] != "INFORMATION"]
        blocking = [name for name in serious if known[name]["severity"] == "BLOQUANTE"]
        lon, lat = places.get(f"s{stop}", (None, None))
        zone = "unknown" if lon is None or lat is None else locate(polygons, lon, lat)
        if named:
            expected[f"stop_point:IDFM:{stop}"] = (
                len(named),
                60 * len(set().union(*(held[name] for name in serious))),
                60 * len(set().union(*(held[name] for name in blocking))),
                lon, lat, zone,
            )  # fmt: skip
    names = ("disruptions", "disrupted_s", "blocked_s", "longitude", "latitude", "arrondissement")
    found = {r["stop_id"]: tuple(r[n] for n in names) for r in traffic.table(day, "stops")}
    assert found == expected
    summary = traffic.summary(day)
    assert {zone[5] for zone in expected.values()} == {"1", "2", "unknown"}
    for zone in summary["arrondissements"]:
        own = [one for one in expected.values() if one[5] == zone["arrondissement"]]
        assert (zone["stops"], zone["blocked_stops"]) == (len(own), sum(o[2] > 0 for o in own))
        assert zone["disrupted_stop_h"] == pytest.approx(sum(o[1] for o in own) / 3600, rel=1e-9)
    placed = sum(one[3] is not None for one in expected.values())
    assert (summary["stops"]["placed"], summary["stops"]["stops"]) == (placed, len(expected))
    colour = "green" if placed >= 0.9 * len(expected) else "yellow"
    assert traffic.check(day, "stops")[0] == colour


def test_a_section_stands_for_its_stops_only_where_none_is_told(traffic: House) -> None:
    known = {name: told((local(6), local(9)), on=("1",)) for name in ("a", "b")}
    at = local(8).replace(tzinfo=PARIS)
    receive(traffic, answer(known, {"a": ("7", "8")}, at, ends=("a", "b")))
    traffic.process()
    found = [one["stop_id"] for one in traffic.table(DAY, "stops")]
    assert found == ["stop_area:IDFM:b", "stop_point:IDFM:7", "stop_point:IDFM:8"]


def test_a_list_that_cannot_be_used_is_refused_row_by_row(traffic: House) -> None:
    text = stop_list(s1=near("03")) + "IDFM:C1;1;;Stop;2.3;48.8;Bus\nIDFM:C1;1;IDFM:9;Stop;;;Bus\n"
    traffic.receive(text, received_at=EARLY)
    receive(
        traffic,
        answer({"a": told((local(6), local(9)))}, {"a": ("1",)}, local(8).replace(tzinfo=PARIS)),
    )
    counts = traffic.counts()
    assert counts["rejected_by_reason"] == {"bad_place": 1, "bad_stop": 1}
    assert counts["rows_in"] == counts["published"] + counts["rejected"] + counts["duplicates"] == 5


@pytest.mark.parametrize("name", [PAGE, WINDOW])
def test_the_real_files_place_every_stop_that_they_name(
    traffic: House, real_data: Path, name: str
) -> None:
    path = real_data / FOLDER / name
    file = json.loads(path.read_text("utf-8"))
    traffic.receive_file(path, extension="json", media="json")
    traffic.process()
    (day,) = traffic.editions()
    told_of = navitia_told(path)
    minutes = Minutes(day)
    named: dict[str, set[str]] = {}
    for one in file["disruptions"]:
        own = {x["pt_object"]["id"] for x in one["impacted_objects"]
               if x["pt_object"]["embedded_type"] in ("stop_point", "stop_area")}  # fmt: skip
        for line in file["line_reports"]:
            for thing in line["pt_objects"]:
                about = thing[thing["embedded_type"]]
                if "coord" in about and any(k.get("id") == one["id"] for k in about["links"]):
                    own.add(thing["id"])
        ends = {x[s][e]["id"] for x in one["impacted_objects"] for s in SECTIONS if s in x
                for e in ("from", "to")}  # fmt: skip
        for stop in own or ends:
            if minutes.held(told_of[one["id"]]["periods"]):
                named.setdefault(stop, set()).add(one["id"])
    found = {row["stop_id"]: row["disruptions"] for row in traffic.table(day, "stops")}
    assert found == {stop: len(ones) for stop, ones in named.items()}
    assert traffic.summary(day)["stops"]["placed_share"] == 1
    assert traffic.check(day, "stops")[0] == "green"


def roads(day: date) -> str:
    """Two hours of three arcs, which lie in two arrondissements."""
    return text_of([
        row(iu_ac=arc, t_1h=stamps(day, hour)[0], geo_point_2d=f"{place(arc)[1]}, {place(arc)[0]}")
        for arc in ("03", "04", "12")
        for hour in (7, 8)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("day", "hours"), [(DAY, 3.0), (date(2025, 3, 30), 2.0), (date(2025, 10, 26), 4.0)]
)
def test_the_roads_stand_beside_the_stops_near_them(
    traffic: House, day: date, hours: float
) -> None:
    traffic.receive(roads(day), "comptages")
    traffic.receive(
        stop_list(s1=near("03", 50), s2=near("03", 150), s3=near("12"), s4=near("04", 20)),
        received_at=EARLY,
    )
    night = local(1, day=day), local(4, day=day)
    severities = {"a": "BLOQUANTE", "b": "PERTURBEE", "c": "INFORMATION"}
    known = {name: told(night, on=(), severity=kind) for name, kind in severities.items()}
    stops = {"a": ("1", "2"), "b": ("1", "3"), "c": ("4",)}
    receive(traffic, answer(known, stops, local(8, day=day).replace(tzinfo=PARIS)))
    run(traffic, "comptages", "roads_analysis", "traffic", "across")
    traffic.dataset = "across"
    arcs = {one["arc_id"]: one for one in traffic.table(day, "clean")}
    # A stop 150 m away is near no arc; a notice disrupts no stop.
    assert {arc: (one["disrupted_stops"], one["blocked_stops"]) for arc, one in arcs.items()} == {
        "03": (1, 1), "04": (0, 0), "12": (1, 0),
    }  # fmt: skip
    summary = traffic.summary(day)
    zones = {one["arrondissement"]: one for one in summary["arrondissements"]}
    shown = {code: (one["disrupted_stops"], one["blocked_stops"], one["disrupted_stop_h"])
             for code, one in zones.items()}  # fmt: skip
    assert shown == {"1": (2, 2, 2 * hours), "2": (1, 0, hours)}
    assert summary["transit"]["disrupted_stops"] == 3
    assert summary["transit"]["placed_share"] == 1


def test_where_no_stop_has_a_place_the_arrondissements_are_not_known_not_zero(
    traffic: House,
) -> None:
    traffic.receive(roads(DAY), "comptages")
    known = {"a": told((local(6), local(9)))}
    receive(traffic, answer(known, {"a": ("1",)}, local(8).replace(tzinfo=PARIS)))
    run(traffic, "comptages", "roads_analysis", "traffic", "across")
    (zone,) = traffic.summary(DAY)["arrondissements"]
    assert (zone["arrondissement"], zone["disrupted_stops"]) == ("unknown", 1)
    assert traffic.check(DAY, "stops")[0] == "yellow"
    traffic.dataset = "across"
    assert {zone["disrupted_stops"] for zone in traffic.summary(DAY)["arrondissements"]} == {None}
    assert {arc["disrupted_stops"] for arc in traffic.table(DAY, "clean")} == {None}


def test_without_lines_of_the_arcs_nothing_is_said_of_stops_near_them() -> None:
    with a_house("traffic") as house:
        house.receive(text_of([row(iu_ac="03", t_1h=stamps(DAY, 8)[0])]), "comptages")
        known = {"a": told((local(6), local(9)))}
        receive(house, answer(known, {"a": ("1",)}, local(8).replace(tzinfo=PARIS)))
        run(house, "comptages", "roads_analysis", "traffic", "across")
        house.dataset = "across"
        (arc,) = house.table(DAY, "clean")
        assert (arc["disrupted_stops"], arc["blocked_stops"]) == (None, None)
        assert house.summary(DAY)["transit"]["placed_share"] == 0


def test_disruptions_measured_before_stops_were_say_nothing_of_them_beside_the_roads() -> None:
    with a_house("traffic") as house:
        house.receive(text_of([row(iu_ac="03", t_1h=stamps(DAY, 8)[0])]), "comptages")
        known = {"a": told((local(6), local(9)))}
        receive(house, answer(known, {"a": ("1",)}, local(8).replace(tzinfo=PARIS)))
        run(house, "comptages", "roads_analysis", "traffic")
        earlier = {
            k: v for k, v in house.summary(DAY).items() if k not in ("stops", "arrondissements")
        }
        house.store.documents.put(DocumentId("edition/traffic", DAY, house.edition(DAY)), earlier)
        run(house, "across")
        house.dataset = "across"
        (zone,) = house.summary(DAY)["arrondissements"]
        assert (zone["disrupted_stops"], zone["blocked_stops"]) == (None, None)
        assert house.summary(DAY)["transit"]["disrupted_stops"] is None
