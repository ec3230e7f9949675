"""Public transport worked out again, minute by minute, with nothing but the standard library."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cityflow.calendar import PARIS

MINUTE = timedelta(minutes=1)
Periods = list[tuple[datetime, datetime]]
Told = dict[str, Any]
"""A disruption: severity, cause, periods (naive), lines as {line: mode}, and those of them of
which it touches only stops."""


class Minutes:
    """The minutes of a local day, by what Paris clocks showed."""

    def __init__(self, day: date) -> None:
        first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3)
        self.times = [first + n * MINUTE for n in range(7 * 1440)]
        self.walls = [t.astimezone(PARIS).replace(tzinfo=None) for t in self.times]
        self.of_day = [n for n, wall in enumerate(self.walls) if wall.date() == day]

    def held(self, periods: Periods) -> set[int]:
        """Minutes of the day inside a period: from when a clock first shows its begin, until one
        shows its end for the last time."""
        found: set[int] = set()
        for begin, end in periods:
            since = next((n for n in self.of_day if self.walls[n] >= begin), None)
            until = next((n for n in reversed(self.of_day) if self.walls[n] < end), None)
            if since is not None and until is not None:
                found.update(range(since, until + 1))
        return found


def lines(told: dict[str, Told], minutes: Minutes) -> dict[str, dict[str, int]]:
    """Seconds of each line by class."""
    sets: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for one in told.values():
        held = minutes.held(one["periods"])
        serious = one["severity"] in ("BLOQUANTE", "PERTURBEE")
        for line in one["lines"]:
            of_line = sets[line]
            of_line["disrupted_s" if serious else "information_s"] |= held
            if one["severity"] == "BLOQUANTE" and line in one["stops_of"]:
                of_line["stop_blocked_s"] |= held
            elif one["severity"] == "BLOQUANTE":
                of_line["blocked_s"] |= held
            if serious and one["cause"] == "TRAVAUX":
                of_line["planned_s"] |= held
            if serious and one["cause"] == "PERTURBATION":
                of_line["unplanned_s"] |= held
    names = ("disrupted_s", "blocked_s", "stop_blocked_s", "planned_s", "unplanned_s",
             "information_s")  # fmt: skip
    return {line: {n: 60 * len(found[n]) for n in names} for line, found in sets.items()}


def lines_blocked(told: dict[str, Told], wall: datetime) -> int:
    """Lines that something blocks at a time that no clock repeats; a closed stop does not."""
    found = set()
    for one in told.values():
        if one["severity"] == "BLOQUANTE" and any(b <= wall < e for b, e in one["periods"]):
            found |= set(one["lines"]) - one["stops_of"]
    return len(found)


def active(told: dict[str, Told], wall: datetime) -> dict[str, int]:
    """Active disruptions by severity at a time that no clock repeats."""
    counts = dict.fromkeys(("BLOQUANTE", "PERTURBEE", "INFORMATION"), 0)
    for one in told.values():
        counts[one["severity"]] += any(b <= wall < e for b, e in one["periods"])
    return counts
