"""Sums over hours, zones and the city: in key order, and before any ratio."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cityflow.contracts.roads import RoadsIndex
from cityflow_processor.comptages.tally import share
from cityflow_processor.roads.grid import Bools, Floats, Ints
from cityflow_processor.roads.index import Network
from cityflow_processor.roads.thresholds import limits


def sums(network: Network, groups: Ints, expected: Sequence[int]) -> list[dict[str, Any]]:
    """The fields of RoadsIndex by group; `groups` has the group of each arc-hour.

    `expected` are the arc-hours each group should have.
    """
    count = len(expected)
    vkt, vht = network.vkt, network.vht
    indexed, measured = ~np.isnan(network.tti), ~np.isnan(vkt)
    lengths = np.broadcast_to(network.lengths_km[:, None], groups.shape)
    counted = ~np.isnan(network.flow) & ~np.isnan(lengths)
    occupied = ~np.isnan(network.occupancy)
    congested = network.occupancy >= limits()["congested_pct"]
    long = ~np.isnan(lengths)

    def total(where: Bools, values: Floats) -> Floats:
        found: Floats = np.bincount(groups[where], values[where], count).astype(np.float64)
        return found

    def number(where: Bools) -> list[int]:
        found: list[int] = np.bincount(groups[where], minlength=count).tolist()
        return found

    at_hour = np.broadcast_to(np.arange(groups.shape[1]), groups.shape)
    seen = np.zeros((count, groups.shape[1]), dtype=np.bool_)
    seen[groups[occupied & long], at_hour[occupied & long]] = True
    hours = seen.sum(axis=1).tolist()
    columns = {
        "vkt": total(measured, vkt),
        "vht": total(measured, vht),
        "weighted": total(measured, vkt * network.tti),
        "delay_ref": total(measured, network.delay_ref),
        "delay_60": total(measured, network.delay_60),
        "flow_km": total(counted, network.flow * lengths),
        "counted_km": total(counted, lengths),
        "congested_km": total(congested & long, lengths),
        "occupied_km": total(occupied & long, lengths),
    }
    numbers = {
        "index_hours": number(indexed),
        "capped_hours": number(network.capped),
        "dpn_hours": number(counted),
        "congested_hours": number(congested),
        "measured": number(measured),
        "occupied": number(occupied & long),
    }
    return [
        _fields(
            {name: float(column[at]) for name, column in columns.items()},
            {name: column[at] for name, column in numbers.items()},
            _Hours(expected[at], hours[at]),
        )
        for at in range(count)
    ]


class _Hours(NamedTuple):
    """Arc-hours that a group should have; hours of the day with any sound occupancy."""

    expected: int
    seen: int


def _fields(sums: dict[str, float], counts: dict[str, int], hours: _Hours) -> dict[str, Any]:
    has_index, has_length = counts["measured"] > 0, counts["occupied"] > 0
    fields = {
        "index_hours": counts["index_hours"],
        "expected_hours": hours.expected,
        "index_coverage": share(counts["index_hours"], hours.expected),
        "capped_hours": counts["capped_hours"],
        "index_vkt_veh_km": sums["vkt"] if has_index else None,
        "index_vht_veh_h": sums["vht"] if has_index else None,
        "speed_est_kmh": _ratio(sums["vkt"], sums["vht"]),
        "tti_area": _ratio(sums["weighted"], sums["vkt"]),
        "delay_ref_veh_h": sums["delay_ref"] if has_index else None,
        "delay_60_veh_h": sums["delay_60"] if has_index else None,
        "dpn_veh": _ratio(sums["flow_km"], sums["counted_km"]),
        "dpn_hours": counts["dpn_hours"],
        "congested_km": sums["congested_km"] / hours.seen if has_length else None,
        "congested_hours": counts["congested_hours"],
        "occupied_km": sums["occupied_km"] / hours.seen if has_length else None,
    }
    return RoadsIndex.model_validate(fields).model_dump()


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
