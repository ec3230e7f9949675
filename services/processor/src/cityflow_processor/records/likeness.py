"""Days that are alike: those of one day type, and those of the group of types it falls back to."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from cityflow.calendar import DayType, day_type

_GROUPS: Final = (
    frozenset(
        {
            DayType.MONDAY, DayType.TUESDAY, DayType.WEDNESDAY, DayType.THURSDAY, DayType.FRIDAY,
        }
    ),
    frozenset({DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY}),
    frozenset({DayType.SCHOOL_HOLIDAY_WEEKDAY, DayType.BRIDGE_DAY}),
)  # fmt: skip

kind_of: Final = lru_cache(maxsize=4096)(day_type)


def same_type(day: date, days: Iterable[date]) -> list[date]:
    """Those of the day's type, in their order."""
    kind = kind_of(day)
    return [one for one in days if kind_of(one) == kind]


def same_group(day: date, days: Iterable[date]) -> list[date]:
    """Those of the group of the day's type, in their order."""
    group = next(group for group in _GROUPS if kind_of(day) in group)
    return [one for one in days if kind_of(one) in group]
