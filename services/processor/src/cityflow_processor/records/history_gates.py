"""The gates that look at earlier days (operations C.5): history, identity, coverage; never red."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, median
from typing import Final

from cityflow.calendar import DayType
from cityflow.contracts import Check, Severity
from cityflow_processor.records.likeness import kind_of, same_type
from cityflow_processor.records.limits import Limits

_NAMED: Final = 10


@dataclass(frozen=True)
class Fullness:
    """How full a day is: hours with a value, hours there should be, and who has any."""

    day: date
    hours: int
    expected_hours: int
    present: int

    @property
    def coverage(self) -> float | None:
        """Hours with a value ÷ hours expected; None if none is."""
        return self.hours / self.expected_hours if self.expected_hours else None


def history_gates(
    now: Fullness,
    before: Sequence[Fullness],
    missing: Sequence[str],
    noun: str,
    limits: Limits,
) -> list[Check]:
    """What is said of a day beside earlier ones; `missing` are those who have nothing today.

    `noun` is what counts (`counter`, `arc`). Of `limits` are used volume_low, volume_high,
    holiday_low (shares of the median), volume_days, identity_share, coverage_days, coverage_drop.
    """
    return [
        _history(now, before, noun, limits),
        _identity(now, before, missing, noun, limits),
        _coverage(now, before, limits),
    ]


def _since(days: Sequence[Fullness], day: date, length: int) -> list[Fullness]:
    first = day - timedelta(days=length)
    return [one for one in days if first <= one.day < day]


def _check(name: str, found: bool, message: str) -> Check:
    return Check(name=name, severity=Severity.YELLOW if found else Severity.GREEN, message=message)


def _history(now: Fullness, before: Sequence[Fullness], noun: str, limits: Limits) -> Check:
    recent = {one.day: one for one in _since(before, now.day, limits.whole("volume_days"))}
    like = [recent[day].hours for day in same_type(now.day, recent)]
    said = f"{now.hours:,} {noun}-hours"
    if not like:
        return _check("history", False, f"{said}; no like day to compare with")
    usual = median(like)
    is_holiday = kind_of(now.day) is DayType.PUBLIC_HOLIDAY
    low = limits["holiday_low" if is_holiday else "volume_low"]
    odd = not low * usual <= now.hours <= limits["volume_high"] * usual
    return _check("history", odd, f"{said}, median of {len(like)} like days {usual:,.0f}")


def _identity(
    now: Fullness, before: Sequence[Fullness], missing: Sequence[str], noun: str, limits: Limits
) -> Check:
    recent = [one.present for one in _since(before, now.day, limits.whole("volume_days"))]
    said = f"{now.present:,} {noun}s count"
    if not recent:
        return _check("identity", False, said)
    usual = mean(recent)
    named = ", ".join(missing[:_NAMED])
    if len(missing) > _NAMED:
        named += f", … ({len(missing):,} in all)"
    said += f", {usual:,.1f} on average before; silent: {named or 'none'}"
    return _check("identity", now.present < limits["identity_share"] * usual, said)


def _coverage(now: Fullness, before: Sequence[Fullness], limits: Limits) -> Check:
    if now.coverage is None:
        return _check("coverage", False, "no hour is expected")
    said = f"{now.coverage:.1%} of the expected hours"
    recent = _since(before, now.day, limits.whole("coverage_days"))
    shares = [one.coverage for one in recent if one.coverage is not None]
    if not shares:
        return _check("coverage", False, said)
    usual = median(shares)
    low = now.coverage < usual - limits["coverage_drop"]
    return _check("coverage", low, f"{said}, median before {usual:.1%}")
