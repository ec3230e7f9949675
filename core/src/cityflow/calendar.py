"""A service day is a calendar day of Europe/Paris, and an hour is named by the instant it ends.

So the hour stamped 00:00 belongs to the day before, a day has 23, 24 or 25 hours, and no answer
depends on the machine: the zone rules are those of the pinned package `tzdata`.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class _PinnedZone(ZoneInfo):
    """A zone read from `tzdata` whatever the system holds; pickled by name, so it stays one."""

    def __reduce__(self) -> str:
        return "PARIS"


def _read_paris() -> ZoneInfo:
    file = resources.files("tzdata") / "zoneinfo" / "Europe" / "Paris"
    with file.open("rb") as stream:
        return _PinnedZone.from_file(stream, key="Europe/Paris")


PARIS: ZoneInfo = _read_paris()


class DayType(StrEnum):
    """What kind of day it is; the first that fits, in this order."""

    PUBLIC_HOLIDAY = "public_holiday"
    BRIDGE_DAY = "bridge_day"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    SCHOOL_HOLIDAY_WEEKDAY = "school_holiday_weekday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"


def paris_day(instant: datetime) -> date:
    """The local calendar day of an instant; ValueError if it has no time zone."""
    return _aware(instant).astimezone(PARIS).date()


def service_day(hour_end: datetime) -> date:
    """The day an hour belongs to, by the instant it ends; ValueError if it has no time zone."""
    return paris_day(_aware(hour_end).astimezone(UTC) - HOUR)


def hour_of_day(hour_end: datetime) -> int:
    """The local hour, 0-23, at which the hour that ends at this instant started."""
    return (_aware(hour_end).astimezone(UTC) - HOUR).astimezone(PARIS).hour


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a local day and first instant of the next one, in UTC."""
    return _midnight(day), _midnight(day + DAY)


@lru_cache(maxsize=1024)
def hour_ends(day: date) -> tuple[datetime, ...]:
    """The ends of the day's hours in UTC, in order: 23 in spring, 25 in autumn, else 24."""
    start, end = day_bounds(day)
    return tuple(start + HOUR * n for n in range(1, (end - start) // HOUR + 1))


def localise_hour_end(naive: datetime) -> datetime | None:
    """The UTC instant of a naive Paris stamp, or None if the clocks skipped it in spring.

    Of the two hours that share a stamp in autumn it is the second, as in the road feed itself.
    A stamp that has a time zone is a ValueError.
    """
    if naive.tzinfo is not None:
        raise ValueError(f"{naive.isoformat()} already has a time zone; give a naive Paris stamp")
    instant = naive.replace(tzinfo=PARIS, fold=1).astimezone(UTC)
    exists = instant.astimezone(PARIS).replace(tzinfo=None, fold=0) == naive.replace(fold=0)
    return instant if exists else None


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included; nothing if `last` is earlier."""
    for n in range((last - first).days + 1):
        yield first + DAY * n


def public_holiday_name(day: date) -> str | None:
    """The French name of a public holiday of metropolitan France, or None."""
    return _public_holidays(day.year).get(day)


def is_public_holiday(day: date) -> bool:
    """True on the eleven public holidays of metropolitan France."""
    return public_holiday_name(day) is not None


def is_bridge_day(day: date) -> bool:
    """A working day closed in by free days, at least one of which is a public holiday.

    The Monday before a Tuesday holiday, the Friday after a Thursday one, and a working day
    between two holidays.
    """
    around = (day - DAY, day + DAY)
    return (
        not _is_free(day)
        and all(_is_free(other) for other in around)
        and any(is_public_holiday(other) for other in around)
    )


def is_school_holiday(day: date) -> bool | None:
    """True in the school holidays of zone C (Paris), weekends inside them included.

    None where the package `vacances-scolaires-france` holds no calendar: the ministry publishes
    two or three years ahead, so a later day is unknown, not a school day.
    """
    first, last, holidays = _school_holidays()
    return day in holidays if first <= day <= last else None


def day_type(day: date) -> DayType:
    """The day's type by the priority of DayType.

    Beyond the published school calendar a weekday is named by its weekday.
    """
    if is_public_holiday(day):
        return DayType.PUBLIC_HOLIDAY
    if is_bridge_day(day):
        return DayType.BRIDGE_DAY
    if not _is_weekend(day) and is_school_holiday(day):
        return DayType.SCHOOL_HOLIDAY_WEEKDAY
    return _BY_WEEKDAY[day.weekday()]


_BY_WEEKDAY = (
    DayType.MONDAY,
    DayType.TUESDAY,
    DayType.WEDNESDAY,
    DayType.THURSDAY,
    DayType.FRIDAY,
    DayType.SATURDAY,
    DayType.SUNDAY,
)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone; localise it first")
    return instant


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _is_free(day: date) -> bool:
    return _is_weekend(day) or is_public_holiday(day)


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> dict[date, str]:
    from holidays import country_holidays

    return dict(country_holidays("FR", years=year, language="fr"))


@lru_cache(maxsize=1)
def _school_holidays() -> tuple[date, date, frozenset[date]]:
    """First and last day the calendar covers, and the holidays in between.

    The package's own table, without its class: that parses each of some 14,000 stamps in turn.
    """
    table = resources.files("vacances_scolaires_france") / "data" / "data.csv"
    free, zone_c = list[date](), list[date]()
    for stamp, *zones, _ in csv.reader(table.read_text("utf-8").splitlines()[1:]):
        if "True" in zones:
            free.append(date.fromisoformat(stamp))
            if zones[2] == "True":
                zone_c.append(free[-1])
    return min(free), max(free), frozenset(zone_c)
