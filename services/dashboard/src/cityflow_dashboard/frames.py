"""Answers of the API as pandas tables; a null stays a null, and nothing is computed anew.

The only things added are words for what a row lacks: `kind` tells the three kinds of absence.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import pandas as pd

from cityflow.calendar import days
from cityflow.contracts import State
from cityflow.contracts.api import ArcDays, ArcHourRow, ArcRow
from cityflow.contracts.comptages import Hour

KNOWN_STATES: Final = (State.FLUID, State.PRE_SATURATED, State.SATURATED, State.BLOCKED)
_THRESHOLDS: Final = ((50.0, State.BLOCKED), (30.0, State.SATURATED), (15.0, State.PRE_SATURATED))
_COUNTS: Final = {"flow_veh": "Int64", "peak_flow_veh": "Int64", "peak_hour": "Int64"}


class Kind(StrEnum):
    """What is known of an arc: both figures, or one of three kinds of absence."""

    BOTH = "both"
    FLOW_ONLY = "flow_only"
    OCCUPANCY_ONLY = "occupancy_only"
    SILENT = "silent"


def kind(flow_known: bool, occupancy_known: bool) -> Kind:
    """The kind of an arc by which of its two figures are known."""
    if flow_known:
        return Kind.BOTH if occupancy_known else Kind.FLOW_ONLY
    return Kind.OCCUPANCY_ONLY if occupancy_known else Kind.SILENT


def state_of(occupancy_pct: float | None) -> State:
    """The published bands of occupancy: <15, <30, <50, ≥50 %; unknown if it is null."""
    if occupancy_pct is None:
        return State.UNKNOWN
    return next((s for least, s in _THRESHOLDS if occupancy_pct >= least), State.FLUID)


def arcs_frame(arcs: Sequence[ArcRow]) -> pd.DataFrame:
    """One row an arc, by arc_id: its figures, `kind`, `state` of its mean occupancy, `geometry`."""
    columns = [*ArcRow.model_fields, "kind", "state"]
    rows = [
        arc.model_dump()
        | {
            "kind": kind(arc.flow_veh is not None, arc.occupancy_mean_pct is not None).value,
            "state": state_of(arc.occupancy_mean_pct).value,
        }
        for arc in arcs
    ]
    return pd.DataFrame(rows, columns=columns).astype(_COUNTS)


def hour_frame(rows: Sequence[ArcHourRow]) -> pd.DataFrame:
    """One row an arc for one hour: `arc_id`, `flow_veh`, `occupancy_pct`, `kind`, `state`."""
    columns = ["arc_id", "flow_veh", "occupancy_pct", "state", "kind"]
    data = [
        {
            "arc_id": row.arc_id,
            "flow_veh": row.flow_veh,
            "occupancy_pct": row.occupancy_pct,
            "state": row.state.value,
            "kind": kind(row.flow_veh is not None, row.occupancy_pct is not None).value,
        }
        for row in rows
    ]
    return pd.DataFrame(data, columns=columns).astype({"flow_veh": "Int64"})


def hours_frame(hours: Sequence[Hour], labels: Sequence[str]) -> pd.DataFrame:
    """One row an hour in time order, with the label to print for it; shares in percent."""
    rows = [
        {
            "position": position,
            "label": label,
            "flow_veh": hour.flow_veh,
            "occupancy_mean_pct": hour.occupancy_mean_pct,
            "flow_coverage_pct": _percent(hour.flow_coverage),
            "occupancy_coverage_pct": _percent(hour.occupancy_coverage),
        }
        for position, (hour, label) in enumerate(zip(hours, labels, strict=True))
    ]
    return pd.DataFrame(rows)


def arc_hours_frame(
    rows: Sequence[ArcHourRow], ends: Sequence[datetime], labels: Sequence[str]
) -> pd.DataFrame:
    """The hours of one arc with the columns of an `hours_frame`; an hour without a row is null."""
    found = {row.hour_end: row for row in rows}
    data = [
        {
            "position": position,
            "label": label,
            "flow_veh": row.flow_veh if row else None,
            "occupancy_mean_pct": row.occupancy_pct if row else None,
            "flow_coverage_pct": 100.0 * (row is not None and row.flow_veh is not None),
            "occupancy_coverage_pct": 100.0 * (row is not None and row.occupancy_pct is not None),
        }
        for position, (row, label) in enumerate(zip(map(found.get, ends), labels, strict=True))
    ]
    return pd.DataFrame(data)


def history_frame(found: ArcDays) -> pd.DataFrame:
    """One row a calendar day: `day`, `flow_veh`, `flow_coverage`; null where nothing is known."""
    figures = {entry.day: entry.figures for entry in found.days}
    rows = [
        {
            "day": day.isoformat(),
            "flow_veh": known.flow_veh if known else None,
            "flow_coverage": known.flow_coverage if known else None,
        }
        for day in days(found.first, found.last)
        for known in (figures.get(day),)
    ]
    return pd.DataFrame(rows)


def states_frame(hours: Sequence[Hour], labels: Sequence[str]) -> pd.DataFrame:
    """One row an hour and known state: `share_pct` of the arcs whose state is known, `arcs`."""
    rows = [
        {
            "position": position,
            "label": label,
            "state": state.value,
            "order": order,
            "arcs": getattr(hour.states, state.value),
            "share_pct": _percent(getattr(hour.states, f"{state.value}_share")),
        }
        for position, (hour, label) in enumerate(zip(hours, labels, strict=True))
        for order, state in enumerate(KNOWN_STATES)
    ]
    return pd.DataFrame(rows)


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
