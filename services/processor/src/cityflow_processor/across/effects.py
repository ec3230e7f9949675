"""Arcs near works before them and during them, with their arrondissement as control (A.3.12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np

from cityflow_processor.across.like import Bools, Ints, Volumes, medians
from cityflow_processor.across.thresholds import limits
from cityflow_processor.records.likeness import same_group

Row = dict[str, Any]
Stack = Callable[[Sequence[date]], Volumes]
"""Volumes of some days by the arcs of the day: days × arcs."""


@dataclass(frozen=True)
class Exposure:
    """An active work and an arc near it, by its place among the arcs of the day."""

    work_id: str
    start: date
    impact: str
    arc: int


@dataclass(frozen=True)
class Windows:
    """Days with volumes before a work began, and during it."""

    before: tuple[date, ...]
    during: tuple[date, ...]


@dataclass(frozen=True)
class Change:
    """By arc: volumes before and during, weighted by the days during, and the days used."""

    before: Volumes
    during: Volumes
    before_days: Ints
    during_days: Ints

    @property
    def is_known(self) -> Bools:
        """The arcs with enough days of both, and anything before."""
        known: Bools = (self.during_days >= limits().whole("during_least")) & (self.before > 0)
        return known


def windows(day: date, start: date, held: Sequence[date]) -> Windows | None:
    """The days to look at, of those held; None if the work began too long ago to be compared."""
    length = timedelta(days=limits().whole("before_days"))
    if not timedelta(0) <= day - start <= timedelta(days=limits().whole("after_most")):
        return None
    since = max(start, day - length + timedelta(days=1))
    return Windows(
        tuple(one for one in held if start - length <= one < start),
        tuple(one for one in held if since <= one <= day),
    )


def change(found: Windows, stack: Stack) -> Change:
    """Medians of like days: each kind of day counts by its days during."""
    left = list(found.during)
    parts = []
    while left:
        during = same_group(left[0], left)
        left = [one for one in left if one not in during]
        before = same_group(during[0], found.before)
        if before:
            parts.append((*medians(stack(before)), *medians(stack(during))))
    if not parts:
        nothing = np.zeros(stack(()).shape[1])
        none = nothing.astype(np.int64)
        return Change(nothing, nothing, none, none)
    least = limits().whole("before_least")
    sums = [_weighted(*part, least) for part in parts]
    before_veh, during_veh = (sum(one[at] for one in sums) for at in (0, 1))
    before_days, during_days = (sum(one[at] for one in sums) for at in (2, 3))
    return Change(
        np.asarray(before_veh), np.asarray(during_veh),
        np.asarray(before_days), np.asarray(during_days),
    )  # fmt: skip


def _weighted(
    before: Volumes, before_days: Ints, during: Volumes, during_days: Ints, least: int
) -> tuple[Volumes, Volumes, Ints, Ints]:
    used = (before_days >= least) & (during_days > 0)
    return (
        np.where(used, before * during_days, 0.0),
        np.where(used, during * during_days, 0.0),
        np.where(used, before_days, 0),
        np.where(used, during_days, 0),
    )


def effects(
    exposures: Sequence[Exposure],
    of_start: Mapping[date, Change],
    zones: Sequence[str],
    exposed: Bools,
) -> list[Row]:
    """The rows of the table `works` without the names of their arcs.

    `exposed` are all arcs near any active work: none of them is a control.
    """
    ordered = sorted(exposures, key=lambda one: (one.start, one.work_id, one.arc))
    of_zone = np.array(zones)
    rows = []
    for start, same in groupby(ordered, key=lambda one: one.start):
        if start not in of_start:
            continue
        found = of_start[start]
        controls = dict[str, tuple[int, float | None]]()
        for one in same:
            zone = zones[one.arc]
            if zone not in controls:
                controls[zone] = _control(found, (of_zone == zone) & ~exposed)
            rows.append(_row(one, found, controls[zone]))
    return rows


def _control(found: Change, of: Bools) -> tuple[int, float | None]:
    """Arcs of a control, and their ratio: sums before the ratio; None if they are too few."""
    used = of & found.is_known
    arcs = int(used.sum())
    if arcs < limits().whole("control_least"):
        return arcs, None
    ratio = float(found.during[used].sum() / found.before[used].sum())
    return arcs, ratio or None


def _row(one: Exposure, found: Change, control: tuple[int, float | None]) -> Row:
    at, (arcs, of_control) = one.arc, control
    before, during, ratio = None, None, None
    days = int(found.during_days[at])
    if found.is_known[at]:
        before, during = float(found.before[at]) / days, float(found.during[at]) / days
        ratio = float(found.during[at] / found.before[at])
    return {
        "work_id": one.work_id,
        "arc": at,
        "start": one.start,
        "impact": one.impact,
        "before_days": int(found.before_days[at]),
        "during_days": days,
        "before_veh": before,
        "during_veh": during,
        "work_ratio": ratio,
        "control_arcs": arcs,
        "control_ratio": of_control,
        "work_change": None if ratio is None or of_control is None else ratio / of_control - 1,
    }
