"""A day's canonical records become its published tables and summary: pure, no clock, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from cityflow.calendar import hour_of_day
from cityflow.contracts.tables import COMPTAGES_ARC_HOURS, COMPTAGES_CLEAN
from cityflow_processor.comptages import summary
from cityflow_processor.comptages.alerts import alerts_table
from cityflow_processor.comptages.arcs import arcs_table
from cityflow_processor.comptages.audit import Sums
from cityflow_processor.comptages.fields import NO_STATE, OCCUPANCY_SCALE, STATES, STATUSES
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.comptages.hours import hours_of_day
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.tally import state_of, tally
from cityflow_processor.comptages.thresholds import Thresholds
from cityflow_processor.tables import arrow_table, hour_ends, numbers, texts

# Part of every edition's identity: change it when a formula below changes.
METHOD_VERSION: Final = "1"


@dataclass(frozen=True)
class Measured:
    """Tables of a day and the parts of its summary that are functions of the records."""

    clean: pa.Table
    hours: pa.Table
    arcs: pa.Table
    alerts: pa.Table
    geometry_sources: Mapping[str, int]
    blocks: dict[str, Any]
    sums: Sums
    compared: int
    state_mismatches: int
    arc_status_hours: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """The blocks of the day's summary, with what is drawn from the tables for it."""
        return self.blocks | {
            "top_arcs_by_flow": summary.ranking(self.arcs, "flow_veh"),
            "top_arcs_by_saturated_hours": summary.ranking(self.arcs, "saturated_hours"),
            "alerts_total": self.alerts.num_rows,
            "alerts": summary.main_alerts(self.alerts),
        }

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The published tables of metrics, by name."""
        return {"arc_hours": self.hours, "arcs": self.arcs, "alerts": self.alerts}


def measure(records: DayRecords, day: date, geography: Geography, limits: Thresholds) -> Measured:
    """Everything that the edition of a day publishes."""
    hours = hours_of_day(day)
    starts = [hour_of_day(datetime.fromtimestamp(hour * 3600, UTC)) for hour in hours]
    lost = lost_hour(records, hours)
    expected = len(hours) - (lost is not None)
    states = state_of(records.occupancy, limits)
    by_arc = tally(records, states, records.arc, len(records.arcs))
    by_hour = tally(records, states, records.hour - hours[0], len(hours))
    places = geography.places(records.attributes)
    arcs = arcs_table(records, by_arc, places, expected, dict(zip(hours, starts, strict=True)))
    alerts = alerts_table(records, arcs, limits)
    areas = summary.area_totals(by_arc, arcs, geography.zones, expected)
    totals = summary.day_totals(by_arc, arcs, expected)
    profile = summary.hour_profile(by_hour, hours, starts, len(records.arcs), lost)
    compared, mismatches = _derivation(records, states)
    base = _base(records)
    return Measured(
        clean=_clean(records, base),
        hours=_arc_hours(records, base, states, hours, starts),
        arcs=arcs,
        alerts=alerts,
        geometry_sources=places.sources,
        blocks={
            "hours_in_day": len(hours),
            "hours_expected": expected,
            "totals": totals,
            "hourly": profile,
            "arrondissements": areas,
        },
        sums=Sums(
            *(
                (
                    getattr(totals, name) or 0,
                    sum(getattr(area, name) or 0 for area in areas),
                    sum(getattr(hour, name) or 0 for hour in profile),
                )
                for name in ("flow_veh", "flow_hours", "occupancy_hours")
            )
        ),
        compared=compared,
        state_mismatches=mismatches,
        arc_status_hours=_status_hours(records),
    )


def lost_hour(records: DayRecords, hours: tuple[int, ...]) -> int | None:
    """Place of the hour that the source does not hold, or None: one of the 25 of autumn.

    02:00 local time then ends two hours. The feed keeps the second stamp and drops the first;
    where no arc has the first, none is expected to (guide: ten facts, 6).
    """
    if len(hours) < 25 or bool(np.any(records.hour == hours[1])):
        return None
    return 1


def _derivation(records: DayRecords, states: Ints) -> tuple[int, int]:
    """Rows with a published state, and those where it is not f(occupancy)."""
    published = records.state != NO_STATE
    return int(published.sum()), int((published & (records.state != states)).sum())


def _status_hours(records: DayRecords) -> dict[str, int]:
    counts = np.bincount(records.status, minlength=len(STATUSES))
    return dict(zip(STATUSES, counts.tolist(), strict=True))


def _base(records: DayRecords) -> dict[str, pa.Array]:
    """The columns that both tables of hours share."""
    return {
        "arc_id": texts(records.arc, records.arcs),
        "hour_end": hour_ends(records.hour),
        "flow_veh": numbers(records.flow, records.flow >= 0),
    }


def _clean(records: DayRecords, base: dict[str, pa.Array]) -> pa.Table:
    published = records.state != NO_STATE
    columns = {
        **base,
        "occupancy_e5": numbers(records.occupancy, records.occupancy >= 0),
        "published_state": texts(np.where(published, records.state, 0), STATES, published),
        "arc_status": texts(records.status, STATUSES),
    }
    return arrow_table(columns, COMPTAGES_CLEAN)


def _arc_hours(
    records: DayRecords,
    base: dict[str, pa.Array],
    states: Ints,
    hours: tuple[int, ...],
    starts: list[int],
) -> pa.Table:
    columns = {
        **base,
        "hour_of_day": numbers(np.array(starts, dtype=np.int64)[records.hour - hours[0]]),
        "occupancy_pct": numbers(records.occupancy / OCCUPANCY_SCALE, records.occupancy >= 0),
        "state": texts(states, STATES),
    }
    return arrow_table(columns, COMPTAGES_ARC_HOURS)
