"""The bike counters worked out again, row by row, with nothing but the standard library."""

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import ceil
from statistics import median
from typing import Any

from cityflow.calendar import PARIS, day_type

Key = tuple[str, str]
GROUPS = (
    {"monday", "tuesday", "wednesday", "thursday", "friday"},
    {"saturday", "sunday", "public_holiday"},
    {"school_holiday_weekday", "bridge_day"},
)


def rows_of(text: str) -> dict[date, dict[tuple[str, datetime], int | None]]:
    """Count by day, counter and hour start; no row of these files stands twice."""
    days: dict[date, dict[tuple[str, datetime], int | None]] = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(text), delimiter=";"):
        start = datetime.fromisoformat(row["Date et heure de comptage"]).astimezone(UTC)
        bikes = int(float(row["Comptage horaire"])) if row["Comptage horaire"] else None
        day = start.astimezone(PARIS).date()
        days[day][row["Identifiant du compteur"], start] = bikes
    return dict(sorted(days.items()))


def like(day: date, earlier: list[date]) -> tuple[str, list[date]]:
    kind = str(day_type(day))
    same = [one for one in earlier if str(day_type(one)) == kind and (day - one).days <= 365]
    if len(same) >= 4:
        return "day_type", same[-8:]
    group = next(group for group in GROUPS if kind in group)
    alike = [one for one in earlier if str(day_type(one)) in group and (day - one).days <= 365]
    return ("group", alike[-8:]) if len(alike) >= 4 else ("none", [])


class Slow:
    """Days in order; each keeps what later days look back at."""

    def __init__(self, days: dict[date, dict[tuple[str, datetime], int | None]]) -> None:
        self.days = days
        self.hours: dict[date, dict[tuple[str, datetime], dict[str, Any]]] = {}
        self.local: dict[date, dict[tuple[str, int], list[dict[str, Any]]]] = {}
        self.counters: dict[date, dict[str, dict[str, Any]]] = {}
        self.baseline: dict[date, str] = {}
        for day in days:
            self._day(day)

    def _day(self, day: date) -> None:
        earlier = sorted(self.hours)
        self.baseline[day], alike = like(day, earlier)
        seen = [one for one in earlier if (day - one).days <= 90]
        hours = {}
        for (counter, start), bikes in sorted(self.days[day].items()):
            local = start.astimezone(PARIS).hour
            fit = [
                value["bikes"]
                for one in alike
                if self.counters[one].get(counter, {}).get("status")
                not in ("stuck_zero", "suspect")
                for value in self.local[one].get((counter, local), ())
                if value["bikes"] is not None and not value["spike"]
            ]
            middle = median(fit) if len(fit) >= 4 else None
            spread = median(abs(x - middle) for x in fit) if middle is not None else None
            before = [
                value
                for one in seen
                for value in self.local[one].get((counter, local), ())
                if value["bikes"] is not None
            ]
            is_level = sum(value["spike"] for value in before) >= 3
            past = sorted(value["bikes"] for value in before if is_level or not value["spike"])
            highest = past[ceil(0.999 * (len(past) - 1))] if len(past) >= 20 else None
            spike = highest is not None and bikes is not None and bikes > 3 * highest
            far = None
            if middle is not None and spread is not None and bikes is not None:
                far = (bikes - middle) / (1.4826 * spread + 1)
            hours[counter, start] = {
                "hour": local, "bikes": bikes, "typical": middle, "deviation": far, "spike": spike,
            }  # fmt: skip
        self.hours[day] = hours
        self.local[day] = defaultdict(list)
        for (counter, _), value in hours.items():
            self.local[day][counter, value["hour"]].append(value)
        known = {c for c, _ in hours} | {
            c for one in earlier for c, row in self.counters[one].items() if row["hours"]
        }
        self.counters[day] = {c: self._counter(day, c, earlier) for c in sorted(known)}

    def _counter(self, day: date, counter: str, earlier: list[date]) -> dict[str, Any]:
        own = sorted((s, v) for (c, s), v in self.hours[day].items() if c == counter)
        counted = [v for _, v in own if v["bikes"] is not None]
        compared = [v for v in counted if v["typical"] is not None]
        typical = sum(v["typical"] for v in compared) if compared else None
        ratio = sum(v["bikes"] for v in compared) / typical if typical else None
        midnight = datetime.combine(day, datetime.min.time(), PARIS).astimezone(UTC)
        after = datetime.combine(day + timedelta(days=1), datetime.min.time(), PARIS)
        longest, run, run_typical, tail = 0, 0, None, 0
        busy: list[float] = []
        yesterday = self.counters.get(day - timedelta(days=1), {}).get(counter)
        before = None
        for start, value in own:
            follows = before is not None and start - before == timedelta(hours=1)
            if value["bikes"] == 0:
                if not (follows and run):
                    run = yesterday["tail"] if yesterday and start == midnight else 0
                    busy = []
                run += 1
                if value["typical"] is not None:
                    busy.append(value["typical"])
                if run > longest:
                    longest, run_typical = run, (sum(busy) / len(busy) if busy else None)
            else:
                run = 0
            before = start
        if own and own[-1][1]["bikes"] == 0 and own[-1][0] + timedelta(hours=1) == after:
            tail = run
        last = self.counters[earlier[-1]].get(counter) if earlier else None
        spikes = sum(v["spike"] for _, v in own)
        reasons = []
        if not own:
            reasons.append("no_rows")
        if own and not counted:
            reasons.append("silent")
        if longest >= 24 or (longest >= 6 and (run_typical or 0) >= 20):
            reasons.append("stuck_zero")
        if ratio is not None and typical and typical >= 20 and not 0.2 <= ratio <= 5:
            reasons.append("suspect")
        if spikes:
            reasons.append("spike")
        expected = (after.astimezone(UTC) - midnight) // timedelta(hours=1)
        if 0 < len(counted) < expected:
            reasons.append("partial")
        return {
            "bikes": sum(v["bikes"] for v in counted) if counted else None,
            "hours": len(counted),
            "expected_hours": expected,
            "typical_bikes": typical,
            "ratio": ratio,
            "status": reasons[0] if reasons else "good",
            "outage_days": 0 if counted else (last["outage_days"] if last else 0) + 1,
            "zero_run_hours": longest,
            "tail": tail,
            "spike_hours": spikes,
            "reasons": reasons,
        }
