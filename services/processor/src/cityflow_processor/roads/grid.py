"""A day's arc-hours as a matrix: arcs in order of arc_id, hours in order of time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow.calendar import hour_of_day
from cityflow_processor.comptages.hours import hours_of_day

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Grid:
    """Flow (veh) and occupancy (%) by arc and hour, NaN where there is none.

    `hours` are ends of hours since 1970 UTC, `starts` their local hours.
    """

    arcs: pl.DataFrame
    hours: Ints
    starts: Ints
    flow: Floats
    occupancy: Floats

    def between(self, first: float, last: float) -> Bools:
        """The hours that start at these local hours, both included."""
        within: Bools = (self.starts >= first) & (self.starts <= last)
        return within


def grid(day: date, arcs: pl.DataFrame, arc_hours: pl.DataFrame) -> Grid:
    """The matrix of a day from the published tables `arcs` and `arc_hours` of the counts."""
    ends = np.array(hours_of_day(day), dtype=np.int64)
    starts = [hour_of_day(datetime.fromtimestamp(end * 3600, UTC)) for end in ends.tolist()]
    row = arc_hours["arc_id"].rle_id().to_numpy().astype(np.int64)
    column = arc_hours["hour_end"].dt.epoch("us").to_numpy() // _HOUR_US - ends[0]
    flow, occupancy = (np.full((arcs.height, ends.size), np.nan) for _ in range(2))
    flow[row, column] = arc_hours["flow_veh"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    occupancy[row, column] = arc_hours["occupancy_pct"].fill_null(np.nan).to_numpy()
    return Grid(arcs, ends, np.array(starts, dtype=np.int64), flow, occupancy)


def longest_run(found: Bools) -> Ints:
    """By arc the longest run of hours that are true."""
    longest = run = np.zeros(found.shape[0], dtype=np.int64)
    for column in found.T:
        run = np.where(column, run + 1, 0)
        longest = np.maximum(longest, run)
    return longest
