"""Bike counters against the truth: which faults are due a flag, and which flags are due."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, Final

import polars as pl

from cityflow_processor.bikes.thresholds import limits

KINDS: Final = {
    "zero": "stuck_zero", "low": "suspect", "spike": "spike", "fading": "direction_drift",
}  # fmt: skip
"""What the simulator injects, and the finding that names it."""
_ALSO: Final = {"low": ("zero", "fading", "spike")}
"""Other faults that may stand behind the same finding: zeros are a low count as well."""
Faults = Mapping[str, Mapping[str, Mapping[str, Any]]]
Row = Mapping[str, Any]


@dataclass
class BikeScore:
    """Counts of counter-days by kind of fault."""

    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, row: Row, *, is_due: bool, is_right: bool) -> None:
        """Count a counter's day."""
        is_flagged = KINDS[kind] in row["reasons"].split("; ")
        self.due[kind] += is_due
        self.found[kind] += is_due and is_flagged
        self.flagged[kind] += is_flagged
        self.right[kind] += is_flagged and is_right

    def recall(self, kind: str) -> float | None:
        """Of the faults due a flag the share that has it."""
        return self.found[kind] / self.due[kind] if self.due[kind] else None

    def precision(self, kind: str) -> float | None:
        """Of the flags the share with an injected fault, of whatever size, behind it."""
        return self.right[kind] / self.flagged[kind] if self.flagged[kind] else None


class _Past:
    """Counts of earlier days: by hour without injected spikes, by day as published."""

    def __init__(self) -> None:
        self.hours: dict[tuple[str, int], list[tuple[date, int]]] = defaultdict(list)
        self.days: dict[str, dict[date, Row]] = defaultdict(dict)
        self.faults: dict[date, Faults] = {}

    def highest(self, counter: str, hour: int, day: date) -> float | None:
        """99.9th percentile of a counter's hour, the higher of two; None: too few values."""
        value = limits()
        first = day - timedelta(days=value.whole("spike_days"))
        seen = sorted(bikes for at, bikes in self.hours[counter, hour] if at >= first)
        enough = len(seen) >= value["spike_values"]
        return seen[ceil(0.999 * (len(seen) - 1))] if enough else None

    def injected(self, day: date, days: int, counters: list[str]) -> set[str]:
        """Kinds injected into any of these counters on the last days, this one included."""
        lately = [self.faults.get(day - timedelta(days=ago), {}) for ago in range(days)]
        return {kind for faults in lately for one in counters for kind in faults.get(one, {})}

    def share(self, counter: str, other: str, first: date, after: date) -> float | None:
        """Share of one of two directions over the days on which both counted all their hours."""
        own = other_bikes = days = 0
        for day, row in self.days[counter].items():
            beside = self.days[other].get(day)
            if first <= day < after and beside is not None and _whole(row) and _whole(beside):
                own, other_bikes = own + row["bikes"], other_bikes + beside["bikes"]
                days += 1
        enough = days >= limits()["drift_least"] and own + other_bikes > 0
        return own / (own + other_bikes) if enough else None


def score_bikes(
    truth: Mapping[str, Any],
    counters: Mapping[date, pl.DataFrame],
    hours: Mapping[date, pl.DataFrame],
    learning_days: int,
) -> BikeScore:
    """Score the days after the first `learning_days`; published tables by day."""
    score, past, days = BikeScore(), _Past(), limits().whole("drift_days")
    for number, day in enumerate(sorted(counters)):
        past.faults[day] = _injected(truth[str(day)]["faults"])
        rows = list(counters[day].iter_rows(named=True))
        spikes = _spikes(past, day, hours[day])
        sites: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            past.days[row["counter_id"]][day] = row
            sites[row["site_id"]].append(row["counter_id"])
        for row in rows if number >= learning_days else ():
            due = {*_due(past.faults[day].get(row["counter_id"], {}), row)}
            due |= {"spike"} if row["counter_id"] in spikes else set()
            due |= {"fading"} if _drifts(past, day, row, sites[row["site_id"]]) else set()
            _note(score, row, due, past.injected(day, 2, [row["counter_id"]]))
            _note_drift(score, row, due, past.injected(day, days, sites[row["site_id"]]))
    return score


def _note(score: BikeScore, row: Row, due: set[str], seen: set[str]) -> None:
    """Count a counter's day; `seen`: kinds injected on it and the day before it.

    A run of zeros goes on over midnight.
    """
    for kind in ("zero", "low", "spike"):
        score.note(
            kind, row, is_due=kind in due, is_right=bool(seen & {kind, *_ALSO.get(kind, ())})
        )


def _note_drift(score: BikeScore, row: Row, due: set[str], seen: set[str]) -> None:
    """The same of the share of a direction; `seen`: at the site, on the days it is summed over."""
    score.note("fading", row, is_due="fading" in due, is_right=bool(seen))


def _injected(faults: list[Mapping[str, Any]]) -> Faults:
    """The faults of each counter by kind."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in faults:
        found.setdefault(one["counter"], {})[one["kind"]] = one
    return found


def _spikes(past: _Past, day: date, hours: pl.DataFrame) -> set[str]:
    """Counters due a spike; and remember the hours that no spike was injected into."""
    found = set()
    for counter, start, hour, bikes in hours.select(
        "counter_id", "hour_start", "hour_of_day", "bikes"
    ).iter_rows():
        if bikes is None:
            continue
        one = past.faults[day].get(counter, {}).get("spike")
        inside = one is not None and 0 <= _hours_after(one["first"], start) < one["hours"]
        if not inside:
            past.hours[counter, hour].append((day, bikes))
            continue
        highest = past.highest(counter, hour, day)
        if highest is not None and bikes > limits()["spike_factor"] * highest:
            found.add(counter)
    return found


def _hours_after(first: str, start: datetime) -> float:
    return (start - datetime.fromisoformat(first)) / timedelta(hours=1)


def _whole(row: Row) -> bool:
    return bool(row["hours"] == row["expected_hours"])


def _due(own: Mapping[str, Mapping[str, Any]], row: Row) -> Iterator[str]:
    """The faults of whole days of a counter that published all their hours."""
    value = limits()
    if not _whole(row):
        return
    if "zero" in own and "spike" not in own:
        yield "zero"
    typical = row["typical_bikes"]
    enough = typical is not None and typical >= value["suspect_bikes"]
    if enough and "low" in own and own["low"]["size"] < value["suspect_low"]:
        yield "low"


def _drifts(past: _Past, day: date, row: Row, site: list[str]) -> bool:
    """Whether a share that was inside is outside now, and something was injected."""
    value, days = limits(), limits().whole("drift_days")
    if len(site) != 2 or not past.injected(day, days, site):
        return False
    (other,) = (one for one in site if one != row["counter_id"])
    first, after = day - timedelta(days=days - 1), day + timedelta(days=1)
    earliest = first - timedelta(days=value.whole("drift_history_days"))
    now = past.share(row["counter_id"], other, first, after)
    before = past.share(row["counter_id"], other, earliest, first)
    inside = before is not None and value["drift_low"] <= before <= value["drift_high"]
    return inside and now is not None and not value["drift_low"] <= now <= value["drift_high"]
