"""Congestion alerts: two or more consecutive hours at or above the saturated bound on one arc."""

from typing import Final

import numpy as np
import polars as pl

from cityflow.contracts.tables import COMPTAGES_ALERTS
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.thresholds import Thresholds
from cityflow_processor.tables import conform, schema

_HOUR_US: Final = 3_600_000_000


def alerts_table(records: DayRecords, arcs: pl.DataFrame, limits: Thresholds) -> pl.DataFrame:
    """The table `alerts` (contract COMPTAGES_ALERTS), by arc_id and start.

    A missing hour ends an alert, and so does the end of the service day.
    """
    hot = np.flatnonzero(records.occupancy >= limits.saturated_e5)
    starts, ends = _runs(records.arc[hot], records.hour[hot], limits.alert_hours)
    if not starts.size:
        return schema(COMPTAGES_ALERTS).to_frame()
    rows = [_alert(records, hot[a:b], limits) for a, b in zip(starts, ends, strict=True)]
    alerts = pl.DataFrame(rows, orient="row").with_columns(
        pl.col("start", "end", "peak_hour_end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    )
    known = arcs.select("arc_id", "label", "arrondissement")
    return conform(alerts.join(known, on="arc_id", maintain_order="left"), COMPTAGES_ALERTS)


def _runs(arc: Ints, hour: Ints, at_least: int) -> tuple[Ints, Ints]:
    """[start, end) of runs of consecutive hours of one arc that are long enough."""
    if not arc.size:
        return arc, arc
    breaks = (arc[1:] != arc[:-1]) | (hour[1:] != hour[:-1] + 1)
    starts = np.append(0, np.flatnonzero(breaks) + 1)
    ends = np.append(starts[1:], arc.size)
    long_enough = ends - starts >= at_least
    return starts[long_enough], ends[long_enough]


def _alert(records: DayRecords, run: Ints, limits: Thresholds) -> dict[str, object]:
    occupancy, hour = records.occupancy[run], records.hour[run]
    peak = int(occupancy.argmax())
    blocked = np.flatnonzero(occupancy >= limits.blocked_e5)
    long_blocked, _ = _runs(np.zeros_like(blocked), hour[blocked], limits.alert_hours)
    return {
        "arc_id": records.arcs[int(records.arc[run[0]])],
        "start": (int(hour[0]) - 1) * _HOUR_US,
        "end": int(hour[-1]) * _HOUR_US,
        "hours": int(run.size),
        "peak_occupancy_pct": int(occupancy[peak]) / OCCUPANCY_SCALE,
        "peak_hour_end": int(hour[peak]) * _HOUR_US,
        "severity": "blocked" if long_blocked.size else "saturated",
    }
