"""Exact integer sums over groups of rows, and the ratios that are drawn from them last."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cityflow_processor.comptages.fields import OCCUPANCY_SCALE, STATES
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.thresholds import Thresholds


def share(part: int, whole: int) -> float | None:
    """part ÷ whole, null where there is no whole."""
    return part / whole if whole else None


def mean_pct(sum_e5: int, hours: int) -> float | None:
    """Mean occupancy in percent of a sum held in 10⁻⁵ %."""
    return sum_e5 / (hours * OCCUPANCY_SCALE) if hours else None


def state_of(occupancy_e5: Ints, limits: Thresholds) -> Ints:
    """Code in `STATES` of each occupancy; null (−1) is unknown."""
    known = np.searchsorted(np.array(limits.state_bounds_e5), occupancy_e5, side="right") + 1
    return np.where(occupancy_e5 < 0, 0, known).astype(np.int64)


@dataclass(frozen=True)
class Tally:
    """Sums of one grouping of the rows; every array has one entry a group."""

    rows: Ints
    flow_veh: Ints
    flow_hours: Ints
    occupancy_e5: Ints
    occupancy_hours: Ints
    states: Ints
    """Shape (groups, states): rows in each state of `STATES`."""

    @cached_property
    def blocked_hours(self) -> Ints:
        """Rows at or above the blocked bound."""
        blocked: Ints = self.states[:, STATES.index("blocked")]
        return blocked

    @cached_property
    def saturated_hours(self) -> Ints:
        """Rows at or above the saturated bound, blocked ones included."""
        saturated: Ints = self.states[:, STATES.index("saturated")] + self.blocked_hours
        return saturated


def tally(records: DayRecords, states: Ints, group: Ints, groups: int) -> Tally:
    """Sums of the rows by `group` (values 0 … groups − 1)."""
    by_state = _count(group * len(STATES) + states, groups * len(STATES))
    return Tally(
        rows=_count(group, groups),
        flow_veh=_sum(group, records.flow, groups),
        flow_hours=_count(group[records.flow >= 0], groups),
        occupancy_e5=_sum(group, records.occupancy, groups),
        occupancy_hours=_count(group[records.occupancy >= 0], groups),
        states=by_state.reshape(groups, len(STATES)),
    )


def fold(tallied: Tally, group: Ints, groups: int) -> Tally:
    """A tally of finer groups summed into coarser ones."""

    def add(values: npt.NDArray[np.int64]) -> Ints:
        total = np.zeros((groups, *values.shape[1:]), dtype=np.int64)
        np.add.at(total, group, values)
        return total

    return Tally(
        rows=add(tallied.rows),
        flow_veh=add(tallied.flow_veh),
        flow_hours=add(tallied.flow_hours),
        occupancy_e5=add(tallied.occupancy_e5),
        occupancy_hours=add(tallied.occupancy_hours),
        states=add(tallied.states),
    )


def _count(group: Ints, groups: int) -> Ints:
    return np.bincount(group, minlength=groups).astype(np.int64)


def _sum(group: Ints, values: Ints, groups: int) -> Ints:
    # bincount sums in doubles: exact here, since a day's sums stay far below 2**53.
    weights = np.where(values > 0, values, 0)
    return np.bincount(group, weights=weights, minlength=groups).astype(np.int64)
