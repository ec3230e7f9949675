"""What a day of the roads is beside earlier ones, once more, slowly, in plain Python.

Arcs are those of `processor_roads_slow`; `past` has lists of earlier days, each the sound flow of
its arcs by local hour: {arc id: {hour: flow}}.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from processor_roads_slow import Arc, longest, percentile, reasons

Flows = Mapping[str, Mapping[int, int]]


def centre(
    arc: str, hour: int, same: Sequence[Flows], group: Sequence[Flows]
) -> tuple[str, int, float, float] | None:
    """Where the typical flow is from, its days, the median and the scaled MAD."""
    for name, days in (("day_type", same), ("group", group)):
        values = [day[arc][hour] for day in days if hour in day.get(arc, {})]
        if len(values) >= 4:
            middle = percentile(values, 0.5)
            spread = 1.4826 * percentile([abs(value - middle) for value in values], 0.5)
            return name, len(values), middle, spread * len(values) / (len(values) - 1.3)
    return None


def least_share(arc: str, same: Sequence[Flows], group: Sequence[Flows]) -> float:
    """The median over the hours of the day of spread ÷ typical flow."""
    found = [one for hour in range(24) if (one := centre(arc, hour, same, group)) is not None]
    shares = [spread / middle for _, _, middle, spread in found if middle > 0]
    return percentile(shares, 0.5) if shares else 0.0


def status(arc: Arc, starts: Sequence[int], typical: Sequence[float | None]) -> str:
    """The first rule that fits, with what is typical of each hour."""
    found = reasons(arc, starts)
    busy = [
        flow == 0 and usual is not None and usual > 50
        for flow, usual in zip(arc["flow"], typical, strict=True)
    ]
    if longest(busy) >= 2 and "stuck_zero" not in found:
        ranked = ("silent", "insufficient")
        found = [name for name in found if name in ranked] + ["stuck_zero"] + found
    return found[0] if found else "good"


def hours(
    arcs: Sequence[Arc], starts: Sequence[int], same: Sequence[Flows], group: Sequence[Flows]
) -> dict[tuple[str, int], dict[str, Any]]:
    """By arc and place of the hour: flow, typical flow, spread, source, deviation, band."""
    found = {}
    for arc in arcs:
        usual = [centre(arc["id"], start, same, group) for start in starts]
        middles = [one[2] if one else None for one in usual]
        least = least_share(arc["id"], same, group)
        if status(arc, starts, middles) not in ("good", "flow_only"):
            continue
        for at, (flow, one) in enumerate(zip(arc["flow"], usual, strict=True)):
            if flow is None:
                continue
            row: dict[str, Any] = {"flow": flow, "typical": None, "from": "none", "band": None}
            if one is not None:
                name, days, middle, own = one
                spread = max(own, least * middle, middle**0.5)
                change = flow - middle
                z = change / (spread + 1)
                is_small = abs(change) < 50 or abs(change) < 0.2 * middle
                band = ["usual", "moderate", "unusual", "exceptional"][min(3, int(abs(z)))]
                row |= {"typical": middle, "spread": spread, "from": name, "days": days}
                row |= {"z": z, "change": change, "band": "usual" if is_small else band}
            found[arc["id"], at] = row
    return found


def level(rows: Mapping[tuple[str, int], Mapping[str, Any]], count: int) -> float:
    """Flow ÷ typical flow: the median hour of the median arc, of hours with ten arcs."""
    middles = []
    for at in range(count):
        ratios = [
            row["flow"] / row["typical"]
            for (_, hour), row in rows.items()
            if hour == at and row["typical"]
        ]
        if len(ratios) >= 10:
            middles.append(percentile(ratios, 0.5))
    return percentile(middles, 0.5) if middles else 1.0


def sign(row: Mapping[str, Any], busy: float) -> tuple[str, bool]:
    """Direction of an hour that is unusual, both ways looked at; whether it is exceptional."""
    if row.get("typical") is None:
        return "", False
    spreads = []
    for factor in (1.0, busy):
        usual = row["typical"] * factor
        change = row["flow"] - usual
        if abs(change) < 50 or abs(change) < 0.2 * usual:
            return "", False
        spreads.append(change / (row["spread"] * factor + 1))
    if min(map(abs, spreads)) < 2 or spreads[0] * spreads[1] < 0:
        return "", False
    return ("less" if spreads[0] < 0 else "more"), min(map(abs, spreads)) >= 3


def episodes(
    rows: Mapping[tuple[str, int], Mapping[str, Any]],
    arcs: Sequence[Arc],
    count: int,
    busy: float,
) -> list[tuple[str, int, int, str]]:
    """Arc, first hour, hours, direction; `busy` is the level of the day."""
    found = []
    for arc in arcs:
        told = [sign(rows.get((arc["id"], at), {}), busy) for at in range(count)]
        signs = [one[0] for one in told]
        at = 0
        while at < count:
            run = 1
            while at + run < count and signs[at + run] == signs[at]:
                run += 1
            each = [rows[arc["id"], one] for one in range(at, at + run)] if signs[at] else []
            usual = sum(one["typical"] for one in each)
            flow = sum(one["flow"] for one in each)
            large = all(abs(flow - usual * by) >= 0.35 * usual * by for by in (1.0, busy))
            if run >= 2 and each and large and any(one[1] for one in told[at : at + run]):
                found.append((arc["id"], at, run, signs[at]))
            at += run
    return found


def compared(now: Flows, then: Flows, hours_now: int, hours_then: int) -> dict[str, Any]:
    """Panel, hours and vehicles of both days."""
    panel = [
        arc
        for arc in now
        if arc in then and len(now[arc]) >= 0.8 * hours_now and len(then[arc]) >= 0.8 * hours_then
    ]
    both = [(arc, hour) for arc in panel for hour in now[arc] if hour in then[arc]]
    flow = sum(now[arc][hour] for arc, hour in both)
    before = sum(then[arc][hour] for arc, hour in both)
    return {
        "panel_arcs": len(panel), "panel_hours": len(both), "flow_veh": flow,
        "flow_before_veh": before, "change": flow / before - 1,
    }  # fmt: skip


def bottlenecks(arcs: Sequence[Arc], count: int) -> dict[str, dict[int, set[str]]]:
    """Heads, their hours, and the arcs of the queue in each; all occupancies are sound."""
    by_id = {arc["id"]: arc for arc in arcs}

    def busy(arc: Arc, at: int) -> bool:
        return arc["occupancy"][at] is not None and arc["occupancy"][at] >= 30

    def follows(arc: Arc, other: Arc) -> bool:
        return arc is not other and arc["to"] == other["from"] and other["to"] != arc["from"]

    found: dict[str, dict[int, set[str]]] = {}
    for head in arcs:
        onward = [other for other in arcs if follows(head, other)]
        active = []
        for at in range(count):
            known = [o["occupancy"][at] for o in onward if o["occupancy"][at] is not None]
            active.append(busy(head, at) and bool(known) and all(k < 15 for k in known))
        for at in range(count):
            windows = [active[max(first, 0) : first + 3] for first in (at - 2, at - 1, at)]
            if not active[at] or all(sum(window) < 2 for window in windows):
                continue
            queue, edge = {head["id"]}, [head["id"]]
            while edge:
                here = by_id[edge.pop()]
                for other in arcs:
                    if follows(other, here) and busy(other, at) and other["id"] not in queue:
                        queue.add(other["id"])
                        edge.append(other["id"])
            found.setdefault(head["id"], {})[at] = queue
    return found


def imputed(
    arcs: Sequence[Arc],
    rows: Mapping[tuple[str, int], Mapping[str, Any]],
    typical: Mapping[tuple[str, int], float],
    count: int,
) -> dict[tuple[str, int], tuple[str, float]]:
    """Source and flow of each hour that has a typical flow and no sound one."""
    found = {}
    for arc in arcs:
        near = [
            other
            for other in arcs
            if other["label"] == arc["label"]
            and (
                (arc["to"] == other["from"] and arc["from"] != other["to"])
                or (other["to"] == arc["from"] and other["from"] != arc["to"])
            )
            and other is not arc
        ]
        for at in range(count):
            if (arc["id"], at) in rows or (arc["id"], at) not in typical:
                continue
            ratios = [
                rows[other["id"], at]["flow"] / typical[other["id"], at]
                for other in near
                if (other["id"], at) in rows and typical.get((other["id"], at), 0) > 0
            ]
            zone = [
                (rows[other["id"], at]["flow"], typical[other["id"], at])
                for other in arcs
                if other["zone"] == arc["zone"]
                and (other["id"], at) in rows
                and (other["id"], at) in typical
            ]
            whole = sum(usual for _, usual in zone)
            if len(ratios) >= 2:
                ratio = percentile(ratios, 0.5)
                found[arc["id"], at] = ("neighbours", ratio * typical[arc["id"], at])
            elif whole > 0:
                ratio = sum(flow for flow, _ in zone) / whole
                found[arc["id"], at] = ("zone", ratio * typical[arc["id"], at])
    return found
