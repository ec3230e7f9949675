"""Numbers and dates as French and English readers write them."""

from datetime import UTC, date, datetime

import pytest

from cityflow_dashboard.format import (
    DASH,
    Lang,
    clock,
    day_long,
    day_short,
    hour,
    hour_span,
    number,
    percent,
    share,
)


@pytest.mark.parametrize(
    ("value", "digits", "french", "english"),
    [
        (0, 0, "0", "0"),
        (1234.5, 1, "1\u202f234,5", "1,234.5"),
        (1234567, 0, "1\u202f234\u202f567", "1,234,567"),
        (-1234.56, 2, "-1\u202f234,56", "-1,234.56"),
        (None, 1, DASH, DASH),
    ],
)
def test_numbers(value: float | None, digits: int, french: str, english: str) -> None:
    assert number(value, Lang.FR, digits) == french
    assert number(value, Lang.EN, digits) == english


def test_null_is_a_dash_and_zero_is_zero() -> None:
    assert percent(None, Lang.EN) == share(None, Lang.FR) == DASH
    assert percent(0.0, Lang.EN) == "0.0%"
    assert share(0.0, Lang.FR) == "0,0\u202f%"


def test_shares_are_printed_as_percent() -> None:
    assert share(0.4321, Lang.EN) == "43.2%"
    assert share(1.0, Lang.FR, 0) == "100\u202f%"


def test_days() -> None:
    assert day_long(date(2026, 6, 21), Lang.FR) == "dimanche 21 juin 2026"
    assert day_long(date(2026, 2, 1), Lang.FR) == "dimanche 1er février 2026"
    assert day_long(date(2026, 2, 1), Lang.EN) == "Sunday 1 February 2026"
    assert day_short(date(2026, 8, 4), Lang.FR) == "04/08/2026"
    assert day_short(date(2026, 8, 4), Lang.EN) == "4 Aug 2026"


def test_hours_end_at_24() -> None:
    assert hour(8, Lang.FR) == "8\u202fh"
    assert hour_span(23, Lang.EN) == "23:00–24:00"
    assert hour_span(8, Lang.FR) == "8\u202fh – 9\u202fh"


def test_instants_are_paris_time() -> None:
    noon = datetime(2026, 6, 21, 10, 5, tzinfo=UTC)
    assert clock(noon, Lang.EN) == "12:05"
    assert clock(noon, Lang.FR) == "12\u202fh\u202f05"
