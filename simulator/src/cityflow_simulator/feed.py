"""One service day as the feed publishes it: rows of small integers, in published order.

The rows of a day depend on the city, the day and the rates alone. A service day D holds the
stamps D 01:00 to D+1 00:00; on the autumn day the feed lacks the first of the two 02:00.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

import numpy as np

from cityflow.calendar import PARIS, hour_ends, hour_of_day
from cityflow_simulator import faults
from cityflow_simulator.city import City
from cityflow_simulator.events import Change, Events, apply_changes
from cityflow_simulator.faults import Episode
from cityflow_simulator.randomness import Ints, stream
from cityflow_simulator.traffic import GRID, Hours, Traffic, build_traffic, drive, leave_gaps
from cityflow_simulator.works import Sites, Work

Order = Literal["random-within-day", "time"]
COARSE = GRID // 100
"""Occupancy steps of 0.01 %: a value on this grid has two decimals at most."""


@dataclass(frozen=True)
class Rates:
    """How often the feed misbehaves: shares of the day's rows, and of all days."""

    duplicates: float = 0.0006
    conflicts: float = 0.0001
    phantoms: int = 1
    missing_days: float = 0.09


@dataclass(frozen=True)
class Rows:
    """Parallel columns: indices of arc, hour and status; flow and occupancy are -1 where null."""

    arc: Ints
    hour: Ints
    status: Ints
    flow: Ints
    occupancy: Ints

    def __len__(self) -> int:
        return len(self.arc)

    def pick(self, index: Ints) -> "Rows":
        """The rows at `index`, in that order."""
        columns = (self.arc, self.hour, self.status, self.flow, self.occupancy)
        return Rows(*(column[index] for column in columns))


@dataclass(frozen=True)
class Day:
    """A published day: its stamps, its rows in order, and what was injected into it."""

    day: date
    stamps: tuple[datetime, ...]
    records: Rows
    rows: Rows
    duplicates: int = 0
    conflicts: int = 0
    phantoms: int = 0
    stuck: list[Episode] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    works: tuple[Work, ...] = ()

    @property
    def missing(self) -> bool:
        """True if the feed lost the whole day."""
        return not self.stamps


@dataclass(frozen=True)
class Feed:
    """The feed of a city; `publish` gives any day of any year."""

    city: City
    traffic: Traffic
    rates: Rates
    order: Order
    sites: Sites
    events: Events

    @staticmethod
    def of(city: City, rates: Rates | None = None, order: Order = "random-within-day") -> "Feed":
        """The feed of a city with its habits computed."""
        traffic = build_traffic(city)
        events = Events(city, traffic)
        return Feed(city, traffic, rates or Rates(), order, Sites(city), events)

    def misses(self, day: date) -> bool:
        """True if the feed lost this whole day."""
        return faults.is_missing(self.city.seed, day, self.rates.missing_days)

    def size(self, day: date) -> tuple[int, tuple[datetime, ...]]:
        """Rows and stamps of a day that the feed has not lost, without making the rows."""
        stamps = published_stamps(day)
        records = len(stamps) * len(self.city.arcs)
        rng = stream(self.city.seed, "copies", day.toordinal())
        return records + sum(_draw_counts(rng, self.rates, records)) + self.rates.phantoms, stamps

    def publish(self, day: date) -> Day:
        """The rows of one service day; none if the feed lost the day."""
        if self.misses(day):
            nothing = Rows(*(np.zeros(0, dtype=np.int64) for _ in range(5)))
            return Day(day, (), nothing, nothing)
        stamps = published_stamps(day)
        truth = drive(self.traffic, day, tuple(hour_of_day(stamp) for stamp in stamps))
        changes = self.events.of(day, len(stamps))
        fixed = faults.stuck(self.city, day, len(stamps))
        records = self._observe(day, truth, changes, fixed)
        return self._arrange(
            Day(
                day,
                stamps,
                records,
                records,
                stuck=fixed,
                changes=changes,
                works=self.sites.active(day),
            )
        )

    def _observe(
        self,
        day: date,
        truth: Hours,
        changes: list[Change],
        fixed: list[Episode],
    ) -> Rows:
        """One record per arc and hour, in order of time and arc."""
        hours, arcs = truth.flow.shape
        status = faults.statuses(self.city, day)
        self.sites.apply(day, truth, status)
        apply_changes(changes, truth)
        leave_gaps(truth)
        faults.sprinkle_zeros(self.city, day, truth)
        has_flow, has_occupancy = faults.answering(self.city, day, hours)
        faults.apply_stuck(fixed, truth, has_flow, has_occupancy)
        return Rows(
            arc=np.tile(np.arange(arcs), hours),
            hour=np.repeat(np.arange(hours), arcs),
            status=np.tile(status, hours),
            flow=np.where(has_flow, truth.flow, -1).ravel(),
            occupancy=np.where(has_occupancy, truth.occupancy, -1).ravel(),
        )

    def _arrange(self, day: Day) -> Day:
        """Add copies and phantom rows, and put all rows in published order."""
        rng = stream(self.city.seed, "copies", day.day.toordinal())
        copies, others = _draw_counts(rng, self.rates, len(day.records))
        records = day.records
        same = rng.permutation(len(records))[:copies]
        full = np.flatnonzero((records.flow > 1) & (records.occupancy > 0))
        other = rng.permutation(full)[:others]
        ghosts = rng.integers(0, len(day.stamps), self.rates.phantoms)
        rows = _concatenate(
            records,
            records.pick(same),
            _contradict(rng, records.pick(other)),
            _phantoms(len(self.city.arcs), ghosts),
        )
        if self.order == "time":
            rows = rows.pick(np.argsort(rows.hour, kind="stable"))
        else:
            rows = rows.pick(rng.permutation(len(rows)))
        return replace(
            day, rows=rows, duplicates=len(same), conflicts=len(other), phantoms=len(ghosts)
        )


def published_stamps(day: date) -> tuple[datetime, ...]:
    """The end-of-hour stamps the feed has for a day, in Paris time: 23 in spring, else 24."""
    local = [instant.astimezone(PARIS) for instant in hour_ends(day)]
    walls = [stamp.replace(tzinfo=None, fold=0) for stamp in local]
    return tuple(stamp for i, stamp in enumerate(local) if walls[i] not in walls[i + 1 :])


def _draw_counts(rng: np.random.Generator, rates: Rates, records: int) -> tuple[int, int]:
    """How many copies and contradictions a day gets; the fractions are decided by chance."""
    return (
        int(rates.duplicates * records + float(rng.random())),
        int(rates.conflicts * records + float(rng.random())),
    )


def _contradict(rng: np.random.Generator, rows: Rows) -> Rows:
    """Copies that differ and are the poorer ones: a value lost, decimals lost, a smaller flow."""
    kind = rng.integers(0, 4, len(rows))
    coarse = rows.occupancy // COARSE * COARSE
    already = (kind == 2) & (coarse == rows.occupancy)
    smaller = (kind == 3) | already
    return Rows(
        rows.arc,
        rows.hour,
        rows.status,
        np.where(kind == 0, -1, np.where(smaller, rows.flow - 1, rows.flow)),
        np.where(kind == 1, -1, np.where(kind == 2, coarse, rows.occupancy)),
    )


def _phantoms(arc: int, hours: Ints) -> Rows:
    nothing = np.full(len(hours), -1, dtype=np.int64)
    return Rows(np.full(len(hours), arc), hours, np.zeros(len(hours), dtype=np.int64), nothing,
                nothing)  # fmt: skip


def _concatenate(*parts: Rows) -> Rows:
    names = ("arc", "hour", "status", "flow", "occupancy")
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
