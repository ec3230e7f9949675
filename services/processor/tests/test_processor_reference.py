"""Loop geometry as an edition of its own: what is published of it, and under which polygons."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from processor_house import House, stamps, text_of
from processor_house import row as counted
from processor_slow import Map, csv_rows
from test_processor_rebuild import ARRONDISSEMENTS, destroy, rebuild, snapshot

from cityflow.contracts.reference import ReferenceVersion
from cityflow.geo import length_m

DAY = date(2025, 3, 29)
LINE = json.dumps({"type": "LineString", "coordinates": [[2.33, 48.86], [2.34, 48.87]]})
FAR = json.dumps({"type": "LineString", "coordinates": [[4.1, 48.86], [4.2, 48.87]]})
POLYGONS = "arrondissements"
LINES = "referentiel"


def referentiel(*lines: tuple[str, str, str]) -> str:
    """Arc, point and line of each row, as published."""
    rows = [{"iu_ac": arc, "geo_point_2d": at, "geo_shape": shape} for arc, at, shape in lines]
    columns = ("iu_ac", "libelle", "geo_point_2d", "geo_shape")
    return text_of(rows, columns=columns, names={"iu_ac": "Identifiant arc"}, newline="\r\n")


def receive_polygons(house: House, code: int, at: datetime) -> None:
    house.receive(
        ARRONDISSEMENTS % code, POLYGONS, media="geojson", extension="geojson", received_at=at
    )


def receive_lines(house: House, at: datetime, *more: tuple[str, str, str]) -> None:
    lines = [("12", "", LINE), ("13", "48.86, 4.15", FAR), ("14", "48.86, 2.33", ""), *more]
    house.receive(referentiel(*lines), LINES, received_at=at)


def noon(day: int) -> datetime:
    return datetime(2025, 3, day, 12, tzinfo=UTC)


def published(house: House, day: date) -> tuple[ReferenceVersion, dict[str, str]]:
    """The current version of a day of receipt, and the arrondissement of each arc."""
    lines = replace(house, dataset=LINES)
    version = ReferenceVersion.model_validate(lines.summary(day))
    return version, {one["arc_id"]: one["arrondissement"] for one in lines.table(day, "clean")}


def counts(house: House) -> None:
    """Road counts of a day, which is then processed."""
    bare = {"geo_point_2d": None, "geo_shape": None, "t_1h": stamps(DAY, 8)[0]}
    house.receive(text_of([counted(iu_ac=arc, **bare) for arc in ("12", "13", "14")]))
    house.process()


def test_an_arc_lies_by_its_point_outside_or_nowhere_known(house: House) -> None:
    receive_polygons(house, 7, noon(1))
    receive_lines(house, noon(2))
    counts(house)
    version, zones = published(house, date(2025, 3, 2))
    assert zones == {"12": "7", "13": "outside", "14": "unknown"}
    assert {arc["arc_id"]: arc["arrondissement"] for arc in house.table(DAY, "arcs")} == zones
    in_7, away = length_m(json.loads(LINE)), length_m(json.loads(FAR))
    assert version.length_m == fsum([in_7, away])
    shown = {
        z.arrondissement: (z.arcs, z.without_geometry, z.length_m) for z in version.arrondissements
    }
    assert shown == {"7": (1, 0, in_7), "outside": (1, 0, away), "unknown": (1, 1, None)}
    assert [credit.source.rpartition("/ ")[2] for credit in version.attributions] == [
        "referentiel-comptages-routiers",
        POLYGONS,
    ]


def test_it_lies_by_the_polygons_in_force_on_its_day_of_receipt(house: House) -> None:
    receive_polygons(house, 7, noon(3))
    receive_lines(house, noon(2))
    receive_lines(house, noon(5), ("15", "", LINE))
    receive_polygons(house, 9, noon(5))
    counts(house)
    # Before the first polygons there are only these; those of the same day are its own.
    assert published(house, date(2025, 3, 2))[1]["12"] == "7"
    assert published(house, date(2025, 3, 5))[1] == {
        "12": "9", "13": "outside", "14": "unknown", "15": "9",
    }  # fmt: skip


def test_polygons_that_arrive_later_make_another_edition_of_the_same_lines(house: House) -> None:
    receive_lines(house, noon(2))
    counts(house)
    before, zones = published(house, date(2025, 3, 2))
    assert (set(zones.values()), before.polygons) == ({"unknown"}, None)
    receive_polygons(house, 7, noon(4))
    house.process()
    after, _ = published(house, date(2025, 3, 2))
    (polygons,) = replace(house, dataset=POLYGONS).editions().values()
    assert (after.polygons, after.rows) == (polygons, before.rows)
    assert after.edition != before.edition
    assert house.summary(DAY)["context"][LINES] == after.edition


def test_what_lay_by_earlier_polygons_is_given_back_as_published(house: House) -> None:
    receive_lines(house, noon(2))
    counts(house)
    receive_polygons(house, 7, noon(4))
    house.process()
    receive_polygons(house, 9, noon(1))
    house.process()
    before = snapshot(house)
    assert sum(name.startswith(f"edition/{LINES}") for name in before) == 3
    destroy(house, ledger=True)
    assert rebuild(house, as_published=True).failed == ()
    of_editions = {name: text for name, text in before.items() if name.startswith("edition/")}
    after = snapshot(house)
    assert of_editions.items() <= after.items()
    # Of polygons that these lines never lay by nothing is left.
    tables = {name for name in before if name.startswith(f"clean/{LINES}/")}
    assert tables == {name for name in after if name.startswith(f"clean/{LINES}/")}
    assert published(house, date(2025, 3, 2))[1]["12"] == "9"


def test_the_real_lines_agree_with_a_slow_reading(house: House, real_data: Path) -> None:
    polygons = real_data / POLYGONS / "arrondissements.geojson"
    lines = real_data / LINES / "referentiel-comptages-routiers_2022-02.csv"
    house.receive_file(
        polygons, POLYGONS, media="geojson", extension="geojson", received_at=noon(2)
    )
    house.receive_file(lines, LINES, received_at=noon(2))
    counts(house)
    version, zones = published(house, date(2025, 3, 2))
    slow, arcs = Map.read(polygons, lines), {one["iu_ac"] or "" for one in csv_rows(lines)}
    assert zones.keys() == arcs and version.rows == len(arcs) > 3_000
    rows = {
        one["arc_id"]: one for one in replace(house, dataset=LINES).table(date(2025, 3, 2), "clean")
    }
    for arc in sorted(arcs)[::8]:  # a point is looked for in twenty polygons, edge by edge
        place = slow.place(arc, {})
        assert zones[arc] == place.arrondissement
        assert rows[arc]["length_m"] == pytest.approx(place.length_m, rel=1e-9)
    of_zone: dict[str, list[Any]] = defaultdict(list)
    for row in rows.values():
        of_zone[row["arrondissement"]].append(row["length_m"])
    for zone in version.arrondissements:
        lengths = of_zone.pop(zone.arrondissement, [])
        known = [length for length in lengths if length is not None]
        assert (zone.arcs, zone.without_geometry) == (len(lengths), len(lengths) - len(known))
        assert zone.length_m == (fsum(known) if known or not lengths else None)
    assert not of_zone
    assert version.length_m == pytest.approx(
        fsum(z.length_m or 0 for z in version.arrondissements), rel=1e-9
    )
