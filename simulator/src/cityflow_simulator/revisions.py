"""A road day as an earlier version of it was published: cut short, with holes, or counting less.

Copies of a record change with it, so they stay copies, and the poorer stay the poorer.
"""

from dataclasses import replace

import numpy as np

from cityflow_simulator.feed import Day, Rows
from cityflow_simulator.publication import Flaw
from cityflow_simulator.randomness import Ints, between, stream


def flawed(day: Day, flaw: Flaw | None, seed: int, version: int) -> Day:
    """The day with a flaw; without one, the day itself. What was injected is left out."""
    if flaw is None or day.missing:
        return day
    if flaw == "short":
        hours = hours_kept(day, seed, version)
        return replace(
            day,
            stamps=day.stamps[:hours],
            records=_until(day.records, hours),
            rows=_until(day.rows, hours),
        )
    change = _Change(day, flaw, seed, version)
    return replace(day, records=change.of(day.records), rows=change.of(day.rows))


def hours_kept(day: Day, seed: int, version: int) -> int:
    """Hours of a day cut short: from one to all but one."""
    rng = stream(seed, "roads-short", day.day.toordinal(), version)
    return int(rng.integers(1, len(day.stamps)))


def _until(rows: Rows, hours: int) -> Rows:
    return rows.pick(np.flatnonzero(rows.hour < hours))


class _Change:
    """What a version changes in the records of each arc and hour."""

    def __init__(self, day: Day, flaw: Flaw, seed: int, version: int) -> None:
        self._stride = int(day.rows.arc.max()) + 1
        cells = self._stride * len(day.stamps)
        rng = stream(seed, "roads-change", day.day.toordinal(), version)
        hit = rng.random(cells) < float(between(rng, 0.005, 0.4))
        flow = np.zeros(cells)
        flow[self._cell(day.records)] = np.maximum(day.records.flow, 0)
        less = (flow * between(rng, 0.01, 0.6, cells)).astype(np.int64)
        self._lost = hit & (flaw == "holes")
        self._less = np.where(hit & (flaw == "low"), less, 0)

    def of(self, rows: Rows) -> Rows:
        """The rows as changed."""
        cell = self._cell(rows)
        counted = np.where(rows.flow < 0, -1, np.maximum(rows.flow - self._less[cell], 0))
        return Rows(
            rows.arc,
            rows.hour,
            rows.status,
            np.where(self._lost[cell], -1, counted),
            np.where(self._lost[cell], -1, rows.occupancy),
        )

    def _cell(self, rows: Rows) -> Ints:
        return rows.hour * self._stride + rows.arc
