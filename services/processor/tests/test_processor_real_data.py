"""The published days of the real files against a slow computation of its own, value by value."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from processor_house import RealRun
from processor_slow import (
    Day,
    Map,
    Read,
    Reading,
    csv_rows,
    hour_end,
    json_rows,
    read,
    service_day,
)

LONGEST_GAP = 31
OUTAGES = (date(2025, 1, 7), date(2025, 1, 14), date(2025, 3, 25), date(2025, 7, 10))
CHAMPS, CONVENTION = "4264", "5671"


@cache
def slow_read(data: Path) -> Read:
    """All real files, in the order in which the command received them: by name."""
    loops = data / "comptages"
    return read(
        [
            json_rows(loops / "comptages_api-records-technical_2026-06-21T00_100arcs.json"),
            csv_rows(loops / "comptages_av-champs-elysees_2024-10_2025-11.csv"),
            csv_rows(loops / "comptages_convention_2024-10_2025-11.csv"),
            csv_rows(data / "comptages-historique" / "historique_champs_elysees_2019.csv", ","),
        ]
    )


@cache
def slow_days(data: Path) -> dict[date, Day]:
    """Every day that the files hold, and the short gaps between them."""
    places = Map.read(
        data / "arrondissements" / "arrondissements.geojson",
        data / "referentiel" / "referentiel-comptages-routiers_2022-02.csv",
    )
    by_day: dict[date, dict[Any, Any]] = {}
    for key, one in slow_read(data).records.items():
        by_day.setdefault(service_day(key[1]), {})[key] = one
    held = sorted(by_day)
    for before, after in pairwise(held):
        missing = (after - before).days - 1
        if missing <= LONGEST_GAP:
            for n in range(1, missing + 1):
                by_day[before + timedelta(days=n)] = {}
    return {day: Day(day, records, places) for day, records in sorted(by_day.items())}


@pytest.fixture(scope="session")
def slow(real_data: Path) -> dict[date, Day]:
    return slow_days(real_data)


def near(found: Any, expected: Any) -> bool:
    """Integers, texts and instants equal; floats within 1e-9 of each other."""
    if isinstance(expected, dict):
        return expected.keys() == found.keys() and all(
            near(found[name], value) for name, value in expected.items()
        )
    if isinstance(expected, float):
        return isinstance(found, float) and found == pytest.approx(expected, rel=1e-9, abs=0)
    if isinstance(expected, datetime) and isinstance(found, str):
        return datetime.fromisoformat(found) == expected
    return type(found) is type(expected) and bool(found == expected)


def assert_like(found: dict[str, Any], expected: dict[str, Any], what: object) -> None:
    wrong = {
        name: (found[name], value)
        for name, value in expected.items()
        if not near(found[name], value)
    }
    assert not wrong, (what, wrong)


def assert_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]], what: object) -> None:
    assert len(found) == len(expected), what
    for one, other in zip(found, expected, strict=True):
        assert_like(one, other, what)


def test_every_service_day_is_published_and_short_gaps_say_so(
    real: RealRun, slow: dict[date, Day]
) -> None:
    pointers = real.house.pointers()
    assert list(pointers) == list(slow)
    for day, pointer in pointers.items():
        assert pointer.records == len(slow[day].records), day
        assert pointer.status == ("published" if slow[day].records else "no_data"), day
    assert all(pointers[day].status == "no_data" for day in OUTAGES)
    # Years lie between the yearly archive, the rolling file and the saved answer: not filled.
    assert {day.year for day in pointers} == {2019, 2024, 2025, 2026}
    assert date(2020, 1, 1) not in pointers and date(2024, 9, 30) not in pointers


@pytest.mark.parametrize("name", ["arc_hours", "arcs", "alerts"])
def test_tables_agree_on_every_arc_day_and_hour(
    real: RealRun, slow: dict[date, Day], name: str
) -> None:
    rows = 0
    for day, expected in slow.items():
        found = real.house.table(day, name)
        assert_rows(found, getattr(expected, name)(), (day, name))
        rows += len(found)
    assert rows == {"arc_hours": 26_064, "arcs": 1_199, "alerts": 186}[name]


def test_summaries_agree_on_every_day(real: RealRun, slow: dict[date, Day]) -> None:
    for day, expected in slow.items():
        summary = real.house.summary(day)
        assert_like(summary["totals"], expected.totals(), day)
        assert_rows(summary["hourly"], expected.hourly(), day)
        areas = {area["arrondissement"]: area for area in summary["arrondissements"]}
        assert list(areas) == [*map(str, range(1, 21)), "outside", "unknown"]
        for code, area in expected.areas().items():
            assert_like(areas[code], area, (day, code))
        for name, by in (
            ("top_arcs_by_flow", "flow_veh"),
            ("top_arcs_by_saturated_hours", "saturated_hours"),
        ):
            assert [arc["arc_id"] for arc in summary[name]] == expected.ranking(by), (day, name)
        assert summary["alerts_total"] == len(expected.alerts())
        assert summary["hours_in_day"] == len(expected.hours)
        assert summary["hours_expected"] == expected.expected


def test_quality_of_every_day_is_as_counted(real: RealRun, real_data: Path) -> None:
    readings = slow_read(real_data).by_day
    for day, pointer in real.house.pointers().items():
        quality = real.house.summary(day)["quality"]
        reading = readings.get(day, Reading())
        assert quality["rows_in"] == reading.rows, day
        assert quality["duplicates"] == reading.duplicates, day
        assert quality["conflicts"] == reading.conflicts, day
        assert quality["withdrawn_values"] == reading.withdrawn == 0, day
        assert quality["rejected"] == quality["state_mismatches"] == 0, day
        assert quality["published"] == pointer.records
        severities = {check["name"]: check["severity"] for check in quality["checks"]}
        yellow = {"duplicates"} if reading.conflicts else set()
        assert {name for name, severity in severities.items() if severity != "green"} == yellow


def test_counts_of_the_command_add_up(real: RealRun, real_data: Path) -> None:
    expected = slow_read(real_data)
    counts = real.counts
    assert counts["rows_in"] == expected.rows_in == 8_603 + 8_603 + 100 + 8_879
    assert counts["published"] == len(expected.records) == 26_064
    assert (counts["rejected"], counts["rejected_by_reason"]) == (0, {})
    assert counts["duplicates"] == sum(day.duplicates for day in expected.by_day.values()) == 120
    # The one row of 2019-03-31 02:00, an hour that spring removes: it is empty.
    assert counts["out_of_range"] == expected.out_of_range == 1
    assert counts["editions"] == {"new": len(real.house.pointers()), "unchanged": 0, "red": 0}
    assert counts["days"] == 762
    assert counts["days_without_data"] == 29
    assert (counts["first_day"], counts["last_day"]) == ("2019-01-01", "2026-06-20")
    assert (counts["files"], counts["red"], counts["unreadable"]) == (4, [], [])


def hours_of(real: RealRun, day: date, arc: str) -> list[datetime]:
    rows = real.house.table(day, "arc_hours")
    return [row["hour_end"] for row in rows if row["arc_id"] == arc]


def utc(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("day", "arcs"),
    [(date(2019, 3, 31), [CHAMPS]), (date(2025, 3, 30), [CHAMPS, CONVENTION])],
)
def test_spring_days_have_23_hours(real: RealRun, day: date, arcs: list[str]) -> None:
    # 00:00 of the next day is 22:00 UTC; no local hour starts at 2.
    whole = [utc(day, hour) for hour in range(23)]
    for arc in arcs:
        assert hours_of(real, day, arc) == whole
    summary = real.house.summary(day)
    assert (summary["hours_in_day"], summary["hours_expected"]) == (23, 23)
    starts = [hour["hour_of_day"] for hour in summary["hourly"]]
    assert starts == [0, 1, *range(3, 24)]
    assert summary["totals"]["expected_hours"] == 23 * len(arcs)
    assert all(row["expected_hours"] == 23 for row in real.house.table(day, "arcs"))


@pytest.mark.parametrize(
    ("day", "arcs"),
    [
        (date(2019, 10, 27), [CHAMPS]),
        (date(2024, 10, 27), [CHAMPS, CONVENTION]),
        (date(2025, 10, 26), [CHAMPS, CONVENTION]),
    ],
)
def test_autumn_days_hold_24_of_their_25_hours(real: RealRun, day: date, arcs: list[str]) -> None:
    # 02:00 ends two hours: the first, 00:00 UTC, is lost, the second, 01:00 UTC, is there.
    held = [utc(day, hour) for hour in (-1, *range(1, 24))]
    for arc in arcs:
        assert hours_of(real, day, arc) == held
    summary = real.house.summary(day)
    assert (summary["hours_in_day"], summary["hours_expected"]) == (25, 24)
    assert [hour["hour_of_day"] for hour in summary["hourly"]] == [0, 1, 2, *range(2, 24)]
    lost = summary["hourly"][1]
    assert datetime.fromisoformat(lost["hour_end"]) == utc(day, 0)
    assert (lost["expected_hours"], lost["flow_veh"], lost["flow_coverage"]) == (0, None, None)
    assert summary["totals"]["expected_hours"] == 24 * len(arcs)


def test_a_row_stamped_midnight_belongs_to_the_day_before(real: RealRun) -> None:
    # 4264;…;2024-10-01T05:00 is the first row, 2025-11-01T00:00 the last: of 31 October.
    last = hours_of(real, date(2025, 10, 31), CHAMPS)[-1]
    assert last == datetime(2025, 10, 31, 23, tzinfo=UTC)
    assert real.house.pointer(date(2025, 11, 1)) is None
    # The archive of 2019 ends at 2020-01-01 00:00.
    assert hours_of(real, date(2019, 12, 31), CHAMPS)[-1] == datetime(2019, 12, 31, 23, tzinfo=UTC)
    # The saved answer is one hour that ends at 2026-06-21T00:00+02:00.
    saved = real.house.table(date(2026, 6, 20), "arc_hours")
    assert {(row["hour_end"], row["hour_of_day"]) for row in saved} == {
        (datetime(2026, 6, 20, 22, tzinfo=UTC), 23)
    }
    assert len(saved) == 100


def test_duplicated_keys_of_the_archive_keep_the_more_precise_row(
    real: RealRun, real_data: Path
) -> None:
    days = [date(2019, 9, 26) + timedelta(days=n) for n in range(6)]
    qualities = {day: real.house.summary(day)["quality"] for day in days}
    assert sum(quality["duplicates"] for quality in qualities.values()) == 120
    assert sum(quality["conflicts"] for quality in qualities.values()) == 84
    texts: dict[tuple[str | None, ...], set[str]] = {}
    archive = real_data / "comptages-historique" / "historique_champs_elysees_2019.csv"
    for row in csv_rows(archive, ","):
        texts.setdefault((row["iu_ac"], row["t_1h"]), set()).add(row["k"] or "")
    several = {key: values for key, values in texts.items() if len(values) > 1}
    assert len(several) == 84
    for (arc, stamp), values in several.items():
        end = hour_end(stamp or "")
        assert end is not None
        (row,) = [
            row
            for row in real.house.table(service_day(end), "arc_hours")
            if (row["arc_id"], row["hour_end"]) == (arc, end)
        ]
        most = max(values, key=lambda text: len(text.partition(".")[2].rstrip("0")))
        assert row["occupancy_pct"] == float(most), (stamp, values)
