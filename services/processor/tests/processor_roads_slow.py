"""The road analysis once more, slowly, in plain Python: nothing of the services but names.

An arc is a dictionary: id, label, length_m, zone, flow and occupancy by hour (None: not observed).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Arc = Mapping[str, Any]


def percentile(values: Sequence[float], share: float) -> float:
    """Linear interpolation between the two nearest ranks."""
    ranked = sorted(values)
    at = share * (len(ranked) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (at - low)


def longest(found: Sequence[bool]) -> int:
    best = run = 0
    for one in found:
        run = run + 1 if one else 0
        best = max(best, run)
    return best


def equal_in_a_row(values: Sequence[float | None], least: float) -> int:
    best = run = 1
    for before, value in pairwise(values):
        run = run + 1 if value is not None and value >= least and value == before else 1
        best = max(best, run)
    return best


def reasons(arc: Arc, starts: Sequence[int]) -> list[str]:
    """All rules that fit, in order, of an arc without a calibration."""
    flow, time = arc["flow"], arc["occupancy"]
    day = [at for at, start in enumerate(starts) if 5 <= start <= 21]
    awake = [at for at, start in enumerate(starts) if 6 <= start <= 21]
    flows = sum(flow[at] is not None for at in day)
    times = sum(time[at] is not None for at in day)
    some = any(value is not None for value in (*flow, *time))
    enough_flow, enough_time = flows >= 0.6 * 17, times >= 0.6 * 17
    pairs = list(zip(flow, time, strict=True))
    both = [(q, k) for q, k in pairs if q is not None and k is not None]
    highest = 8000 if arc["label"].startswith(("PE_", "PI_")) else 4000
    found = {
        "silent": not some,
        "insufficient": some and not enough_flow and not enough_time,
        "stuck_zero": sum(flow[at] == 0 for at in awake) >= 4,
        "stuck_on": longest([k is not None and k >= 95 for k in time]) >= 2,
        "mismatch": sum(q == 0 and k > 2 for q, k in both) >= 2
        or sum(k == 0 and q > 60 for q, k in both) >= 2,
        "constant": equal_in_a_row(flow, 50) >= 4 or equal_in_a_row(time, 0.1) >= 4,
        "implausible": any(q is not None and q > highest for q in flow),
        "occupancy_only": some and enough_time and not enough_flow,
        "flow_only": some and enough_flow and not enough_time,
    }
    return [name for name, fits in found.items() if fits]


def totals(
    arcs: Sequence[Arc], free: Mapping[str, float], starts: Sequence[int], only: int | None = None
) -> dict[str, float | int | None]:
    """Congestion of a set of arcs, sum by sum; `only` one hour of the day, by its place."""
    vkt = vht = weighted = delay = delay_60 = flow_km = counted_km = 0.0
    congested = seen_km = 0.0
    hours, capped, congested_hours, dpn_hours = 0, 0, 0, 0
    seen: set[int] = set()
    for arc in arcs:
        status = (reasons(arc, starts) or ["good"])[0]
        speed = 50.0 if arc["label"].startswith(("PE_", "PI_")) else 30.0
        km = None if arc["length_m"] is None else arc["length_m"] / 1000
        for at, (q, k) in enumerate(zip(arc["flow"], arc["occupancy"], strict=True)):
            if only not in (None, at):
                continue
            if status in ("good", "flow_only") and q is not None and km is not None:
                flow_km, counted_km, dpn_hours = flow_km + q * km, counted_km + km, dpn_hours + 1
            if status in ("good", "occupancy_only") and k is not None:
                congested_hours += k >= 30
                if km is not None:
                    seen.add(at)
                    seen_km += km
                    congested += km if k >= 30 else 0
            if status != "good" or q is None or k is None or q < 30 or k <= 0:
                continue
            if arc["id"] not in free:
                continue
            raw = k / q / free[arc["id"]]
            tti = min(6.0, max(1.0, raw))
            hours, capped = hours + 1, capped + (raw > 6)
            if km is not None:
                vkt += q * km
                vht += q * km / (speed / tti)
                weighted += q * km * tti
                delay += max(0.0, q * (km / (speed / tti) - km / speed))
                delay_60 += max(0.0, q * (km / (speed / tti) - km / (0.6 * speed)))
    return {
        "index_hours": hours,
        "capped_hours": capped,
        "index_vkt_veh_km": vkt or None,
        "index_vht_veh_h": vht or None,
        "speed_est_kmh": vkt / vht if vht else None,
        "tti_area": weighted / vkt if vkt else None,
        "delay_ref_veh_h": delay if vkt else None,
        "delay_60_veh_h": delay_60 if vkt else None,
        "dpn_veh": flow_km / counted_km if counted_km else None,
        "dpn_hours": dpn_hours,
        "congested_km": congested / len(seen) if seen else None,
        "congested_hours": congested_hours,
        "occupied_km": seen_km / len(seen) if seen else None,
    }
