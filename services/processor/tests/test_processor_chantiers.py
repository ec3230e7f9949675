"""The road works: the real list work by work, the arcs near them, snapshots, what is refused."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import House
from processor_works_slow import WEIGHTS, active, arcs_of, area, distance, usable, works_of

from cityflow.calendar import PARIS

DAY = date(2025, 10, 26)
"""Clocks go back: it has 25 hours."""
NOON = datetime(2025, 10, 26, 12, tzinfo=UTC)
HEADER = (
    "identifiant;date_debut;date_fin;impact_circulation;niveau_perturbation;statut;voie;"
    "impact_circulation_detail;geo_shape;geo_point_2d"
)
SQUARE = [[2.30, 48.86], [2.301, 48.86], [2.301, 48.861], [2.30, 48.861], [2.30, 48.86]]
SHAPE = json.dumps({"type": "Polygon", "coordinates": [SQUARE]})
REAL = "chantiers-perturbants_2023-12.csv"


@pytest.fixture
def chantiers(house: House) -> House:
    house.dataset = "chantiers"
    return house


def work(name: str = "CP1", start: object = DAY, end: object = DAY, **more: object) -> str:
    about = {
        "impact": "RESTREINTE", "level": 1, "status": 2, "street": "rue de Rivoli", "detail": "",
        "shape": SHAPE, "point": "48.8605,2.3005",
    } | more  # fmt: skip
    cells = [name, start, end, *(about[key] for key in ("impact", "level", "status", "street"))]
    cells += [about["detail"], about["shape"], about["point"]]
    return ";".join('"' + str(cell).replace('"', '""') + '"' for cell in cells)


def list_of(*works: str) -> str:
    return "\r\n".join([HEADER, *works]) + "\r\n"


def processed(house: House, text: str, day: date = DAY, at: datetime = NOON) -> dict[str, Any]:
    house.receive(text, received_at=at)
    house.process(day, day)
    return house.summary(day)


def by_id(house: House, day: date = DAY) -> dict[str, dict[str, Any]]:
    return {row["work_id"]: row for row in house.table(day, "works")}


def test_the_real_list_agrees_with_a_slow_computation(chantiers: House, real_data: Path) -> None:
    path = real_data / "chantiers" / REAL
    lines = real_data / "referentiel" / "referentiel-comptages-routiers_2022-02.csv"
    day = date(2023, 8, 31)
    at = datetime(2023, 8, 30, 6, tzinfo=UTC)
    chantiers.receive_file(
        real_data / "arrondissements" / "arrondissements.geojson",
        "arrondissements",
        extension="geojson",
        media="geojson",
    )
    chantiers.receive_file(lines, "referentiel")
    chantiers.receive_file(path, received_at=at)
    counts = chantiers.counts(first=day, last=day)
    assert (counts["rows_in"], counts["published"], counts["rejected"]) == (192, 191, 1)
    assert counts["rejected_by_reason"] == {"no_dates": 1}
    (reject,) = chantiers.rejects()
    assert reject["raw_text"].startswith("CP002436;")
    rows = works_of(path.read_bytes().decode("utf-8-sig"))
    expected = {row["Identifiant"]: row for row in active(rows, day)}
    found = by_id(chantiers, day)
    assert found.keys() == {row["Identifiant"] for row in rows if usable(row)}
    assert {name for name, one in found.items() if one["state"] == "active"} == expected.keys()
    for row in filter(usable, rows):
        one = found[row["Identifiant"]]
        # edges are geodesics here, straight in degrees there: of long thin works that is seen
        assert one["area_m2"] == pytest.approx(area(json.loads(row["geo_shape"])), rel=2e-3)
        assert one["impact_weight"] == WEIGHTS.get(row["Impact sur la circulation"])
        assert one["location"] == (row["Précisions de localisation"].strip()[:500] or None)
    slow = sum(area(json.loads(row["geo_shape"])) for row in expected.values())
    totals = chantiers.summary(day)["totals"]
    assert totals["area_m2"] == pytest.approx(slow, rel=1e-4)
    impacts = [row["Impact sur la circulation"] for row in expected.values()]
    assert totals["active"] == len(expected) > 40
    assert totals["closed"] == impacts.count("BARRAGE_TOTAL")
    known = sorted(name for name, row in expected.items() if row["Impact sur la circulation"])
    weights = [WEIGHTS[expected[name]["Impact sur la circulation"]] for name in known]
    assert totals["impact_weight"] == pytest.approx(sum(weights), rel=1e-9)
    assert totals["impact_share"] == len(weights) / len(expected)
    zones = chantiers.table(day, "zones")
    assert sum(zone["active"] for zone in zones) == totals["active"]
    _same_arcs(chantiers, day, expected, arcs_of(lines.read_bytes().decode()))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2023, 10, 29), 25), (date(2024, 3, 31), 23)], ids=["25h", "23h"]
)
def test_days_on_which_clocks_change_agree_with_a_slow_computation(
    chantiers: House, real_data: Path, day: date, hours: int
) -> None:
    path = real_data / "chantiers" / REAL
    start = datetime.combine(day, datetime.min.time(), PARIS)
    chantiers.receive_file(path, received_at=start.astimezone(UTC))
    chantiers.process(day, day)
    rows = works_of(path.read_bytes().decode("utf-8-sig"))
    expected = {row["Identifiant"]: row for row in active(rows, day)}
    found, summary = by_id(chantiers, day), chantiers.summary(day)
    assert {name for name, one in found.items() if one["state"] == "active"} == expected.keys()
    totals, impacts = summary["totals"], [r["Impact sur la circulation"] for r in expected.values()]
    weights = [WEIGHTS[impact] for impact in impacts if impact]
    assert (totals["active"], totals["closed"]) == (len(expected), impacts.count("BARRAGE_TOTAL"))
    assert totals["impact_weight"] == pytest.approx(sum(weights), rel=1e-9)
    assert totals["impact_share"] == pytest.approx(len(weights) / len(expected), rel=1e-9)
    assert len(expected) > 5 and summary["snapshot_age_h"] == hours


def _same_arcs(house: House, day: date, works: dict[str, Any], arcs: dict[str, Any]) -> None:
    """Every arc within 40 m stands in the table at its distance, and no other."""
    found = {(r["work_id"], r["arc_id"]): r["distance_m"] for r in house.table(day, "exposed_arcs")}
    assert len(found) > 100
    boxes = {
        arc: [f(p[at] for line in lines for p in line) for at in (0, 1) for f in (min, max)]
        for arc, lines in arcs.items()
    }
    checked = 0
    for name, row in sorted(works.items())[::4]:
        shape = json.loads(row["geo_shape"])
        near = _box(shape)
        for arc, box in boxes.items():
            apart = box[0] > near[1] or box[1] < near[0] or box[2] > near[3] or box[3] < near[2]
            away = float("inf") if apart else distance(shape, arcs[arc])
            if away > 40.01:
                assert (name, arc) not in found
            elif away < 39.99:
                assert found[name, arc] == pytest.approx(away, abs=0.01)
                checked += 1
    assert checked > 30
    assert house.summary(day)["totals"]["exposed_arcs"] == len({arc for _, arc in found})


def _box(shape: dict[str, Any]) -> list[float]:
    """Its box, some 70 m larger."""
    several = shape["type"] == "MultiPolygon"
    polygons = shape["coordinates"] if several else [shape["coordinates"]]
    points = [point for polygon in polygons for point in polygon[0]]
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return [min(lons) - 1e-3, max(lons) + 1e-3, min(lats) - 7e-4, max(lats) + 7e-4]


def test_the_first_and_the_last_day_count(chantiers: House) -> None:
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    works = [
        work("CP1"), work("CP2", before, before), work("CP3", after, after),
        work("CP4", before, after), work("CP5", before, after, status=3),
        work("CP6", before, after, status=5), work("CP7", before, after, status=1),
    ]  # fmt: skip
    totals = processed(chantiers, list_of(*works))["totals"]
    states = {name: row["state"] for name, row in by_id(chantiers).items()}
    assert list(states.values()) == [
        "active", "ended", "announced", "active", "suspended", "finished", "active",
    ]  # fmt: skip
    assert (totals["active"], totals["starting"], totals["ending"]) == (3, 1, 1)
    assert (totals["listed"], totals["ended"], totals["overdue"]) == (7, 1, 1)


def test_impacts_weigh_and_unknown_ones_do_not(chantiers: House) -> None:
    impacts = ["BARRAGE_TOTAL", "IMPASSE", "SENS_UNIQUE", "RESTREINTE", "", "AUTRE"]
    works = [work(f"CP{n}", impact=impact) for n, impact in enumerate(impacts)]
    summary = processed(chantiers, list_of(*works))
    totals = summary["totals"]
    assert totals["impact_weight"] == pytest.approx(1 + 0.8 + 0.5 + 0.3, rel=1e-12)
    assert (totals["unknown_impact"], totals["impact_share"]) == (2, 4 / 6)
    assert [row["work_id"] for row in summary["top_works"]][:4] == ["CP0", "CP1", "CP2", "CP3"]
    assert totals["exposed_arcs"] is None


BROKEN = {
    "no_dates": work("CP2", "", ""),
    "ends_before_start": work("CP3", DAY, DAY - timedelta(days=1)),
    "bad_date": work("CP4", "bientôt", DAY),
    "bad_work": work(""),
    "bad_level": work("CP5", level="très"),
    "cell_count": work("CP6") + ";one;more",
}


def test_what_breaks_the_contract_is_kept_with_its_reason(chantiers: House) -> None:
    text = list_of(work(detail='Ph1 : "2 files"\nPh2 : mise à sens unique'), *BROKEN.values())
    quality = processed(chantiers, text)["quality"]
    assert quality["rejected_by_reason"] == dict.fromkeys(sorted(BROKEN), 1)
    assert quality["rows_in"] == quality["published"] + quality["rejected"] == 1 + len(BROKEN)
    (kept,) = chantiers.table(DAY, "clean")
    assert kept["impact_detail"] == 'Ph1 : "2 files"\nPh2 : mise à sens unique'
    rows = {row["reason"]: row["row"] for row in chantiers.rejects()}
    assert rows["no_dates"] == 4  # a line break inside quotes is one of the lines before it


def test_a_work_without_a_polygon_is_kept_and_said(chantiers: House) -> None:
    summary = processed(chantiers, list_of(work(), work("CP2", shape="{}", point="")))
    assert summary["totals"]["geometry_share"] == 0.5
    assert summary["totals"]["area_m2"] == by_id(chantiers)["CP1"]["area_m2"]
    assert by_id(chantiers)["CP2"]["arrondissement"] == "unknown"
    assert chantiers.check(DAY, "geometry")[0] == "yellow"


def test_a_day_uses_the_list_last_received_by_its_end(chantiers: House) -> None:
    long = {"start": DAY - timedelta(days=30), "end": DAY + timedelta(days=30)}
    midnight = datetime(2025, 10, 26, 23, tzinfo=UTC)
    for n, at in enumerate((NOON - timedelta(days=3), midnight, midnight + timedelta(seconds=1))):
        chantiers.receive(list_of(*(work(f"CP{i}", **long) for i in range(n + 1))), received_at=at)
    days = [DAY - timedelta(days=4), DAY - timedelta(days=1), DAY, DAY + timedelta(days=9)]
    for day in days:
        chantiers.process(day, day)
    found = {day: chantiers.summary(day) for day in days}
    assert [found[day]["totals"]["active"] for day in days] == [1, 1, 2, 3]
    assert [found[day]["snapshot_later"] for day in days] == [True, False, False, False]
    assert found[DAY]["snapshot_age_h"] == 0 and found[days[0]]["snapshot_age_h"] is None
    for day, severity in zip(days, ("yellow", "green", "green", "yellow"), strict=True):
        assert chantiers.check(day, "freshness")[0] == severity


def test_every_form_of_the_list_is_one_edition(chantiers: House) -> None:
    first = processed(chantiers, list_of(work(), work("CP2", "", "")))
    record = {
        "identifiant": "CP1", "date_debut": str(DAY), "date_fin": str(DAY), "statut": 2,
        "impact_circulation": "RESTREINTE", "niveau_perturbation": 1, "voie": "rue de Rivoli",
        "geo_shape": {"type": "Feature", "geometry": json.loads(SHAPE), "properties": {}},
        "geo_point_2d": {"lon": 2.3005, "lat": 48.8605},
    }  # fmt: skip
    answer = json.dumps({"total_count": 1, "results": [record]})
    chantiers.receive(answer, extension="json", media="json", received_at=NOON)
    chantiers.process(DAY, DAY)
    assert chantiers.summary(DAY)["edition"] == first["edition"]


def test_a_file_that_is_no_list_of_works_is_refused(chantiers: House) -> None:
    chantiers.receive("identifiant;date_debut\nCP1;2025-01-01\n")
    assert "no column date_fin, impact_circulation" in chantiers.counts()["unreadable"][0]
