"""What a year tells of an arc, once more, slowly, in plain Python.

`flows` are {day: {hour: flow}} of one arc, `indices` {day: {hour: index}}.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from processor_roads_slow import percentile

Flows = Mapping[date, Mapping[int, int]]
PERIODS = {
    "weekday_06_10": (False, range(6, 10)),
    "weekday_10_16": (False, range(10, 16)),
    "weekday_16_20": (False, range(16, 20)),
    "weekend_06_20": (True, range(6, 20)),
}


def days_of(month: date) -> list[date]:
    return [month.replace(day=n + 1) for n in range(monthrange(month.year, month.month)[1])]


def madt(month: date, flows: Flows) -> float | None:
    cells = defaultdict[tuple[int, int], list[int]](list)
    for day in days_of(month):
        for hour, flow in flows.get(day, {}).items():
            cells[day.weekday(), hour].append(flow)
    volume = weight = 0.0
    known = 0
    for weekday in range(7):
        hours = [cells[weekday, hour] for hour in range(24)]
        if all(hours):
            often = sum(day.weekday() == weekday for day in days_of(month))
            volume += often * sum(sum(one) / len(one) for one in hours)
            weight += often
            known += 1
    return volume / weight if known >= 6 else None


def aadt(months: Sequence[date], flows: Flows) -> tuple[int, float | None]:
    found = [(len(days_of(month)), madt(month, flows)) for month in months]
    known = [(days, volume) for days, volume in found if volume is not None]
    if len(known) < 11:
        return len(known), None
    return len(known), sum(d * v for d, v in known) / sum(d for d, _ in known)


def rhythm(month: date, flows: Flows) -> str:
    def profile(weekdays: range) -> dict[int, float]:
        found = {}
        for hour in range(24):
            values = [
                flows[day][hour]
                for day in days_of(month)
                if day.weekday() in weekdays and hour in flows.get(day, {})
            ]
            if values:
                found[hour] = sum(values) / len(values)
        return found

    def mean(of: Mapping[int, float], hours: range) -> float:
        values = [of[hour] for hour in hours if hour in of]
        return sum(values) / len(values) if values else float("nan")

    every, work, free = profile(range(7)), profile(range(5)), profile(range(5, 7))
    if len(work) < 20 or len(free) < 20 or not sum(every.values()):
        return "undetermined"
    if sum(every.get(hour, 0) for hour in range(4)) >= 0.15 * sum(every.values()):
        return "night"
    if mean(free, range(24)) >= 1.15 * mean(work, range(24)):
        return "weekend"
    midday = mean(work, range(10, 16))
    morning = mean(work, range(7, 10)) >= 1.2 * midday
    evening = mean(work, range(16, 20)) >= 1.2 * midday
    if morning and evening:
        return "commuter"
    return "morning" if morning else "evening" if evening else "plateau"


def reliability(
    indices: Mapping[date, Mapping[int, float]], month: date, window: int, free: set[date]
) -> dict[str, dict[str, float]]:
    found = {}
    for name, (is_free, hours) in PERIODS.items():
        values = [
            round(value * 1000) / 1000
            for day, of in indices.items()
            if month - timedelta(days=window) <= day < month and (day in free) == is_free
            for hour, value in of.items()
            if hour in hours
        ]
        if len(values) >= 10:
            mean, p95 = sum(values) / len(values), percentile(values, 0.95)
            found[name] = {
                "hours": len(values), "tti_mean": mean, "tti_p50": percentile(values, 0.5),
                "tti_p80": percentile(values, 0.8), "tti_p95": p95,
                "buffer_index": (p95 - mean) / mean, "planning_index": p95,
                "lottr": percentile(values, 0.8) / percentile(values, 0.5),
            }  # fmt: skip
    return found


def year(months: Sequence[date], arcs: Mapping[str, Flows]) -> dict[str, float]:
    """Mean hourly flow of the arcs with 80 % of the hours of these months."""
    days = [day for month in months for day in days_of(month)]
    spring = sum(day.month == 3 and day.weekday() == 6 and day.day > 24 for day in days)
    autumn = sum(day.month == 10 and day.weekday() == 6 and day.day > 24 for day in days)
    expected = 24 * len(days) - spring + autumn
    found = {}
    for arc, flows in arcs.items():
        values = [flow for day in days for flow in flows.get(day, {}).values()]
        if len(values) >= 0.8 * expected:
            found[arc] = sum(values) / len(values)
    return found
