"""Road works: where they are, when, and what they leave of the traffic on their arc.

Works are drawn for each week by its number. What is published of one changes as time goes on: it
is announced, begins, may be suspended or prolonged, ends, and drops off the list a little later.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import sqrt
from typing import Literal

import numpy as np

from cityflow_simulator.city import Arc, City
from cityflow_simulator.faults import SHUT
from cityflow_simulator.plane import Point
from cityflow_simulator.randomness import Ints, between, stream
from cityflow_simulator.traffic import Hours

Impact = Literal["RESTREINTE", "SENS_UNIQUE", "BARRAGE_TOTAL", "IMPASSE", ""]
IMPACTS: tuple[tuple[float, Impact], ...] = (
    (0.72, "RESTREINTE"), (0.12, "SENS_UNIQUE"), (0.11, "BARRAGE_TOTAL"), (0.02, "IMPASSE"),
    (1.0, ""),
)  # fmt: skip
FLOW_LEFT: dict[Impact, tuple[float, float]] = {
    "RESTREINTE": (0.35, 1.0), "SENS_UNIQUE": (0.3, 1.0), "BARRAGE_TOTAL": (0.0, 0.12),
    "IMPASSE": (0.05, 0.7), "": (0.9, 1.0),
}  # fmt: skip
LONGEST_DAYS = 1_500
LONGEST_DELAY = 300
WEEK = 7
PER_WEEK_AND_ARC = 0.95e-3
FEWEST_A_WEEK = 0.6
MOST_A_WEEK = 200
FIRST_WEEK, NUMBERS = 105_000, 1_000_000
ANNOUNCED_DAYS, LISTED_DAYS = 90, 60


@dataclass(frozen=True)
class Work:
    """One work: `start` to `end` as announced, `real_end` as it turns out; days included."""

    number: int
    arc: Arc
    start: date
    end: date
    real_end: date
    impact: Impact
    severe: bool
    announced_days: int
    listed_days: int
    suspended: tuple[date, date] | None
    flow_left: float
    occupancy_more: float
    outlines: tuple[tuple[Point, ...], ...]

    @property
    def identifier(self) -> str:
        """Its published identifier."""
        return f"CP{self.number:06d}"

    @property
    def closes(self) -> bool:
        """Whether the arc is shut while it lasts."""
        return self.impact == "BARRAGE_TOTAL"

    def is_suspended(self, day: date) -> bool:
        """Whether it rests that day."""
        pause = self.suspended
        return pause is not None and pause[0] <= day <= pause[1] and day <= self.real_end

    def active(self, day: date) -> bool:
        """Whether it stands on the road that day."""
        return self.start <= day <= self.real_end and not self.is_suspended(day)

    def listed(self, day: date) -> bool:
        """Whether the list of that day has it."""
        first = self.start - timedelta(days=self.announced_days)
        return first <= day <= self.real_end + timedelta(days=self.listed_days)


class Sites:
    """The arcs of a city where there can be works, and how many begin a week."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.arcs = tuple(arc for arc in city.arcs if arc.line and arc.kind != "access")
        self.a_week = max(FEWEST_A_WEEK, PER_WEEK_AND_ARC * len(city.arcs))
        self._index = {arc.arc_id: index for index, arc in enumerate(city.arcs)}
        self._starting = lru_cache(maxsize=4096)(self._begin)
        self.active = lru_cache(maxsize=512)(self._active)

    def around(self, day: date) -> list[Work]:
        """All works that may have to do with a day, in order of their beginning."""
        first = (day.toordinal() - LONGEST_DAYS - LONGEST_DELAY - LISTED_DAYS) // WEEK
        last = (day.toordinal() + ANNOUNCED_DAYS) // WEEK
        return [work for week in range(first, last + 1) for work in self._starting(week)]

    def apply(self, day: date, truth: Hours, status: Ints) -> None:
        """Leave of the traffic of a day what the works let through, and shut the arcs they bar."""
        for work in self.active(day):
            at = self._index[work.arc.arc_id]
            truth.flow[:, at] = np.rint(truth.flow[:, at] * work.flow_left).astype(np.int64)
            slow = np.rint(truth.occupancy[:, at] * work.occupancy_more).astype(np.int64)
            truth.occupancy[:, at] = np.where(truth.flow[:, at] > 0, slow, 0)
            if work.closes:
                status[at] = SHUT

    def _active(self, day: date) -> tuple[Work, ...]:
        return tuple(work for work in self.around(day) if work.active(day))

    def _begin(self, week: int) -> tuple[Work, ...]:
        rng = stream(self.city.seed, "works", week)
        count = int(self.a_week * 2 * float(rng.random()) + float(rng.random()))
        first = (week - FIRST_WEEK) * MOST_A_WEEK % NUMBERS
        return tuple(
            _work(rng, self.arcs[int(rng.integers(0, len(self.arcs)))], week, first + turn)
            for turn in range(min(count, MOST_A_WEEK))
        )


def _work(rng: np.random.Generator, arc: Arc, week: int, number: int) -> Work:
    start = date.fromordinal(week * WEEK + 1 + int(rng.integers(0, WEEK)))
    span = float(rng.random())
    end = start + timedelta(days=1 + int((LONGEST_DAYS - 1) * span * span * span))
    delay = int(rng.integers(1, LONGEST_DELAY)) if float(rng.random()) < 0.18 else 0
    draw = float(rng.random())
    impact = next(name for share, name in _cumulated() if draw < share)
    low, high = FLOW_LEFT[impact]
    stop = start + timedelta(days=int(rng.integers(0, 200)))
    pause = (stop, stop + timedelta(days=int(rng.integers(1, 60))))
    return Work(
        number=number,
        arc=arc,
        start=start,
        end=end,
        real_end=end + timedelta(days=delay),
        impact=impact,
        severe=float(rng.random()) < 0.76,
        announced_days=int(rng.integers(0, ANNOUNCED_DAYS)),
        listed_days=int(rng.integers(0, LISTED_DAYS)),
        suspended=pause if float(rng.random()) < 0.06 else None,
        flow_left=float(between(rng, low, high)),
        occupancy_more=float(between(rng, 1.0, 2.5)),
        outlines=tuple(_outline(rng, arc) for _ in range(1 if float(rng.random()) < 0.9 else 2)),
    )


def _cumulated() -> list[tuple[float, Impact]]:
    """The impacts with the share of all up to each."""
    total, found = 0.0, []
    for share, name in IMPACTS:
        total += share
        found.append((total, name))
    return found


def _outline(rng: np.random.Generator, arc: Arc) -> tuple[Point, ...]:
    """A closed four-sided outline, counter-clockwise, about a part of the arc's line."""
    a, b = (arc.line or ())[:2]
    first, length = 0.6 * float(rng.random()), 0.1 + 0.3 * float(rng.random())
    width = 2.0 + 9.0 * float(rng.random())
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = max(1.0, sqrt(dx * dx + dy * dy))
    side = (-dy / along * width, dx / along * width)
    start = (a[0] + first * dx, a[1] + first * dy)
    end = (a[0] + (first + length) * dx, a[1] + (first + length) * dy)
    ring = (
        (start[0] - side[0], start[1] - side[1]),
        (end[0] - side[0], end[1] - side[1]),
        (end[0] + side[0], end[1] + side[1]),
        (start[0] + side[0], start[1] + side[1]),
    )
    return (*ring, ring[0])
