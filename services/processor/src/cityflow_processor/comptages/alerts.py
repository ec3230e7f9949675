"""Congestion alerts: two or more consecutive hours at or above the saturated bound on one arc."""

import numpy as np
import polars as pl

from cityflow.contracts.tables import COMPTAGES_ALERTS
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.thresholds import Thresholds
from cityflow_processor.tables import conform, instants, schema


def alerts_table(records: DayRecords, arcs: pl.DataFrame, limits: Thresholds) -> pl.DataFrame:
    """The table `alerts` (contract COMPTAGES_ALERTS), by arc_id and start.

    A missing hour ends an alert, and so does the end of the service day.
    """
    hot = np.flatnonzero(records.occupancy >= limits.saturated_e5)
    starts, ends = _runs(records.arc[hot], records.hour[hot], limits.alert_hours)
    if not starts.size:
        return schema(COMPTAGES_ALERTS).to_frame()
    known = arcs[["arc_id", "label", "arrondissement"]][records.arc[hot[starts]]]
    alerts = _alerts(records, hot, starts, ends, limits)
    return conform(pl.concat([known, alerts], how="horizontal"), COMPTAGES_ALERTS)


def _alerts(
    records: DayRecords, hot: Ints, starts: Ints, ends: Ints, limits: Thresholds
) -> pl.DataFrame:
    """One row a run [start, end) of the saturated rows `hot`, all but its arc."""
    inside = np.repeat(np.arange(starts.size), ends - starts)
    rows = np.concatenate([hot[a:b] for a, b in zip(starts, ends, strict=True)])
    occupancy, hour = records.occupancy[rows], records.hour[rows]
    bounds = np.append(0, np.cumsum(ends - starts))[:-1]
    peak = np.maximum.reduceat(occupancy, bounds)
    at_peak = np.flatnonzero(occupancy == peak[inside])
    _, first = np.unique(inside[at_peak], return_index=True)
    blocked = occupancy >= limits.blocked_e5
    blocked_runs, _ = _runs(inside[blocked], hour[blocked], limits.alert_hours)
    severe = np.zeros(starts.size, dtype=bool)
    severe[inside[blocked][blocked_runs]] = True
    return pl.DataFrame(
        {
            "start": instants(records.hour[hot[starts]] - 1),
            "end": instants(records.hour[hot[ends - 1]]),
            "hours": ends - starts,
            "peak_occupancy_pct": peak / OCCUPANCY_SCALE,
            "peak_hour_end": instants(hour[at_peak[first]]),
            "severity": pl.Series(["saturated", "blocked"]).gather(severe.astype(np.int64)),
        }
    )


def _runs(arc: Ints, hour: Ints, at_least: int) -> tuple[Ints, Ints]:
    """[start, end) of runs of consecutive hours of one arc that are long enough."""
    if not arc.size:
        return arc, arc
    breaks = (arc[1:] != arc[:-1]) | (hour[1:] != hour[:-1] + 1)
    starts = np.append(0, np.flatnonzero(breaks) + 1)
    ends = np.append(starts[1:], arc.size)
    long_enough = ends - starts >= at_least
    return starts[long_enough], ends[long_enough]
