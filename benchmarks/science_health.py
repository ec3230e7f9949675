"""The health of loops against the truth: what each arc-day should be called, and what it was.

Each documented rule is asked again, in plain Python, of the hours in which its fault was injected.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from benchmarks.science_roads import RoadDay
from cityflow_processor.roads.grid import Bools, Floats
from cityflow_processor.roads.thresholds import limits, reference_of

ORDER: Final = ("stuck_zero", "stuck_on", "mismatch", "constant", "implausible")
NAMED: Final = {
    "zero": "stuck_zero", "high": "stuck_on", "no_flow": "mismatch", "no_occupancy": "mismatch",
    "constant": "constant", "burst": "implausible",
}  # fmt: skip
"""What the simulator injects, and the status that names it."""
_EMPTIED: Final = 0.25
"""Works and closures that leave less than this may leave nothing: their zeros are injected."""


@dataclass(frozen=True)
class Level:
    """10th and 99.9th percentile of an arc's flow before its month, NaN where unknown."""

    low: float
    high: float


def level(flows: Floats) -> Level:
    """What the documented percentiles of an arc's earlier flows are."""
    value = limits()
    low = np.percentile(flows, 10) if flows.size >= value["calibration_hours"] else np.nan
    high = np.percentile(flows, 99.9) if flows.size >= value["implausible_hours"] else np.nan
    return Level(float(low), float(high))


