"""What a day is measured against: earlier days, brought to the arcs of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow.calendar import DayType
from cityflow_processor.records.history_gates import Fullness
from cityflow_processor.records.likeness import kind_of, same_group, same_type
from cityflow_processor.roads.down import no_past
from cityflow_processor.roads.grid import Ints
from cityflow_processor.roads.thresholds import limits

HOURS: Final = 24
Basis = Literal["last_week", "last_year"]
Flows = npt.NDArray[np.float32]
"""Flow by arc and local hour, NaN where it was not sound; whole numbers, so exact."""

_FREE: Final = frozenset({DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY})
_SEASONAL: Final = _FREE | {DayType.SCHOOL_HOLIDAY_WEEKDAY, DayType.BRIDGE_DAY}


@dataclass(frozen=True)
class Looks:
    """Which earlier days a day looks at, each in order of date."""

    same: tuple[date, ...]
    group: tuple[date, ...]
    others: tuple[tuple[Basis, date], ...]
    working: tuple[date, ...]

    @property
    def days(self) -> list[date]:
        """Each of them once, in order."""
        compared = {day for _, day in self.others}
        return sorted({*self.same, *self.group, *self.working} | compared)


@dataclass(frozen=True)
class Other:
    """One day that the day is compared with: `flow` is arcs × local hours."""

    basis: Basis
    day: date
    flow: Flows


@dataclass(frozen=True)
class Before:
    """Earlier days by the arcs of the day.

    `same` and `group` are days × arcs × local hours, `active_days` the earlier days of each arc
    on which it was the head of a bottleneck; `fuller` how full the days of the gates were.
    """

    health: pl.DataFrame
    same: Flows
    group: Flows
    others: tuple[Other, ...]
    active_days: Ints
    fuller: tuple[Fullness, ...] = ()


def looks(day: date, held: Sequence[date]) -> Looks:
    """The days to look at, of the days with data that are held; these in order of date."""
    value = limits()
    recent = [one for one in held if day - _back("typical_year") <= one < day]
    # Free days of another season are not alike: Paris is emptier in August than in autumn.
    near = day - _back("typical_season" if kind_of(day) in _SEASONAL else "typical_year")
    alike = [one for one in recent if one >= near]
    most = value.whole("typical_days")
    ago: dict[Basis, date] = {
        "last_week": day - timedelta(days=value.whole("week_days")),
        "last_year": day - timedelta(days=value.whole("year_days")),
    }
    known = set(recent)
    working = [one for one in recent if kind_of(one) not in _FREE]
    return Looks(
        tuple(same_type(day, alike)[-most:]),
        tuple(same_group(day, alike)[-most:]),
        tuple((basis, one) for basis, one in ago.items() if one in known),
        tuple(working[1 - value.whole("active_days") :]),
    )


def _back(name: str) -> timedelta:
    return timedelta(days=limits().whole(name))


def nothing_before(arcs: int) -> Before:
    """What the first day of all is measured against."""
    empty = np.empty((0, arcs, HOURS), dtype=np.float32)
    return Before(no_past(), empty, empty, (), np.zeros(arcs, dtype=np.int64))


def by_local_hour(flow: npt.NDArray[np.float64], starts: Ints) -> npt.NDArray[np.float64]:
    """Hours of a day by the local hour at which they start: of two the later that has a value."""
    found = np.full((flow.shape[0], HOURS), np.nan)
    for at, start in enumerate(starts.tolist()):
        found[:, start] = np.where(np.isnan(flow[:, at]), found[:, start], flow[:, at])
    return found
