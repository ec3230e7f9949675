"""Days across datasets worked out again, arc by arc, with nothing but the standard library."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from cityflow.calendar import DayType, day_type

Volumes = Mapping[date, Mapping[str, int]]
"""Vehicles of a day by arc, where it has a volume."""
FREE = {DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY}
AWAY = {DayType.SCHOOL_HOLIDAY_WEEKDAY, DayType.BRIDGE_DAY}


def kind(day: date) -> str:
    of_day = day_type(day)
    return "free" if of_day in FREE else "away" if of_day in AWAY else "working"


def similar(day: date, skies: Mapping[date, tuple[str, float]]) -> list[date]:
    """The last ten of the 90 days before that have like weather and are of the day's kind."""
    found = []
    for back in range(1, 91):
        other = day - timedelta(days=back)
        if other not in skies or kind(other) != kind(day):
            continue
        same = skies[other][0] == skies[day][0]
        if same and abs(skies[other][1] - skies[day][1]) <= 5 and len(found) < 10:
            found.append(other)
    return sorted(found)


def like(day: date, volumes: Volumes, days: Sequence[date]) -> dict[str, tuple[int, Fraction]]:
    """Volume and median of the similar days of each arc that has five of them."""
    found = {}
    for arc, volume in volumes[day].items():
        earlier = [Fraction(volumes[one][arc]) for one in days if arc in volumes[one]]
        if len(earlier) >= 5:
            found[arc] = (volume, median(earlier))
    return found


def ratio(day: date, start: date, arc: str, volumes: Volumes) -> dict[str, Any] | None:
    """An arc before a work and during it; None where that is not known."""
    before = [start - timedelta(days=n) for n in range(1, 29)]
    during = [day - timedelta(days=n) for n in range(28) if day - timedelta(days=n) >= start]
    tops, bottoms, days, used = Fraction(0), Fraction(0), 0, 0
    for of_kind in ("working", "free", "away"):
        old = [Fraction(volumes[d][arc]) for d in before
               if kind(d) == of_kind and arc in volumes.get(d, {})]  # fmt: skip
        new = [Fraction(volumes[d][arc]) for d in during
               if kind(d) == of_kind and arc in volumes.get(d, {})]  # fmt: skip
        if len(old) >= 3 and new:
            bottoms += median(old) * len(new)
            tops += median(new) * len(new)
            days += len(new)
            used += len(old)
    if days < 3 or not bottoms:
        return None
    return {"before_days": used, "during_days": days, "tops": tops, "bottoms": bottoms}


def effect(
    day: date, start: date, arc: str, zone: Sequence[str], volumes: Volumes
) -> dict[str, Any]:
    """The figures of an arc near a work; `zone` are the arcs of its zone near no work."""
    own = ratio(day, start, arc, volumes)
    controls = [found for one in zone if (found := ratio(day, start, one, volumes))]
    row: dict[str, Any] = {"control_arcs": len(controls), "control_ratio": None}
    if len(controls) >= 3:
        row["control_ratio"] = sum(one["tops"] for one in controls) / sum(
            one["bottoms"] for one in controls
        )
    names = ("before_veh", "during_veh", "work_ratio", "work_change")
    if own is None:
        return row | dict.fromkeys(names)
    change = own["tops"] / own["bottoms"]
    return row | {
        "before_days": own["before_days"], "during_days": own["during_days"],
        "before_veh": own["bottoms"] / own["during_days"],
        "during_veh": own["tops"] / own["during_days"], "work_ratio": change,
        "work_change": None if row["control_ratio"] is None else change / row["control_ratio"] - 1,
    }  # fmt: skip
