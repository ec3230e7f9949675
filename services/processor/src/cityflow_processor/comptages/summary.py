"""Blocks of the published summary, from tallies and tables; every total beside its coverage."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from cityflow.contracts.comptages import (
    ArcRank,
    AreaTotals,
    CongestionAlert,
    DayTotals,
    Hour,
    StateCounts,
)
from cityflow_processor.comptages.fields import STATES
from cityflow_processor.comptages.geography import OUTSIDE, UNKNOWN, Zone
from cityflow_processor.comptages.resolve import Ints
from cityflow_processor.comptages.tally import Tally, fold, mean_pct, share
from cityflow_processor.tables import column, numbers

TOP: Final = 10
ALERTS_IN_SUMMARY: Final = 100


def _observed(tallied: Tally, group: int, arcs: int, expected: int) -> dict[str, Any]:
    flow_hours = int(tallied.flow_hours[group])
    occupancy_hours = int(tallied.occupancy_hours[group])
    return {
        "arcs": arcs,
        "expected_hours": expected,
        "flow_veh": int(tallied.flow_veh[group]) if flow_hours else None,
        "flow_hours": flow_hours,
        "flow_coverage": share(flow_hours, expected),
        "occupancy_mean_pct": mean_pct(int(tallied.occupancy_e5[group]), occupancy_hours),
        "occupancy_hours": occupancy_hours,
        "occupancy_coverage": share(occupancy_hours, expected),
        "saturated_hours": int(tallied.saturated_hours[group]),
        "blocked_hours": int(tallied.blocked_hours[group]),
    }


def day_totals(by_arc: Tally, arcs: pa.Table, hours: int) -> DayTotals:
    """Totals of the network; `hours` are the expected hours of an arc."""
    count = arcs.num_rows
    city = fold(by_arc, np.zeros(count, dtype=np.int64), 1)
    counting = by_arc.flow_hours > 0
    occupied = by_arc.occupancy_hours > 0
    travelled = column(arcs, "vkt_veh_km").to_numpy()
    flow_with_length = by_arc.flow_veh[~np.isnan(travelled)]
    observed = _observed(city, 0, count, count * hours)
    return DayTotals(
        **observed,
        arcs_with_flow=int(counting.sum()),
        arcs_occupancy_only=int((~counting & occupied).sum()),
        arcs_silent=int((~counting & ~occupied).sum()),
        vkt_veh_km=vkt(travelled),
        vkt_flow_share=share(int(flow_with_length.sum()), observed["flow_veh"] or 0),
    )


def vkt(values: npt.NDArray[np.float64]) -> float | None:
    """Exactly rounded sum of vehicle-kilometres, NaN left out; null where no arc has any."""
    known = values[~np.isnan(values)]
    return math.fsum(known.tolist()) if known.size else None


def hour_profile(
    by_hour: Tally, hours: Sequence[int], starts: Sequence[int], arcs: int, lost: int | None
) -> list[Hour]:
    """One entry an hour; `hours` are ends in hours since 1970 UTC, `starts` their local hours.

    `lost` is the place of an hour that the source does not hold: nothing is expected of it.
    """
    return [
        Hour(
            **_observed(by_hour, at, arcs, 0 if at == lost else arcs),
            hour_end=datetime.fromtimestamp(hour * 3600, UTC),
            hour_of_day=start,
            states=_states(by_hour.states[at]),
        )
        for at, (hour, start) in enumerate(zip(hours, starts, strict=True))
    ]


def _states(counts: Ints) -> StateCounts:
    by_name = dict(zip(STATES, counts.tolist(), strict=True))
    known = sum(by_name.values()) - by_name["unknown"]
    shares = {
        f"{name}_share": share(count, known) for name, count in by_name.items() if name != "unknown"
    }
    return StateCounts.model_validate(by_name | shares)


def area_totals(
    by_arc: Tally, arcs: pa.Table, zones: Sequence[Zone], hours: int
) -> list[AreaTotals]:
    """Every published polygon, with or without arcs, then `outside` and `unknown`."""
    labels = {zone.code: zone.label for zone in zones}
    labels |= {OUTSIDE: "outside Paris", UNKNOWN: "unknown"}
    codes = list(labels)
    place = {code: at for at, code in enumerate(codes)}
    group = np.array(
        [place[code] for code in column(arcs, "arrondissement").to_list()], dtype=np.int64
    )
    areas = fold(by_arc, group, len(codes))
    counts = np.bincount(group, minlength=len(codes))
    travelled = column(arcs, "vkt_veh_km").to_numpy()
    return [
        AreaTotals(
            **_observed(areas, at, int(counts[at]), int(counts[at]) * hours),
            arrondissement=code,
            label=labels[code],
            vkt_veh_km=vkt(travelled[group == at]),
        )
        for at, code in enumerate(codes)
    ]


def ranking(arcs: pa.Table, by: str) -> list[ArcRank]:
    """The ten arcs with most of `by`, which must be above zero; ties by arc_id."""
    names = [name for name in ArcRank.model_fields if name != "rank"]
    values = np.nan_to_num(column(arcs, by).to_numpy().astype(np.float64))
    largest = np.argsort(-values, kind="stable")[:TOP]  # arcs are in order of arc_id
    top = _rows(arcs.select(names), largest[values[largest] > 0])
    return [ArcRank(rank=place, **row) for place, row in enumerate(top, 1)]


def main_alerts(alerts: pa.Table) -> list[CongestionAlert]:
    """The longest alerts, then those with the highest peak, at most 100; ties as they stand."""
    keys = [-column(alerts, name).to_numpy() for name in ("peak_occupancy_pct", "hours")]
    main = np.lexsort(keys)[:ALERTS_IN_SUMMARY]
    return [CongestionAlert(**row) for row in _rows(alerts, main)]


def _rows(table: pa.Table, places: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    taken = pl.from_arrow(table.take(numbers(places)))
    assert isinstance(taken, pl.DataFrame)
    return taken.to_dicts()
