"""A day has 23, 24 or 25 hours, 00:00 belongs to the day before, every day has one type."""

import copy
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vacances_scolaires_france import SchoolHolidayDates

from cityflow import calendar
from cityflow.calendar import DayType

HOUR = timedelta(hours=1)
DAYS = st.dates(date(2010, 1, 1), date(2035, 12, 31))
HOUR_ENDS = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    DAYS,
    st.integers(0, 23),
)


def last_sunday(year: int, month: int) -> date:
    end = date(year, month, 31)
    return end - timedelta(days=(end.weekday() + 1) % 7)


def easter(year: int) -> date:
    """The anonymous Gregorian computus, independent of the package `holidays`."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    w = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * w) // 451
    month, day = divmod(h + w - 7 * m + 114, 31)
    return date(year, month, day + 1)


@given(DAYS)
def test_the_hours_of_a_day_are_23_24_or_25_by_the_european_rule(day: date) -> None:
    hours = len(calendar.hour_ends(day))
    if day == last_sunday(day.year, 3):
        assert hours == 23
    elif day == last_sunday(day.year, 10):
        assert hours == 25
    else:
        assert hours == 24


@given(DAYS)
def test_hour_ends_are_a_whole_day_in_order_and_map_back_to_it(day: date) -> None:
    ends = calendar.hour_ends(day)
    start, end = calendar.day_bounds(day)
    assert (ends[0] - HOUR, ends[-1]) == (start, end)
    assert all(later - earlier == HOUR for earlier, later in pairwise(ends))
    assert {calendar.service_day(hour) for hour in ends} == {day}
    assert all(hour.utcoffset() == timedelta(0) for hour in ends)


@given(DAYS)
def test_days_follow_each_other_without_gap(day: date) -> None:
    assert calendar.day_bounds(day)[1] == calendar.day_bounds(day + timedelta(days=1))[0]


@given(HOUR_ENDS)
def test_every_hour_belongs_to_exactly_the_day_that_lists_it(hour_end: datetime) -> None:
    day = calendar.service_day(hour_end)
    assert hour_end in calendar.hour_ends(day)
    assert hour_end not in calendar.hour_ends(day + timedelta(days=1))


@given(HOUR_ENDS)
def test_a_local_stamp_comes_back_unless_it_is_the_first_of_the_repeated_hour(
    hour_end: datetime,
) -> None:
    local = hour_end.astimezone(calendar.PARIS)
    back = calendar.localise_hour_end(local.replace(tzinfo=None, fold=0))
    later = hour_end + HOUR
    repeated = later.astimezone(calendar.PARIS).replace(tzinfo=None) == local.replace(tzinfo=None)
    assert back == (later if repeated else hour_end)


@given(HOUR_ENDS, st.sampled_from([UTC, calendar.PARIS, ZoneInfo("America/New_York")]))
def test_the_zone_an_instant_is_written_in_changes_nothing(
    hour_end: datetime, zone: ZoneInfo
) -> None:
    written = hour_end.astimezone(zone)
    assert calendar.service_day(written) == calendar.service_day(hour_end)
    assert calendar.hour_of_day(written) == calendar.hour_of_day(hour_end)
    assert calendar.paris_day(written) == calendar.paris_day(hour_end)


@given(DAYS)
def test_midnight_belongs_to_the_day_before_as_its_last_hour(day: date) -> None:
    midnight = calendar.localise_hour_end(datetime(day.year, day.month, day.day))
    assert midnight is not None
    assert calendar.service_day(midnight) == day - timedelta(days=1)
    assert calendar.hour_of_day(midnight) == 23
    assert calendar.paris_day(midnight) == day


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2024, 6, 1), [*range(24)]),
        (date(2025, 3, 30), [0, 1, *range(3, 24)]),
        (date(2019, 3, 31), [0, 1, *range(3, 24)]),
        (date(2025, 10, 26), [0, 1, 2, 2, *range(3, 24)]),
        (date(2024, 10, 27), [0, 1, 2, 2, *range(3, 24)]),
        (date(2019, 10, 27), [0, 1, 2, 2, *range(3, 24)]),
    ],
)
def test_hours_are_named_by_their_local_start(day: date, starts: list[int]) -> None:
    assert [calendar.hour_of_day(hour) for hour in calendar.hour_ends(day)] == starts


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2025-01-15T08:00:00", "2025-01-15T07:00:00+00:00"),
        ("2025-07-15T08:00:00", "2025-07-15T06:00:00+00:00"),
        ("2025-03-30T01:00:00", "2025-03-30T00:00:00+00:00"),
        ("2025-03-30T02:00:00", None),
        ("2025-03-30T02:59:59", None),
        ("2025-03-30T03:00:00", "2025-03-30T01:00:00+00:00"),
        ("2025-10-26T01:00:00", "2025-10-25T23:00:00+00:00"),
        ("2025-10-26T02:00:00", "2025-10-26T01:00:00+00:00"),
        ("2025-10-26T03:00:00", "2025-10-26T02:00:00+00:00"),
        ("2025-10-27T00:00:00", "2025-10-26T23:00:00+00:00"),
    ],
)
def test_naive_stamps_take_the_second_occurrence_and_refuse_the_gap(
    stamp: str, instant: str | None
) -> None:
    found = calendar.localise_hour_end(datetime.fromisoformat(stamp))
    assert found == (datetime.fromisoformat(instant) if instant else None)


def test_instants_without_zone_and_stamps_with_one_are_refused() -> None:
    naive, aware = datetime(2025, 1, 1, 1), datetime(2025, 1, 1, 1, tzinfo=UTC)
    for function in (calendar.service_day, calendar.hour_of_day, calendar.paris_day):
        with pytest.raises(ValueError, match="has no time zone"):
            function(naive)
    with pytest.raises(ValueError, match="already has a time zone"):
        calendar.localise_hour_end(aware)


def test_days_holds_both_ends_and_is_empty_backwards() -> None:
    first, last = date(2024, 2, 28), date(2024, 3, 1)
    assert [*calendar.days(first, last)] == [first, date(2024, 2, 29), last]
    assert [*calendar.days(first, first)] == [first]
    assert [*calendar.days(last, first)] == []


def test_the_zone_comes_from_the_package_and_stays_one_object() -> None:
    assert calendar.PARIS.key == "Europe/Paris"
    assert calendar.PARIS is not ZoneInfo("Europe/Paris")
    assert pickle.loads(pickle.dumps(calendar.PARIS)) is calendar.PARIS
    assert copy.deepcopy(calendar.PARIS) is calendar.PARIS
    stamp = datetime(2025, 7, 1, tzinfo=calendar.PARIS)
    assert pickle.loads(pickle.dumps(stamp)).tzinfo is calendar.PARIS


def test_importing_the_calendar_does_not_load_the_holiday_packages() -> None:
    code = (
        "import sys, cityflow.calendar;"
        "sys.exit(any(m in sys.modules for m in ('holidays', 'vacances_scolaires_france')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("year", range(2010, 2036))
def test_public_holidays_are_the_eleven_of_the_law(year: int) -> None:
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    expected = {date(year, month, day) for month, day in fixed}
    expected |= {easter(year) + timedelta(days=n) for n in (1, 39, 50)}
    year_days = calendar.days(date(year, 1, 1), date(year, 12, 31))
    assert {day for day in year_days if calendar.is_public_holiday(day)} == expected


def test_school_holidays_are_those_that_the_package_tells() -> None:
    told = SchoolHolidayDates()
    first, last = min(told.data), max(told.data)
    for day in calendar.days(first, last):
        assert calendar.is_school_holiday(day) is told.is_holiday_for_zone(day, "C")
    for day in (first - timedelta(days=1), last + timedelta(days=1)):
        assert calendar.is_school_holiday(day) is None


def test_public_holidays_are_named_in_french() -> None:
    assert calendar.public_holiday_name(date(2025, 7, 14)) == "Fête nationale"
    assert calendar.public_holiday_name(date(2025, 7, 15)) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 5, 29), DayType.PUBLIC_HOLIDAY),  # Ascension, a Thursday
        (date(2025, 5, 30), DayType.BRIDGE_DAY),  # the Friday after it
        (date(2025, 11, 10), DayType.BRIDGE_DAY),  # the Monday before a Tuesday holiday
        (date(2035, 5, 2), DayType.BRIDGE_DAY),  # between 1 May and Ascension
        (date(2026, 7, 13), DayType.BRIDGE_DAY),  # also in the school holidays
        (date(2025, 11, 12), DayType.WEDNESDAY),  # beside a holiday, not closed in
        (date(2025, 11, 7), DayType.FRIDAY),
        (date(2026, 8, 14), DayType.SCHOOL_HOLIDAY_WEEKDAY),  # Friday before a Saturday holiday
        (date(2025, 7, 19), DayType.SATURDAY),  # weekends before school holidays
        (date(2025, 7, 20), DayType.SUNDAY),
        (date(2026, 8, 15), DayType.PUBLIC_HOLIDAY),  # a Saturday
        (date(2026, 11, 1), DayType.PUBLIC_HOLIDAY),  # a Sunday
        (date(2025, 2, 17), DayType.SCHOOL_HOLIDAY_WEEKDAY),  # zone C
        (date(2025, 3, 3), DayType.MONDAY),  # zone A only
        (date(2024, 1, 9), DayType.TUESDAY),
        (date(2024, 1, 10), DayType.WEDNESDAY),
        (date(2024, 1, 11), DayType.THURSDAY),
        (date(2035, 7, 24), DayType.TUESDAY),  # school calendar not published yet
    ],
)
def test_day_types_by_priority(day: date, expected: DayType) -> None:
    assert calendar.day_type(day) == expected


def test_school_holidays_are_those_of_zone_c_and_unknown_is_not_false() -> None:
    assert calendar.is_school_holiday(date(2024, 12, 21)) is True
    assert calendar.is_school_holiday(date(2025, 1, 5)) is True
    assert calendar.is_school_holiday(date(2025, 1, 6)) is False
    assert calendar.is_school_holiday(date(2035, 7, 24)) is None
    assert calendar.is_school_holiday(date(1985, 7, 24)) is None


@given(DAYS)
def test_every_day_has_a_type_that_fits_its_weekday(day: date) -> None:
    kind = calendar.day_type(day)
    if kind.name in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"):
        assert kind.value == day.strftime("%A").lower()
    else:
        assert kind is DayType.PUBLIC_HOLIDAY or day.weekday() < 5


@given(DAYS)
def test_a_bridge_day_is_a_working_day_beside_a_holiday(day: date) -> None:
    if calendar.is_bridge_day(day):
        assert day.weekday() < 5
        assert not calendar.is_public_holiday(day)
        assert any(calendar.is_public_holiday(day + timedelta(days=n)) for n in (-1, 1))
