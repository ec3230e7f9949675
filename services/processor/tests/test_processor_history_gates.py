"""The gates that compare a day with earlier ones: thresholds, and what is named."""

from datetime import date, timedelta

import pytest

from cityflow.contracts import Severity
from cityflow_processor.records.history_gates import Fullness, history_gates
from cityflow_processor.roads.thresholds import limits

TUESDAY, HOLIDAY = date(2025, 10, 14), date(2025, 11, 11)


def week_days(last: date, count: int, hours: int = 1000, present: int = 50) -> list[Fullness]:
    """The same weekday in weeks before, latest first."""
    return [
        Fullness(last - timedelta(weeks=week), hours, 1200, present) for week in range(1, count + 1)
    ]


def severities(now: Fullness, before: list[Fullness]) -> dict[str, Severity]:
    return {one.name: one.severity for one in history_gates(now, before, [], "arc", limits())}


@pytest.mark.parametrize(
    ("hours", "is_yellow"), [(699, True), (700, False), (1300, False), (1301, True)]
)
def test_hours_are_compared_with_the_median_of_like_days(hours: int, is_yellow: bool) -> None:
    before = week_days(TUESDAY, 5)
    found = severities(Fullness(TUESDAY, hours, 2000, 50), before)
    assert (found["history"] is Severity.YELLOW) is is_yellow


def test_days_of_another_type_and_older_ones_say_nothing() -> None:
    others = [Fullness(TUESDAY - timedelta(days=1), 10, 1200, 50)]
    older = [Fullness(TUESDAY - timedelta(weeks=9), 10, 1200, 50)]
    (history, *_) = history_gates(
        Fullness(TUESDAY, 1000, 1200, 50), others + older, [], "arc", limits()
    )
    assert history.severity is Severity.GREEN
    assert history.message == "1,000 arc-hours; no like day to compare with"


def test_a_public_holiday_may_be_emptier() -> None:
    before = [Fullness(date(2025, 11, 1), 1000, 1200, 50)]
    assert severities(Fullness(HOLIDAY, 500, 1200, 50), before)["history"] is Severity.GREEN
    assert severities(Fullness(HOLIDAY, 499, 1200, 50), before)["history"] is Severity.YELLOW


def test_who_is_missing_is_named_and_counted() -> None:
    before = week_days(TUESDAY, 4)
    missing = [f"{number:02d}" for number in range(12)]
    checks = history_gates(Fullness(TUESDAY, 1000, 1200, 34), before, missing, "arc", limits())
    identity = next(one for one in checks if one.name == "identity")
    assert identity.severity is Severity.YELLOW
    assert identity.message == (
        "34 arcs count, 50.0 on average before; silent: "
        "00, 01, 02, 03, 04, 05, 06, 07, 08, 09, … (12 in all)"
    )
    assert severities(Fullness(TUESDAY, 1000, 1200, 35), before)["identity"] is Severity.GREEN


def test_coverage_is_compared_with_28_days() -> None:
    before = [*week_days(TUESDAY, 4), Fullness(TUESDAY - timedelta(weeks=5), 0, 1200, 50)]
    usual = 1000 / 1200
    for share, wanted in ((usual - 0.09, Severity.GREEN), (usual - 0.11, Severity.YELLOW)):
        hours = round(share * 100_000)
        found = severities(Fullness(TUESDAY, hours, 100_000, 50), before)
        assert found["coverage"] is wanted
