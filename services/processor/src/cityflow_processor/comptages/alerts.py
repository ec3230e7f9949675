"""Congestion alerts: two or more consecutive hours at or above the saturated bound on one arc."""

from typing import Final

import numpy as np
import pyarrow as pa

from cityflow.contracts.tables import COMPTAGES_ALERTS
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.thresholds import Thresholds
from cityflow_processor.tables import arrow_table, hour_ends, numbers, texts

_OF_THE_ARC: Final = ("arc_id", "label", "arrondissement")
_SEVERITIES: Final = ("saturated", "blocked")


def alerts_table(records: DayRecords, arcs: pa.Table, limits: Thresholds) -> pa.Table:
    """The table `alerts` (contract COMPTAGES_ALERTS), by arc_id and start.

    A missing hour ends an alert, and so does the end of the service day.
    """
    hot = np.flatnonzero(records.occupancy >= limits.saturated_e5)
    starts, ends = _runs(records.arc[hot], records.hour[hot], limits.alert_hours)
    known = arcs.select(_OF_THE_ARC).take(numbers(records.arc[hot[starts]]))
    alerts = _alerts(records, hot, starts, ends, limits)
    columns = dict(zip(_OF_THE_ARC, known.columns, strict=True)) | alerts
    return arrow_table(columns, COMPTAGES_ALERTS)


def _alerts(
    records: DayRecords, hot: Ints, starts: Ints, ends: Ints, limits: Thresholds
) -> dict[str, pa.Array]:
    """One row a run [start, end) of the saturated rows `hot`, all but its arc."""
    hours = ends - starts
    bounds = np.cumsum(hours) - hours
    inside = np.repeat(np.arange(starts.size), hours)
    rows = hot[np.arange(inside.size) + (starts - bounds)[inside]]
    occupancy, hour = records.occupancy[rows], records.hour[rows]
    peak = np.maximum.reduceat(occupancy, bounds) if starts.size else occupancy
    at_peak = np.flatnonzero(occupancy == peak[inside])
    _, first = np.unique(inside[at_peak], return_index=True)
    blocked = occupancy >= limits.blocked_e5
    blocked_runs, _ = _runs(inside[blocked], hour[blocked], limits.alert_hours)
    severe = np.zeros(starts.size, dtype=np.int64)
    severe[inside[blocked][blocked_runs]] = 1
    return {
        "start": hour_ends(records.hour[hot[starts]] - 1),
        "end": hour_ends(records.hour[hot[ends - 1]]),
        "hours": numbers(hours),
        "peak_occupancy_pct": numbers(peak / OCCUPANCY_SCALE),
        "peak_hour_end": hour_ends(hour[at_peak[first]]),
        "severity": texts(severe, _SEVERITIES).dictionary_decode(),
    }


def _runs(arc: Ints, hour: Ints, at_least: int) -> tuple[Ints, Ints]:
    """[start, end) of runs of consecutive hours of one arc that are long enough."""
    if not arc.size:
        return arc, arc
    breaks = (arc[1:] != arc[:-1]) | (hour[1:] != hour[:-1] + 1)
    starts = np.append(0, np.flatnonzero(breaks) + 1)
    ends = np.append(starts[1:], arc.size)
    long_enough = ends - starts >= at_least
    return starts[long_enough], ends[long_enough]
