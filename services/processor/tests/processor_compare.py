"""What was published, set beside what was computed slowly: exact, ratios within 1e-9."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from processor_house import House
from processor_slow import Day
from processor_slow_read import Read, Reading

TABLES = ("arc_hours", "arcs", "alerts")


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


def assert_days(house: House, days: Mapping[date, Day], read: Read) -> None:
    """Everything that is published of these days, and nothing is of others."""
    assert list(house.pointers()) == list(days)
    for day, expected in days.items():
        for name in TABLES:
            assert_table(house, expected, name)
        assert_summary(house, expected)
        assert_quality(house, day, read.by_day.get(day, Reading()))


def assert_table(house: House, expected: Day, name: str) -> int:
    """A table row by row; returns how many there are."""
    found = house.table(expected.day, name)
    assert_rows(found, getattr(expected, name)(), (expected.day, name))
    return len(found)


def assert_summary(house: House, expected: Day) -> None:
    day = expected.day
    summary = house.summary(day)
    assert summary["status"] == ("published" if expected.records else "no_data")
    assert_like(summary["totals"], expected.totals(), day)
    assert_rows(summary["hourly"], expected.hourly(), day)
    areas = {area["arrondissement"]: area for area in summary["arrondissements"]}
    assert areas.keys() == expected.areas().keys()
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


def assert_quality(house: House, day: date, reading: Reading) -> None:
    quality = house.summary(day)["quality"]
    assert quality["rows_in"] == reading.rows, day
    assert quality["published"] == reading.rows - reading.duplicates, day
    assert quality["duplicates"] == reading.duplicates, day
    assert quality["conflicts"] == reading.conflicts, day
    assert quality["withdrawn_values"] == reading.withdrawn, day
    assert quality["rejected"] == quality["state_mismatches"] == 0, day
    severities = {check["name"]: check["severity"] for check in quality["checks"]}
    yellow = {"duplicates"} if reading.conflicts or reading.withdrawn else set()
    assert {name for name, severity in severities.items() if severity != "green"} == yellow, day