@dataclass
class HealthScore:
    """Truth beside status of all arc-days; `injected`: by kind, due or not, those flagged."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    injected: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)

    @property
    def classes(self) -> set[str]:
        """Every class that was due or found."""
        return {name for pair in self.confusion for name in pair}

    def support(self, name: str) -> int:
        """Arc-days that should have the status."""
        return sum(count for (truth, _), count in self.confusion.items() if truth == name)

    def found(self, name: str) -> int:
        """Arc-days that have it."""
        return sum(count for (_, given), count in self.confusion.items() if given == name)

    def precision(self, name: str) -> float | None:
        """Of those that have it, the share that should; None if none has it."""
        found = self.found(name)
        return self.confusion[name, name] / found if found else None

    def recall(self, name: str) -> float | None:
        """Of those that should have it, the share that has it; None if none should."""
        due = self.support(name)
        return self.confusion[name, name] / due if due else None

    def f1(self, name: str) -> float | None:
        """Harmonic mean of both; None where the class neither was due nor was found."""
        either = self.support(name) + self.found(name)
        return 2 * self.confusion[name, name] / either if either else None

    def note(
        self, today: RoadDay, due: Sequence[str], given: Mapping[str, tuple[str, str]]
    ) -> None:
        """Count a day: what each arc should be, beside its status and reasons."""
        for arc, expected in zip(today.grid.arcs["arc_id"].to_list(), due, strict=True):
            self.confusion[expected, given[arc][0]] += 1
        for kind, where in today.broken.items():
            for at in np.flatnonzero(where.any(axis=1)).tolist():
                _, reasons = given[today.grid.arcs["arc_id"][at]]
                own = NAMED[kind] in reasons.split("; ")
                self.injected[kind, due[at] == NAMED[kind], own] += 1


def due_statuses(today: RoadDay, usual: Floats, levels: Mapping[str, Level]) -> list[str]:
    """What each arc of a day should be called; `usual` is the typical flow of its hours."""
    names = today.grid.arcs.select("arc_id", "label").rows()
    touched: Bools = np.any(today.out_of_order | (today.left < _EMPTIED), axis=1)
    found = []
    for at, (arc, label) in enumerate(names):
        base = _published(today, at)
        if touched[at] and base not in ("silent", "insufficient"):
            own = levels.get(arc, Level(np.nan, np.nan))
            fits = set(_faults(today, at, usual[at], own, label))
            base = next((name for name in ORDER if name in fits), base)
        found.append(base)
    return found


def _published(today: RoadDay, at: int) -> str:
    """What an arc is by the hours it published alone."""
    value = limits()
    within = today.grid.between(value["window_first_hour"], value["window_last_hour"])
    flow, occupancy = ~np.isnan(today.grid.flow[at]), ~np.isnan(today.grid.occupancy[at])
    if not (flow.any() or occupancy.any()):
        return "silent"
    least = value["window_share"] * within.sum()
    enough = (bool(flow[within].sum() >= least), bool(occupancy[within].sum() >= least))
    names = {(True, True): "good", (True, False): "flow_only", (False, True): "occupancy_only"}
    return names.get(enough, "insufficient")


def _faults(today: RoadDay, at: int, usual: Floats, own: Level, label: str | None) -> Iterator[str]:
    """The rules that the injected hours of an arc meet."""
    value, starts = limits(), today.grid.starts.tolist()
    flow, occupancy = today.grid.flow[at].tolist(), today.grid.occupancy[at].tolist()
    hours = range(len(starts))
    broken = {kind: where[at].tolist() for kind, where in today.broken.items()}

    def injected(*kinds: str) -> list[bool]:
        return [any(broken.get(kind, [False] * len(starts))[h] for kind in kinds) for h in hours]

    emptied = (today.left[at] < _EMPTIED).tolist()
    zero = [
        flow[h] == 0 and (emptied[h] or one) for h, one in enumerate(injected("zero", "no_flow"))
    ]
    awake = [value["zero_first_hour"] <= start <= value["zero_last_hour"] for start in starts]
    busy = [zero[h] and usual[h] > value["zero_busy_veh"] for h in hours]
    if sum(a and z for a, z in zip(awake, zero, strict=True)) >= value["zero_hours"]:
        yield "stuck_zero"
    if _longest(busy) >= value["zero_busy_hours"]:
        yield "stuck_zero"
    high = injected("high")
    if _longest([high[h] and occupancy[h] >= value["on_pct"] for h in hours]) >= value["on_hours"]:
        yield "stuck_on"
    odd = sum(high[h] and occupancy[h] > value["high_pct"] and flow[h] < own.low for h in hours)
    if odd and odd >= value["high_share"] * np.count_nonzero(~np.isnan(today.grid.occupancy[at])):
        yield "stuck_on"
    blind, deaf = injected("no_flow"), injected("no_occupancy")
    unseen = sum(blind[h] and occupancy[h] > value["mismatch_pct"] for h in hours)
    unfelt = sum(deaf[h] and flow[h] > value["mismatch_veh"] for h in hours)
    if max(unseen, unfelt) >= value["mismatch_hours"]:
        yield "mismatch"
    held = injected("constant", "high", "burst")
    if (
        max(
            _equal(flow, held, value["constant_veh"]),
            _equal(occupancy, held, value["constant_pct"]),
        )
        >= (value["constant_hours"])
    ):
        yield "constant"
    fixed = value["implausible_ring_veh" if reference_of(label).is_ring else "implausible_veh"]
    most = max(value["implausible_factor"] * own.high, value["implausible_least"])
    most = fixed if np.isnan(own.high) else most
    if any(one and flow[h] > most for h, one in enumerate(injected("burst"))):
        yield "implausible"


def _longest(found: Sequence[bool]) -> int:
    best = run = 0
    for one in found:
        run = run + 1 if one else 0
        best = max(best, run)
    return best


def _equal(values: Sequence[float], held: Sequence[bool], least: float) -> int:
    """The longest run of injected hours with one value of at least `least`."""
    best = run = 0
    for (before, value), one in zip(pairwise([np.nan, *values]), held, strict=True):
        worth = one and value >= least
        run = (run + 1 if run and value == before else 1) if worth else 0
        best = max(best, run)
    return best


def is_sound(due: Sequence[str]) -> Bools:
    """Arcs whose flow may be used."""
    found: Bools = np.array([name in ("good", "flow_only") for name in due], dtype=np.bool_)
    return found


def given_of(health: Any) -> dict[str, tuple[str, str]]:
    """Status and reasons of each arc, of the published table."""
    return {arc: (status, why) for arc, status, why in
            health.select("arc_id", "status", "reasons").iter_rows()}  # fmt: skip
