"""The published days of the real files against a slow computation of its own, value by value."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from processor_compare import TABLES, assert_quality, assert_summary, assert_table
from processor_house import RealRun
from processor_slow import Day, Map, days_of
from processor_slow_read import Read, Reading, csv_rows, hour_end, json_rows, read, service_day

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
    places = Map.read(
        data / "arrondissements" / "arrondissements.geojson",
        data / "referentiel" / "referentiel-comptages-routiers_2022-02.csv",
    )
    return days_of(slow_read(data), places)


@pytest.fixture(scope="session")
def slow(real_data: Path) -> dict[date, Day]:
    return slow_days(real_data)


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


@pytest.mark.parametrize("name", TABLES)
def test_tables_agree_on_every_arc_day_and_hour(
    real: RealRun, slow: dict[date, Day], name: str
) -> None:
    rows = sum(assert_table(real.house, expected, name) for expected in slow.values())
    assert rows == {"arc_hours": 26_064, "arcs": 1_199, "alerts": 186}[name]


def test_summaries_agree_on_every_day(real: RealRun, slow: dict[date, Day]) -> None:
    for expected in slow.values():
        assert_summary(real.house, expected)
    areas = real.house.summary(date(2025, 3, 5))["arrondissements"]
    codes = [area["arrondissement"] for area in areas]
    assert codes == [*map(str, range(1, 21)), "outside", "unknown"]


def test_quality_of_every_day_is_as_counted(real: RealRun, real_data: Path) -> None:
    readings = slow_read(real_data).by_day
    for day in real.house.pointers():
        assert_quality(real.house, day, readings.get(day, Reading()))


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
