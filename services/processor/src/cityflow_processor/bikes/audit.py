"""The gates of the bike counters that look at earlier days: volume, identity, coverage."""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import mean, median
from typing import NamedTuple

import polars as pl

from cityflow.calendar import DayType, day_type
from cityflow.contracts import Check, Severity
from cityflow_processor.bikes.thresholds import limits


class _Before(NamedTuple):
    """A day before, over all counters; `counting` is how many had a count."""

    day: date
    hours: int
    expected_hours: int
    counting: int


def audit(
    day: date, counters: pl.DataFrame, past: pl.DataFrame, records: pl.DataFrame
) -> list[Check]:
    """Yellow at worst: a day unlike those before it is published, and said."""
    by_day = past.group_by("day").agg(
        pl.col("hours").sum(),
        pl.col("expected_hours").sum(),
        (pl.col("hours") > 0).sum().alias("counting"),
    )
    days = [_Before(**row) for row in by_day.sort("day").to_dicts()]
    checks = [_conservation(counters, records)]
    if not records.height:
        return checks
    return [
        *checks,
        _history(day, counters, days),
        _identity(day, counters, days),
        _coverage(day, counters, days),
    ]


def _since(days: Sequence[_Before], day: date, length: int) -> list[_Before]:
    first = day - timedelta(days=length)
    return [row for row in days if row.day >= first]


def _check(name: str, found: bool, message: str) -> Check:
    return Check(name=name, severity=Severity.YELLOW if found else Severity.GREEN, message=message)


def _history(day: date, counters: pl.DataFrame, days: Sequence[_Before]) -> Check:
    kind = day_type(day)
    recent = _since(days, day, limits().whole("volume_days"))
    like = [row.hours for row in recent if day_type(row.day) == kind]
    hours = int(counters["hours"].sum())
    if not like:
        return _check("history", False, f"{hours:,} counter-hours; no like day to compare with")
    usual = median(like)
    low = limits()["holiday_low" if kind is DayType.PUBLIC_HOLIDAY else "volume_low"]
    odd = not low * usual <= hours <= limits()["volume_high"] * usual
    return _check(
        "history", odd, f"{hours:,} counter-hours, median of {len(like)} like days {usual:,.0f}"
    )


def _identity(day: date, counters: pl.DataFrame, days: Sequence[_Before]) -> Check:
    counting = counters.filter(pl.col("hours") > 0)
    recent = [row.counting for row in _since(days, day, limits().whole("volume_days"))]
    message = f"{counting.height:,} counters count"
    if not recent:
        return _check("identity", False, message)
    usual = mean(recent)
    missing = counters.filter(pl.col("hours") == 0)["counter_id"].to_list()
    named = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
    said = f"{message}, {usual:.1f} on average before; silent: {named or 'none'}"
    return _check("identity", counting.height < limits()["identity_share"] * usual, said)


def _coverage(day: date, counters: pl.DataFrame, days: Sequence[_Before]) -> Check:
    share = int(counters["hours"].sum()) / int(counters["expected_hours"].sum())
    recent = _since(days, day, limits().whole("coverage_days"))
    before = [row.hours / row.expected_hours for row in recent if row.expected_hours]
    if not before:
        return _check("coverage", False, f"{share:.1%} of the expected hours")
    usual = median(before)
    said = f"{share:.1%} of the expected hours, median before {usual:.1%}"
    return _check("coverage", share < usual - limits()["coverage_drop"], said)


def _conservation(counters: pl.DataFrame, records: pl.DataFrame) -> Check:
    """Red: counters that do not add up to the records are a fault of CityFlow."""
    of_records = (int(records["bikes"].sum()), records.height - records["bikes"].null_count())
    of_counters = (int(counters["bikes"].sum()), int(counters["hours"].sum()))
    same = of_records == of_counters
    said = "counters add up to the records" if same else f"{of_records} is not {of_counters}"
    severity = Severity.GREEN if same else Severity.RED
    return Check(name="conservation", severity=severity, message=said)
