"""What happens on the streets on a day: incidents, closures, marches, crowds, strikes.

Each leaves of the traffic of some arcs, for some hours, a share from a wide range: hardly to be
noticed, nearly nothing, or twice as much. What lasts for days is drawn for a block of days.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from cityflow_simulator.city import City, Role
from cityflow_simulator.randomness import between, stream
from cityflow_simulator.traffic import MOST_FLOW, Hours, Traffic

ChangeKind = Literal["incident", "closure", "march", "crowd", "strike"]
INCIDENT_SHARE = 0.006
CLOSURE_DAYS, CLOSURE_SHARE, CLOSURE_BELOW = 7, 0.006, 4
GATHERING_SHARE = 0.003
STRIKE_SHARE, STRIKE_HOURS = 0.05, ((5, 2), (7, 2), (16, 2), (18, 2), (20, 2))
ROOM = 1.4
"""A street carries no more than this many times its level, which it nearly reaches each day."""


@dataclass(frozen=True)
class Change:
    """What is left of flow and occupancy on an arc for `hours` hours from the index `first`."""

    arc: int
    kind: ChangeKind
    first: int
    hours: int
    flow_left: float
    occupancy_left: float


class Events:
    """The arcs of a city, which of them follow each other, and what happens on them."""

    def __init__(self, city: City, traffic: Traffic) -> None:
        self.city = city
        self._profile = np.maximum(traffic.weekday, traffic.weekend)
        self._onward: dict[str, list[int]] = defaultdict(list)
        for index, arc in enumerate(city.arcs):
            self._onward[arc.from_id].append(index)
        self._measured = np.flatnonzero(city.roles != Role.SILENT)

    def of(self, day: date, hours: int) -> list[Change]:
        """What happens on a day of so many hours."""
        return [
            *self._incidents(day, hours),
            *self._closures(day, hours),
            *self._gatherings(day, hours),
            *self._strike(day, hours),
        ]

    def _incidents(self, day: date, hours: int) -> list[Change]:
        rng = stream(self.city.seed, "incidents", day.toordinal())
        found = []
        for arc in self._some(rng, INCIDENT_SHARE):
            first, length = int(rng.integers(5, 22)), int(rng.integers(1, 8))
            less, more = float(between(rng, 0.25, 0.98)), float(between(rng, 1.05, 6.0))
            found.append(Change(arc, "incident", first, min(length, hours - first), less, more))
        return found

    def _closures(self, day: date, hours: int) -> list[Change]:
        """Arcs that are closed, or nearly, for one to three days: a fire, a burst main."""
        block, offset = divmod(day.toordinal(), CLOSURE_DAYS)
        rng = stream(self.city.seed, "closures", block)
        found = []
        for arc in self._some(rng, CLOSURE_SHARE):
            start, length = int(rng.integers(0, CLOSURE_DAYS)), int(rng.integers(1, CLOSURE_BELOW))
            left = float(between(rng, 0.0, 0.5))
            if start <= offset < start + length:
                found.append(Change(arc, "closure", 0, hours, left, left))
        return found

    def _gatherings(self, day: date, hours: int) -> list[Change]:
        """Marches, which empty the streets they go through, and crowds, which fill those around."""
        rng = stream(self.city.seed, "gatherings", day.toordinal())
        count = int(GATHERING_SHARE * len(self.city.arcs) + float(rng.random()))
        found = []
        for _ in range(count):
            kind: ChangeKind = "march" if float(rng.random()) < 0.5 else "crowd"
            first, length = int(rng.integers(9, 22)), int(rng.integers(1, 7))
            low, high = (0.0, 0.95) if kind == "march" else (1.05, 3.0)
            for arc in self._along(rng, int(rng.integers(2, 15))):
                span = min(length, hours - first)
                left = min(float(between(rng, low, high)), self._room(arc, first, span))
                found.append(Change(arc, kind, first, span, left, left))
        return found

    def _strike(self, day: date, hours: int) -> list[Change]:
        """Rush hours that are fuller, begin earlier and end later, on arcs of the whole city."""
        rng = stream(self.city.seed, "strikes", day.toordinal())
        if float(rng.random()) >= STRIKE_SHARE:
            return []
        found = []
        for arc in self._some(rng, float(between(rng, 0.05, 0.5))):
            for first, length in STRIKE_HOURS:
                span = min(length, hours - first)
                left = min(float(between(rng, 1.0, 1.8)), self._room(arc, first, span))
                found.append(Change(arc, "strike", first, span, left, left))
        return found

    def _room(self, arc: int, first: int, hours: int) -> float:
        """How many times the traffic of these hours would still fit into the street."""
        usual = self._profile[first : first + hours, arc]
        return max(1.0, ROOM / float(usual.max()))

    def _some(self, rng: np.random.Generator, share: float) -> list[int]:
        """Some arcs that measure anything, each once: a share of all arcs."""
        count = int(share * len(self.city.arcs) + float(rng.random()))
        chosen: list[int] = rng.permutation(self._measured)[:count].tolist()
        return chosen

    def _along(self, rng: np.random.Generator, count: int) -> list[int]:
        """A way through the city of so many arcs, or as many as follow each other."""
        arc, way = int(rng.integers(0, len(self.city.arcs))), dict[int, None]()
        for _ in range(count):
            way[arc] = None
            onward = [one for one in self._onward[self.city.arcs[arc].to_id] if one not in way]
            if not onward:
                break
            arc = onward[int(rng.integers(0, len(onward)))]
        return list(way)


def apply_changes(changes: list[Change], truth: Hours) -> None:
    """Leave of flow and occupancy what each change does; an empty street is not occupied."""
    for change in changes:
        at = (slice(change.first, change.first + change.hours), change.arc)
        left = np.rint(truth.flow[at] * change.flow_left)
        truth.flow[at] = np.minimum(left, MOST_FLOW).astype(np.int64)
        occupancy = np.rint(truth.occupancy[at] * change.occupancy_left).astype(np.int64)
        truth.occupancy[at] = np.where(truth.flow[at] > 0, occupancy, 0)
