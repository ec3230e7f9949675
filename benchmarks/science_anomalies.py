"""Anomalies of the roads against the truth: which changes are due one, and which ones are due.

Due are hours in a row of one loop whose injected change alone, without the noise of the day, meets
the documented bounds against what is typical of the loop's days without faults: each the bound at
which an episode goes on, one at least that at which it begins. Without noise and season the level
of a day is 1: no injected change moves the median hour of the median arc.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from benchmarks.science_roads import RoadDay, Usual
from cityflow_processor.roads.grid import Bools
from cityflow_processor.roads.thresholds import limits

Run = tuple[int, int, int, str]
"""Arc, first hour, hour after the last, direction."""
_HALF: Final = 0.5


@dataclass
class AnomalyScore:
    """Episodes: due and found by what caused them, flagged and right; and the same of hours."""

    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    right: int = 0
    returns: int = 0
    hours: Counter[str] = field(default_factory=Counter)
    wrong: list[dict[str, Any]] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        """Of the episodes due the share that was found."""
        return self.found.total() / self.due.total() if self.due.total() else None

    @property
    def precision(self) -> float | None:
        """Of the episodes flagged the share with something injected behind it."""
        return (self.right + self.returns) / self.flagged if self.flagged else None

    @property
    def strict_precision(self) -> float | None:
        """The same without those after the end of a change that lasted."""
        return self.right / self.flagged if self.flagged else None

    def note(self, today: RoadDay, due: list[Run], published: pl.DataFrame, moved: Bools) -> None:
        """Count a day; `moved`: arc-hours whose like days were changed."""
        flagged = _runs_of(today, published)
        by_arc: dict[int, list[Run]] = {}
        for run in flagged:
            by_arc.setdefault(run[0], []).append(run)
        for arc, first, after, direction in due:
            inside = np.zeros(after - first, dtype=np.bool_)
            for _, begin, end, way in by_arc.get(arc, []):
                if way == direction:
                    inside[max(begin - first, 0) : max(end - first, 0)] = True
            cause = _cause(today, arc, first, after)
            self.due[cause] += 1
            self.found[cause] += bool(inside.mean() >= _HALF)
            self.hours["due"] += after - first
            self.hours["found"] += int(inside.sum())
        for run in flagged:
            self._judge(today, run, moved)

    def _judge(self, today: RoadDay, run: Run, moved: Bools) -> None:
        arc, first, after, direction = run
        span = (arc, slice(first, after))
        left = today.left[span]
        changed = (left < 1 if direction == "less" else left > 1) | today.out_of_order[span]
        right = bool(changed.mean() >= _HALF)
        returns = not right and bool(moved[span].mean() >= _HALF)
        self.flagged += 1
        self.right += right
        self.returns += returns
        self.hours["flagged"] += after - first
        self.hours["right"] += int(changed.sum())
        if not right and not returns:
            self.wrong.append({"day": today.day, "arc": arc, "first": first, "after": after})


def due_runs(today: RoadDay, usual: Usual, sound: Bools) -> list[Run]:
    """The runs of hours that are due an anomaly."""
    value = limits()
    change = (today.left - 1) * usual.flow
    size = np.abs(change)
    spreads = size / (usual.spread + value["epsilon_veh"])
    far = (size >= value["change_veh"]) & (size >= value["change_share"] * usual.flow)
    far &= sound[:, None] & ~np.isnan(today.grid.flow) & ~today.out_of_order
    far &= spreads >= value["band_unusual"]
    found = []
    for direction, same in (("less", far & (change < 0)), ("more", far & (change > 0))):
        for arc in np.flatnonzero(same.any(axis=1)).tolist():
            for first, after in _spans(same[arc].tolist()):
                moved, flow = change[arc, first:after].sum(), usual.flow[arc, first:after].sum()
                is_long = after - first >= value["anomaly_hours"]
                begins = bool((spreads[arc, first:after] >= value["band_exceptional"]).any())
                if is_long and begins and abs(moved) >= value["anomaly_share"] * flow:
                    found.append((arc, first, after, direction))
    return found


def _spans(found: list[bool]) -> list[tuple[int, int]]:
    """First and after of each run of true hours."""
    spans, first = [], None
    for at, one in enumerate([*found, False]):
        if one and first is None:
            first = at
        if not one and first is not None:
            spans.append((first, at))
            first = None
    return spans


def _runs_of(today: RoadDay, published: pl.DataFrame) -> list[Run]:
    place = {arc: at for at, arc in enumerate(today.grid.arcs["arc_id"].to_list())}
    column = {int(end): at for at, end in enumerate(today.grid.hours.tolist())}
    rows = published.select(
        "arc_id", pl.col("start").dt.epoch("s") // 3600, "hours", "direction"
    ).iter_rows()
    return [
        (place[arc], column[start + 1], column[start + 1] + hours, direction)
        for arc, start, hours, direction in rows
    ]


def _cause(today: RoadDay, arc: int, first: int, after: int) -> str:
    """The kind of change that fills most of the hours."""
    hours = {kind: int(where[arc, first:after].sum()) for kind, where in today.causes.items()}
    return max(sorted(hours), key=lambda kind: hours[kind])
