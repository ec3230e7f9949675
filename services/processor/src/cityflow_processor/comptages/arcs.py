"""The `arcs` table: one row per arc of the day, with its coverage."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from cityflow.contracts.tables import COMPTAGES_ARCS
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE, STATUSES
from cityflow_processor.comptages.geography import Places
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.tally import Tally
from cityflow_processor.tables import arrow_table, hour_ends, numbers, texts

_KM_PER_M: Final = 0.001


@dataclass(frozen=True)
class Peak:
    """Largest hourly flow of each arc and the hour it ends at; −1 where no hour has a flow."""

    flow_veh: Ints
    hour: Ints


def peaks(records: DayRecords) -> Peak:
    """The first hour of the largest flow of each arc."""
    if not records.arcs:
        return Peak(records.flow, records.hour)
    starts = np.flatnonzero(np.append(True, records.arc[1:] != records.arc[:-1]))
    largest = np.maximum.reduceat(records.flow, starts)
    at_peak = np.flatnonzero(records.flow == largest[records.arc])
    arcs, first = np.unique(records.arc[at_peak], return_index=True)
    hour = np.full(len(records.arcs), -1, dtype=np.int64)
    hour[arcs] = records.hour[at_peak[first]]
    return Peak(largest, np.where(largest < 0, -1, hour))


def arcs_table(
    records: DayRecords,
    by_arc: Tally,
    places: Places,
    expected_hours: int,
    local_hour: dict[int, int],
) -> pa.Table:
    """The table `arcs` (contract COMPTAGES_ARCS), sorted by arc_id.

    `places` is what is published of the arcs and where they lie (`Geography.places`);
    `local_hour` maps each hour's end, in hours since 1970 UTC and in order, to the local hour it
    starts at.
    """
    peak = peaks(records)
    counted, occupied = by_arc.flow_hours, by_arc.occupancy_hours
    has_flow, has_peak = counted > 0, peak.hour >= 0
    starts = np.array(list(local_hour.values()), dtype=np.int64)
    peak_start = starts[np.maximum(peak.hour - min(local_hour), 0)]
    vkt = by_arc.flow_veh * places.length_m * _KM_PER_M
    occupancy = by_arc.occupancy_e5 / np.maximum(occupied * OCCUPANCY_SCALE, 1)
    columns = {
        **places.columns,
        "flow_veh": numbers(by_arc.flow_veh, has_flow),
        "flow_hours": numbers(counted),
        "occupancy_hours": numbers(occupied),
        "expected_hours": numbers(np.full(len(records.arcs), expected_hours, dtype=np.int64)),
        "flow_coverage": numbers(counted / expected_hours),
        "occupancy_coverage": numbers(occupied / expected_hours),
        "occupancy_mean_pct": numbers(occupancy, occupied > 0),
        "vkt_veh_km": numbers(vkt, has_flow & ~np.isnan(vkt)),
        "peak_hour": numbers(peak_start, has_peak),
        "peak_hour_end": hour_ends(peak.hour, has_peak),
        "peak_flow_veh": numbers(peak.flow_veh, peak.flow_veh >= 0),
        "saturated_hours": numbers(by_arc.saturated_hours),
        "blocked_hours": numbers(by_arc.blocked_hours),
        "arc_status": texts(_statuses(records), STATUSES),
    }
    return arrow_table(columns, COMPTAGES_ARCS)


def _statuses(records: DayRecords) -> Ints:
    """The most frequent published status of each arc; the first of `STATUSES` on a tie."""
    codes = records.arc * len(STATUSES) + records.status
    counts = np.bincount(codes, minlength=len(records.arcs) * len(STATUSES))
    modes: Ints = counts.reshape(-1, len(STATUSES)).argmax(axis=1)
    return modes
