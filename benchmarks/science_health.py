"""The health of loops against the truth: what each arc-day should be called, and what it was."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl

from cityflow.calendar import hour_of_day
from cityflow_processor.roads.thresholds import limits

FAULTS: Final = {"zero": "stuck_zero", "high": "stuck_on", "constant": "constant"}
"""What the simulator injects, and the status that names it."""
_ORDER: Final = ("stuck_zero", "stuck_on", "constant")
Sizes = dict[tuple[str, str], tuple[int, int]]


@dataclass
class HealthScore:
    """Truth beside status of all arc-days; `sizes`: of each fault and size, found and all."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Sizes = field(default_factory=dict)

    @property
    def classes(self) -> set[str]:
        """Every class that was due or found."""
        return {name for pair in self.confusion for name in pair}

    @property
    def accuracy(self) -> float:
        """Share of arc-days with the status they should have."""
        right = sum(count for (truth, found), count in self.confusion.items() if truth == found)
        return right / self.confusion.total()

    def support(self, name: str) -> int:
        """Arc-days that should have the status."""
        return sum(count for (truth, _), count in self.confusion.items() if truth == name)

    def precision(self, name: str) -> float | None:
        """Of those that have it, the share that should; None if none has it."""
        found = sum(count for (_, given), count in self.confusion.items() if given == name)
        return self.confusion[name, name] / found if found else None

    def recall(self, name: str) -> float | None:
        """Of those that should have it, the share that has it; None if none should."""
        due = self.support(name)
        return self.confusion[name, name] / due if due else None

    def f1(self, name: str) -> float | None:
        """Harmonic mean of both; None where the class neither was due nor was found."""
        either = self.support(name) + sum(
            count for (_, given), count in self.confusion.items() if given == name
        )
        return 2 * self.confusion[name, name] / either if either else None


def score_health(
    truth: Mapping[str, Any],
    hours: Mapping[date, pl.DataFrame],
    health: Mapping[date, pl.DataFrame],
) -> HealthScore:
    """Score every arc-day with a row. `hours` and `health`: the published tables by day."""
    score = HealthScore()
    for day, found in health.items():
        given = dict(zip(found["arc_id"], found["status"], strict=True))
        reasons = dict(zip(found["arc_id"], found["reasons"], strict=True))
        stuck = _stuck(truth["days"][str(day)]["stuck"])
        for arc, due in _without_faults(hours[day]):
            fault = due if due in ("silent", "insufficient") else _fault(stuck.get(arc, {}), due)
            score.confusion[fault, given[arc]] += 1
        for arc, kinds in stuck.items():
            for kind, size in kinds.items():
                key = (kind, _size(size, _least(kind)))
                seen, every = score.sizes.get(key, (0, 0))
                is_seen = FAULTS[kind] in reasons[arc].split("; ")
                score.sizes[key] = (seen + is_seen, every + 1)
    return score


def _without_faults(hours: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Each arc and what it is by the hours it published alone."""
    value = limits()
    first, last = value.whole("window_first_hour"), value.whole("window_last_hour")
    within = pl.col("hour_of_day").is_between(first, last)
    least = value["window_share"] * hours.filter(within)["hour_end"].n_unique()
    counted = hours.group_by("arc_id").agg(
        pl.col("flow_veh").filter(within).count().alias("flow"),
        pl.col("occupancy_pct").filter(within).count().alias("occupancy"),
        (pl.col("flow_veh").count() + pl.col("occupancy_pct").count()).alias("some"),
    )
    for arc, flow, occupancy, some in counted.iter_rows():
        enough = (flow >= least, occupancy >= least)
        names = {(True, True): "good", (True, False): "flow_only", (False, True): "occupancy_only"}
        yield arc, "silent" if not some else names.get(enough, "insufficient")


def _stuck(episodes: list[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Of each arc the hours that count of each kind injected."""
    found: dict[str, dict[str, int]] = {}
    for one in episodes:
        kinds = found.setdefault(one["arc"], {})
        kinds[one["kind"]] = max(kinds.get(one["kind"], 0), _hours(one))
    return found


def _hours(episode: Mapping[str, Any]) -> int:
    """Hours of an episode: of zeros those between the hours in which zeros are looked for."""
    hours: int = episode["hours"]
    if episode["kind"] != "zero":
        return hours
    value, first = limits(), datetime.fromisoformat(episode["first_stamp"])
    starts = (hour_of_day(first + timedelta(hours=n)) for n in range(hours))
    return sum(value["zero_first_hour"] <= hour <= value["zero_last_hour"] for hour in starts)


def _least(kind: str) -> int:
    names = {"zero": "zero_hours", "high": "on_hours", "constant": "constant_hours"}
    return limits().whole(names[kind])


def _fault(kinds: Mapping[str, int], otherwise: str) -> str:
    due = {FAULTS[kind] for kind, hours in kinds.items() if hours >= _least(kind)}
    return next((name for name in _ORDER if name in due), otherwise)


def _size(hours: int, least: int) -> str:
    if hours < least:
        return "below"
    if hours == least:
        return "at"
    return "just above" if hours <= least + 2 else "above"
