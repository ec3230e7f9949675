"""Which earlier days a day is measured against: days of its type, and what came before."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.records.likeness import same_group, same_type
from cityflow_processor.records.module import Look

Baseline = Literal["day_type", "group", "none"]
HOURS: Final = "counter_hours"
COUNTERS: Final = "counters"
SITE: Final = (
    "counter_name", "site_id", "site_name", "installed_on", "latitude", "longitude",
)  # fmt: skip
_YEAR: Final = 365
_OF_HOURS: Final = ("counter_id", "mode", "hour_of_day", "bikes", "is_spike")
_OF_COUNTERS: Final = (
    "counter_id", "mode", "bikes", "hours", "expected_hours", "status", "outage_days",
    "zero_tail_hours", *SITE,
)  # fmt: skip


def like_days(day: date, published: Sequence[date]) -> tuple[Baseline, tuple[date, ...]]:
    """The last days of the same type within a year, else of its group; and which these are."""
    most, least = limits().whole("baseline_days"), limits().whole("baseline_least")
    recent = [one for one in published if (day - one).days <= _YEAR]
    same = same_type(day, recent)
    if len(same) >= least:
        return "day_type", tuple(same[-most:])
    alike = same_group(day, recent)
    return ("group", tuple(alike[-most:])) if len(alike) >= least else ("none", ())


def look_back(day: date, published: Sequence[date]) -> tuple[Look, ...]:
    """The tables a day is measured against."""
    first = day - timedelta(days=limits().whole("spike_days"))
    hours = {one for one in published if one >= first} | set(like_days(day, published)[1])
    years = tuple(one for one in published if (day - one).days < 2 * _YEAR)
    return (
        Look(HOURS, _OF_HOURS, tuple(sorted(hours))),
        Look(COUNTERS, _OF_COUNTERS, years),
    )
