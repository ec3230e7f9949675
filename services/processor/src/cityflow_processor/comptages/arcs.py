"""The `arcs` table: one row per arc of the day, with its coverage."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from cityflow.contracts.tables import COMPTAGES_ARCS
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE, STATUSES
from cityflow_processor.comptages.resolve import DayRecords, Ints
from cityflow_processor.comptages.tally import Tally
from cityflow_processor.tables import conform, instants, named


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
    places: pl.DataFrame,
    expected_hours: int,
    local_hour: dict[int, int],
) -> pl.DataFrame:
    """The table `arcs` (contract COMPTAGES_ARCS), sorted by arc_id.

    `places` is what is published of the arcs and where they lie (`Geography.places`);
    `local_hour` maps each hour's end, in hours since 1970 UTC and in order, to the local hour it
    starts at.
    """
    peak = peaks(records)
    counted, occupied = by_arc.flow_hours, by_arc.occupancy_hours
    starts = np.array(list(local_hour.values()), dtype=np.int64)
    peak_start = starts[np.maximum(peak.hour - min(local_hour), 0)]
    frame = pl.DataFrame(
        {
            **places.to_dict(),
            "flow_veh": _or_null(by_arc.flow_veh, counted == 0),
            "flow_hours": counted,
            "occupancy_hours": occupied,
            "expected_hours": np.full(len(records.arcs), expected_hours),
            "flow_coverage": counted / expected_hours,
            "occupancy_coverage": occupied / expected_hours,
            "occupancy_mean_pct": _ratio(by_arc.occupancy_e5, occupied * OCCUPANCY_SCALE),
            "vkt_veh_km": _or_null(by_arc.flow_veh, counted == 0) * places["length_m"] / 1000,
            "peak_hour": _or_null(peak_start, peak.hour < 0),
            "peak_hour_end": _instants(peak.hour),
            "peak_flow_veh": _or_null(peak.flow_veh, peak.flow_veh < 0),
            "saturated_hours": by_arc.saturated_hours,
            "blocked_hours": by_arc.blocked_hours,
            "arc_status": named(_statuses(records), STATUSES),
        }
    )
    return conform(frame, COMPTAGES_ARCS)


def _or_null(values: Ints, missing: "np.typing.NDArray[np.bool_]") -> pl.Series:
    return pl.Series(values, dtype=pl.Int64).set(pl.Series(missing, dtype=pl.Boolean), None)


def _instants(hours: Ints) -> pl.Series:
    return instants(hours).set(pl.Series(hours < 0), None)


def _ratio(part: Ints, whole: Ints) -> pl.Series:
    """part ÷ whole, null where there is no whole."""
    return pl.Series(part / np.maximum(whole, 1)).set(pl.Series(whole == 0), None)


def _statuses(records: DayRecords) -> Ints:
    """The most frequent published status of each arc; the first of `STATUSES` on a tie."""
    codes = records.arc * len(STATUSES) + records.status
    counts = np.bincount(codes, minlength=len(records.arcs) * len(STATUSES))
    modes: Ints = counts.reshape(-1, len(STATUSES)).argmax(axis=1)
    return modes
