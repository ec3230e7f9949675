"""The figures of a day: alerts, rankings, places and lengths, and a day without data."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processor_house import COLUMNS, ROW, House, row, stamps, text_of
from processor_slow import length_m

from cityflow.contracts.reference import ReferenceVersion
from cityflow.contracts.reference_tables import REFERENTIEL_ARCS

DAY = date(2025, 3, 5)
AUTUMN = date(2025, 10, 26)


def hours(occupancies: list[float | None], **values: str | None) -> list[dict[str, str | None]]:
    """Rows of the first hours of the day with these occupancies."""
    texts = [None if value is None else str(value) for value in occupancies]
    found = zip(stamps(DAY, *range(len(texts))), texts, strict=True)
    return [row(t_1h=stamp, k=k, **values) for stamp, k in found]


def ended(hour: int) -> datetime:
    """The end of the local hour of the day, in winter."""
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("occupancies", "alerts"),
    [
        # Start, end, peak hour's end (local hours), peak, severity.
        ([10, 30, 10], []),
        ([29.99999, 30, 29.99999, 30], []),
        ([30, 30], [(0, 2, 1, 30.0, "saturated")]),
        ([10, 30, 40, 40, 31, 10], [(1, 5, 3, 40.0, "saturated")]),
        ([30, None, 30, 30], [(2, 4, 3, 30.0, "saturated")]),
        ([60, 30, 60], [(0, 3, 1, 60.0, "saturated")]),
        ([30, 50, 50, 30], [(0, 4, 2, 50.0, "blocked")]),
        ([50, 49.99999, 50, 51], [(0, 4, 4, 51.0, "blocked")]),
        ([100, 100, 0, 35, 30], [(0, 2, 1, 100.0, "blocked"), (3, 5, 4, 35.0, "saturated")]),
        ([40] * 24, [(0, 24, 1, 40.0, "saturated")]),
    ],
)
def test_alerts_are_two_hours_or_more_above_30_percent(
    house: House, occupancies: list[float | None], alerts: list[tuple[Any, ...]]
) -> None:
    house.receive(text_of(hours(occupancies)))
    house.process()
    expected = [
        {
            "arc_id": "4264",
            "label": "AV_Champs_Elysees",
            "arrondissement": "unknown",
            "start": ended(start - 1),
            "end": ended(end - 1),
            "hours": end - start,
            "peak_occupancy_pct": peak,
            "peak_hour_end": ended(peak_end - 1),
            "severity": severity,
        }
        for start, end, peak_end, peak, severity in alerts
    ]
    assert house.table(DAY, "alerts") == expected
    summary = house.summary(DAY)
    assert summary["alerts_total"] == len(expected)
    assert [alert["hours"] for alert in summary["alerts"]] == sorted(
        (alert["hours"] for alert in expected), reverse=True
    )


def test_a_missing_row_ends_an_alert_and_so_does_another_arc(house: House) -> None:
    missing = hours([30, 30, 30, 30, 30])
    del missing[2]
    house.receive(text_of([*missing, *hours([10, 30], iu_ac="5"), *hours([30], iu_ac="6")]))
    house.process()
    found = [(alert["arc_id"], alert["hours"]) for alert in house.table(DAY, "alerts")]
    assert found == [("4264", 2), ("4264", 2)]


def test_alerts_do_not_go_over_midnight(house: House) -> None:
    stamped = [*stamps(DAY, 23), *stamps(DAY + timedelta(days=1), 0)]
    house.receive(text_of([row(t_1h=stamp, k="60") for stamp in stamped]))
    house.process()
    assert house.table(DAY, "alerts") == house.table(DAY + timedelta(days=1), "alerts") == []


def test_an_alert_over_the_hour_that_autumn_loses_is_broken_by_it(house: House) -> None:
    # The stamps 01:00, 02:00 (the second) and 03:00 end hours of which the first is apart.
    rows = [row(t_1h=stamp, k="40") for stamp in stamps(AUTUMN, 0, 1, 2)]
    house.receive(text_of(rows))
    house.process()
    (alert,) = house.table(AUTUMN, "alerts")
    assert (alert["start"].hour, alert["end"].hour, alert["hours"]) == (0, 2, 2)
    # Where the source does hold it, it is part of a run and of what is expected.
    house.receive(text_of([row(t_1h="2025-10-26T02:00:00+02:00", k="40")]))
    house.process()
    (alert,) = house.table(AUTUMN, "alerts")
    assert (alert["start"].hour, alert["hours"]) == (22, 4)
    summary = house.summary(AUTUMN)
    assert (summary["hours_in_day"], summary["hours_expected"]) == (25, 25)
    assert [hour["hour_of_day"] for hour in summary["hourly"][:4]] == [0, 1, 2, 2]


def test_the_summary_lists_the_longest_alerts_of_many(house: House) -> None:
    rows = [one for arc in range(120) for one in hours([30.0] * (2 + arc % 3), iu_ac=f"{arc:03}")]
    house.receive(text_of(rows))
    house.process()
    summary = house.summary(DAY)
    assert (summary["alerts_total"], len(house.table(DAY, "alerts"))) == (120, 120)
    listed = [(alert["hours"], alert["arc_id"]) for alert in summary["alerts"]]
    assert len(listed) == 100
    assert listed[:40] == [(4, f"{arc:03}") for arc in range(2, 120, 3)]
    assert listed == sorted(listed, key=lambda alert: (-alert[0], alert[1]))


def test_the_top_ten_ties_are_broken_by_arc(house: House) -> None:
    flows = {"9": "50", "10": "50", "11": "50", "a": "60", "0": "0", "b": None}
    flows |= {str(arc): "40" for arc in range(100, 110)}
    rows = [row(iu_ac=arc, q=q, t_1h=stamps(DAY, 8)[0]) for arc, q in flows.items()]
    rows += hours([30, 30, 31], iu_ac="x", q=None) + hours([30, 50, 99], iu_ac="w", q=None)
    house.receive(text_of(rows))
    house.process()
    summary = house.summary(DAY)
    top = summary["top_arcs_by_flow"]
    assert [(arc["rank"], arc["arc_id"], arc["flow_veh"]) for arc in top] == [
        *((1, "a", 60), (2, "10", 50), (3, "11", 50), (4, "9", 50)),
        *((rank, str(95 + rank), 40) for rank in range(5, 11)),
    ]
    saturated = summary["top_arcs_by_saturated_hours"]
    assert [(arc["rank"], arc["arc_id"], arc["saturated_hours"]) for arc in saturated] == [
        (1, "w", 3), (2, "x", 3),
    ]  # fmt: skip


def test_a_peak_is_the_first_hour_of_the_largest_flow(house: House) -> None:
    flows = ["5.0", "9.0", None, "9.0", "0.0"]
    rows = [row(q=q, t_1h=stamp) for q, stamp in zip(flows, stamps(DAY, *range(5)), strict=True)]
    house.receive(text_of([*rows, *hours([1.0], iu_ac="quiet", q=None)]))
    house.process()
    arcs = {arc["arc_id"]: arc for arc in house.table(DAY, "arcs")}
    peak = arcs["4264"]
    assert (peak["peak_hour"], peak["peak_hour_end"], peak["peak_flow_veh"]) == (1, ended(1), 9)
    quiet = arcs["quiet"]
    assert {quiet[name] for name in ("peak_hour", "peak_hour_end", "peak_flow_veh")} == {None}
    assert (quiet["flow_veh"], quiet["vkt_veh_km"], quiet["flow_coverage"]) == (None, None, 0.0)


def test_null_is_never_zero(house: House) -> None:
    house.receive(text_of([row(q=None, k=None, t_1h=stamp) for stamp in stamps(DAY, 1, 2)]))
    house.process()
    totals = house.summary(DAY)["totals"]
    assert (totals["arcs"], totals["arcs_silent"], totals["arcs_with_flow"]) == (1, 1, 0)
    assert (totals["flow_veh"], totals["occupancy_mean_pct"], totals["vkt_veh_km"]) == (None,) * 3
    assert (totals["flow_coverage"], totals["vkt_flow_share"]) == (0.0, None)
    hour = house.summary(DAY)["hourly"][1]
    assert (hour["states"]["unknown"], hour["states"]["fluid_share"]) == (1, None)


# Geography

CENTRES = {  # a point well inside each arrondissement
    "1": (48.8625, 2.3363), "2": (48.8682, 2.3428), "3": (48.8629, 2.3600),
    "4": (48.8543, 2.3576), "5": (48.8444, 2.3507), "6": (48.8491, 2.3329),
    "7": (48.8562, 2.3122), "8": (48.8727, 2.3126), "9": (48.8772, 2.3375),
    "10": (48.8761, 2.3607), "11": (48.8591, 2.3801), "12": (48.8410, 2.3880),
    "13": (48.8283, 2.3623), "14": (48.8292, 2.3265), "15": (48.8401, 2.2928),
    "16": (48.8604, 2.2620), "17": (48.8874, 2.3068), "18": (48.8926, 2.3482),
    "19": (48.8871, 2.3848), "20": (48.8635, 2.4012),
}  # fmt: skip


def line_at(lat: float, lon: float) -> str:
    """A short line around a point, as published."""
    return json.dumps({"coordinates": [[lon - 0.001, lat], [lon + 0.001, lat]],
                       "type": "LineString"})  # fmt: skip


def test_each_arc_lies_in_one_of_twenty_arrondissements_or_outside_or_nowhere(
    house: House, real_data: Path
) -> None:
    polygons = real_data / "arrondissements" / "arrondissements.geojson"
    house.receive_file(polygons, "arrondissements", media="geojson", extension="geojson")
    stamp = stamps(DAY, 8)[0]
    shapes = {code: (f"{lat}, {lon}", line_at(lat, lon)) for code, (lat, lon) in CENTRES.items()}
    rows = [
        row(iu_ac=f"in {code}".replace(" ", ":"), geo_point_2d=point, geo_shape=shape, t_1h=stamp)
        for code, (point, shape) in shapes.items()
    ]
    rows += [
        row(iu_ac="no-point", geo_point_2d=None, geo_shape=shapes["15"][1], t_1h=stamp),
        row(iu_ac="no-shape", geo_point_2d=shapes["16"][0], geo_shape=None, t_1h=stamp),
        row(iu_ac="nothing", geo_point_2d=None, geo_shape=None, t_1h=stamp),
        row(iu_ac="broken", geo_point_2d="48.8, 2.3, 0", geo_shape='{"type": "Point"}', t_1h=stamp),
        row(iu_ac="versailles", geo_point_2d="48.80, 2.13", geo_shape=line_at(48.80, 2.13),
            t_1h=stamp),
    ]  # fmt: skip
    house.receive(text_of(rows))
    house.process()
    found = {arc["arc_id"]: arc["arrondissement"] for arc in house.table(DAY, "arcs")}
    assert found == {f"in:{code}": code for code in CENTRES} | {
        "no-point": "15", "no-shape": "16", "nothing": "unknown", "broken": "unknown",
        "versailles": "outside",
    }  # fmt: skip
    areas = {area["arrondissement"]: area for area in house.summary(DAY)["arrondissements"]}
    assert list(areas) == [*CENTRES, "outside", "unknown"]
    counts = {code: area["arcs"] for code, area in areas.items()}
    assert counts == dict.fromkeys(CENTRES, 1) | {"15": 2, "16": 2, "outside": 1, "unknown": 2}
    assert (areas["8"]["label"], areas["outside"]["label"]) == ("Élysée", "outside Paris")
    context = house.summary(DAY)["context"]
    assert context["arrondissements"] and context["referentiel"] is None
    assert context["lengths_from"] == "counts: 23, none: 2"


def test_without_polygons_every_arc_is_of_unknown_place(house: House) -> None:
    house.receive(text_of([row(t_1h=stamps(DAY, 8)[0])]))
    house.process()
    (area, outside) = sorted(house.summary(DAY)["arrondissements"], key=lambda area: -area["arcs"])
    assert (area["arrondissement"], area["arcs"]) == ("unknown", 1)
    assert (outside["arrondissement"], outside["arcs"]) == ("outside", 0)
    (arc,) = house.table(DAY, "arcs")
    assert arc["length_m"] == pytest.approx(length_m(json.loads(ROW["geo_shape"] or "")), rel=1e-12)


@pytest.mark.parametrize(
    "shape",
    [
        "{",
        "[" * 100_000,
        "null",
        '{"type": "LineString"}',
        '{"type": "LineString", "coordinates": []}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, null]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 148.8]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, NaN]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 1e999]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 48.9, 1, 2]]}',
        '{"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 48.9, "high"]]}',
        '{"type": "MultiLineString", "coordinates": []}',
        '{"type": "MultiLineString", "coordinates": [[[2.3, 48.8], [2.4, 48.9]], []]}',
        '{"type": "MultiLineString", "coordinates": [[2.3, 48.8], [2.4, 48.9]]}',
        '{"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}',
        '{"type": "Feature", "geometry": null}',
    ],
)
def test_a_broken_geometry_costs_the_length_never_the_count(house: House, shape: str) -> None:
    house.receive(text_of([row(geo_shape=shape, t_1h=stamps(DAY, 8)[0])], columns=COLUMNS))
    house.process()
    (arc,) = house.table(DAY, "arcs")
    assert (arc["flow_veh"], arc["geometry"], arc["length_m"]) == (199, None, None)


def referentiel(*lines: tuple[str, str, str]) -> str:
    """Arc, point and line of each row, as published."""
    rows = [
        {"iu_ac": arc, "geo_point_2d": point, "geo_shape": shape} for arc, point, shape in lines
    ]
    names = {"iu_ac": "Identifiant arc"}
    columns = ("iu_ac", "libelle", "geo_point_2d", "geo_shape")
    return text_of(rows, columns=columns, names=names, newline="\r\n")


def test_an_arc_without_geometry_has_that_of_the_referentiel(house: House) -> None:
    short, long = line_at(48.8625, 2.3363), line_at(48.8727, 2.3126).replace("2.3136", "2.3176")
    east = json.dumps(
        {
            "type": "MultiLineString",
            "coordinates": [
                json.loads(line_at(48.8635, 2.4012))["coordinates"],
                [[2.5, 48.9], [2.51, 48.9]],
            ],
        }
    )
    house.receive(
        referentiel(
            ("12", "48.8625, 2.3363", short),
            ("12", "48.8727, 2.3126", long),
            ("12", "48.8625, 2.3363", short),  # the same line again
            ("13", "48.8635, 2.4012", east),
            ("14", "48.8635, 2.4012", ""),
        ),
        "referentiel",
    )
    bare = {"geo_point_2d": None, "geo_shape": None, "t_1h": stamps(DAY, 8)[0]}
    rows = [row(iu_ac=arc, **bare) for arc in ("12", "13", "14", "15")]
    house.receive(text_of([*rows, row(iu_ac="12", t_1h=stamps(DAY, 7)[0])]))
    house.process()
    arcs = {arc["arc_id"]: arc for arc in house.table(DAY, "arcs")}
    sources = {arc: one["geometry_source"] for arc, one in arcs.items()}
    assert sources == {"12": "referentiel", "13": "referentiel", "14": "none", "15": "none"}
    both = length_m(json.loads(short)) + length_m(json.loads(long))
    assert arcs["12"]["length_m"] == pytest.approx(both, rel=1e-12)
    assert arcs["12"]["vkt_veh_km"] == pytest.approx(2 * 199 * both / 1000, rel=1e-12)
    assert json.loads(arcs["12"]["geometry"])["type"] == "MultiLineString"
    assert arcs["13"]["length_m"] == pytest.approx(length_m(json.loads(east)), rel=1e-12)
    assert arcs["14"]["vkt_veh_km"] is None
    totals = house.summary(DAY)["totals"]
    assert totals["vkt_flow_share"] == pytest.approx(3 / 5)
    assert house.summary(DAY)["context"]["lengths_from"] == "none: 2, referentiel: 2"
    lines = replace(house, dataset="referentiel")
    (received,) = lines.editions()
    version = lines.summary(received)
    assert version["edition"] == house.summary(DAY)["context"]["referentiel"]
    assert (version["rows"], version["without_geometry"]) == (3, 1)
    assert ReferenceVersion.model_validate(version).status == "published"
    columns = [column.name for column in REFERENTIEL_ARCS.columns]
    assert [list(one) for one in lines.table(received, "clean")] == [columns] * 3
    kept = {one["arc_id"]: one["length_m"] for one in lines.table(received, "clean")}
    assert kept == {arc: arcs[arc]["length_m"] for arc in ("12", "13", "14")}


def test_the_geometry_in_force_on_a_day_is_the_last_received_by_its_end(house: House) -> None:
    def received(day: int, lat: float) -> None:
        shape = line_at(lat, 2.3363).replace("2.3373", "2.34" if lat > 48.87 else "2.3373")
        at = datetime(2025, 3, day, 12, tzinfo=UTC)
        house.receive(referentiel(("12", "", shape)), "referentiel", received_at=at)

    received(5, 48.8625)
    received(6, 48.8727)
    bare = {"iu_ac": "12", "geo_point_2d": None, "geo_shape": None}
    days = [date(2025, 3, day) for day in (4, 5, 6, 7)]
    house.receive(text_of([row(t_1h=stamps(day, 8)[0], **bare) for day in days]))
    house.process()
    lengths = [round(house.table(day, "arcs")[0]["length_m"]) for day in days]
    # Before the first there is only the first.
    assert lengths[0] == lengths[1] < lengths[2] == lengths[3]
    first, second = (house.summary(day)["context"]["referentiel"] for day in days[1:3])
    assert first != second
    assert house.pointer(days[0]) is not None


# A day without data


def test_a_day_that_no_file_covers_says_so(house: House) -> None:
    counts = house.counts(first=DAY, last=DAY)
    assert (counts["days"], counts["days_without_data"], counts["rows_in"]) == (1, 1, 0)
    pointer = house.pointer(DAY)
    assert pointer is not None and (pointer.status, pointer.records) == ("no_data", 0)
    summary = house.summary(DAY)
    assert summary["status"] == "no_data"
    totals = summary["totals"]
    assert (totals["arcs"], totals["expected_hours"]) == (0, 0)
    assert {totals[name] for name in ("flow_veh", "flow_coverage", "occupancy_mean_pct",
                                      "vkt_veh_km")} == {None}  # fmt: skip
    assert len(summary["hourly"]) == summary["hours_expected"] == 24
    assert house.table(DAY, "arcs") == house.table(DAY, "arc_hours") == []
    assert house.table(DAY, "alerts") == house.table(DAY, "clean") == []
    assert {check["severity"] for check in summary["quality"]["checks"]} == {"green"}
    # Data that arrive later make the day's first edition of data.
    house.receive(text_of([row(t_1h=stamps(DAY, 8)[0])]))
    house.process()
    current = house.pointer(DAY)
    assert current is not None
    assert (current.status, current.previous) == ("published", pointer.edition)


def test_days_without_data_of_23_and_25_hours(house: House) -> None:
    for day, hours, expected in ((date(2025, 3, 30), 23, 23), (AUTUMN, 25, 24)):
        house.process(day, day)
        summary = house.summary(day)
        assert (summary["hours_in_day"], summary["hours_expected"]) == (hours, expected)
        assert len(summary["hourly"]) == hours


def test_gaps_are_filled_up_to_31_days(house: House) -> None:
    first, second, third = DAY, DAY + timedelta(days=32), DAY + timedelta(days=65)
    days = (first, second, third)
    house.receive(text_of([row(t_1h=stamps(day, 8)[0]) for day in days]))
    counts = house.counts()
    assert (counts["days"], counts["days_without_data"]) == (34, 31)
    published = house.pointers()
    assert list(published) == [DAY + timedelta(days=n) for n in (*range(33), 65)]
    assert {day for day, one in published.items() if one.status == "published"} == set(days)
