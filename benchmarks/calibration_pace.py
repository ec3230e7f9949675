"""Free-flow pace of the real loops: how steady it is at other percentiles, windows and hours."""

from datetime import date, timedelta

import numpy as np

from benchmarks.calibration_report import (
    SPREAD,
    Cell,
    Floats,
    heading,
    marked,
    spread,
    sweep,
    table,
)
from benchmarks.calibration_roads import Days
from benchmarks.science_store import Tables
from cityflow_processor.roads.thresholds import limits


def print_pace(held: Days) -> None:
    """The free pace by percentile, by days, by hours and by least flow: how steady it is."""
    heading("Free-flow pace: how steady each choice is from month to month")
    value, quantile = limits(), limits()["pace_quantile"]
    paces = {arc: _paces(held, arc, value["pace_veh"]) for arc in sorted(set(held.arcs))}
    titles = (
        "months",
        "median change",
        "p90 of it",
        "index 03–08",
        "index at 18",
        "at 1",
        "above 6",
    )
    table(
        ("pace_quantile", *titles),
        [
            (marked(one, quantile), *_steady(paces, one, 90))
            for one in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
        ],
    )
    table(
        ("calibration_days", *titles),
        [
            (marked(days, value["calibration_days"]), *_steady(paces, quantile, days))
            for days in (28, 60, 90, 120, 180)
        ],
    )
    table(
        ("pace_veh", *titles),
        [
            (
                marked(least, value["pace_veh"]),
                *_steady({arc: _paces(held, arc, least) for arc in paces}, quantile, 90),
            )
            for least in (1, 15, 30, 60, 120)
        ],
    )
    named = {
        value["short_hours"]: " short_hours*",
        value["calibration_hours"]: " calibration_hours*",
    }
    table(
        ("last hours, against 90 days", *SPREAD),
        [
            (f"{hours}{named.get(hours, '')}", *spread(_of_few(paces, hours, quantile)))
            for hours in (25, 50, 100, 200, 400, 800)
        ],
    )
    index = np.concatenate([_index(own, quantile, 90)[:, 1] for own in paces.values()])
    sweep(
        "tti_cap",
        value["tti_cap"],
        ("hours", f"of {index.size:,}"),
        {
            cap: (int((index > cap).sum()), f"{(index > cap).mean():.2%}")
            for cap in (3, 4, 5, 6, 8, 10)
        },
    )


def print_reliability(tables: Tables) -> None:
    """LOTTR of the loops over 365 days, of the last month that has it."""
    heading(f"Reliability: LOTTR, reliable below {limits()['lottr']:g}")
    months = sorted(tables.of("roads_year", "reliability").items())
    found: dict[tuple[str, str], tuple[str, int, float]] = {}
    for month, rows in months:
        for arc, period, hours, lottr in (
            rows.filter(window_days=365).select("arc_id", "period", "hours", "lottr").iter_rows()
        ):
            found[arc, period] = (str(month), hours, lottr)
    table(
        ("loop", "period", "month", "hours", "LOTTR"),
        [(arc, period, *told) for (arc, period), told in sorted(found.items())],
    )


def _paces(held: Days, arc: str, least: float) -> Floats:
    """Rows of day (ordinal), local hour and pace of the hours that have one, in order."""
    own = np.array(held.arcs) == arc
    flow, occupancy = held.flow[own], held.occupancy[own]
    day, hour = np.nonzero((flow >= least) & (occupancy > 0))
    ordinals = np.array(
        [one.toordinal() for one, is_own in zip(held.days, own, strict=True) if is_own]
    )
    return np.array([ordinals[day], hour, occupancy[day, hour] / flow[day, hour]]).T


def _months(paces: Floats) -> list[date]:
    days = (date.fromordinal(int(one)) for one in np.unique(paces[:, 0]))
    return sorted({one.replace(day=1) for one in days})


def _free(paces: Floats, month: date, quantile: float, days: int) -> float:
    first = (month - timedelta(days=days)).toordinal()
    past = paces[(paces[:, 0] >= first) & (paces[:, 0] < month.toordinal()), 2]
    return (
        float(np.quantile(past, quantile)) if past.size >= limits()["calibration_hours"] else np.nan
    )


def _index(paces: Floats, quantile: float, days: int) -> Floats:
    """Local hour and index, before cap and floor, of the hours whose month is calibrated."""
    found = [np.empty((0, 2))]
    for month in _months(paces):
        free = _free(paces, month, quantile, days)
        first, last = month.toordinal(), (month + timedelta(days=31)).replace(day=1).toordinal()
        own = paces[(paces[:, 0] >= first) & (paces[:, 0] < last)]
        if not np.isnan(free):
            found.append(np.array([own[:, 1], own[:, 2] / free]).T)
    return np.concatenate(found)


def _steady(of_arcs: dict[str, Floats], quantile: float, days: int) -> tuple[Cell, ...]:
    changes, index = [], []
    for paces in of_arcs.values():
        free = np.array([_free(paces, month, quantile, days) for month in _months(paces)])
        changes.append(np.diff(np.log(free)))
        index.append(_index(paces, quantile, days))
    change, every = np.abs(np.concatenate(changes)), np.concatenate(index)
    known = change[~np.isnan(change)]
    hour, value = every[:, 0], np.maximum(every[:, 1], 1)
    night, evening = value[(hour >= 2) & (hour < 8)], value[hour == 17]
    return (
        known.size,
        float(np.median(known)),
        float(np.quantile(known, 0.9)),
        float(np.median(night)),
        float(np.median(evening)),
        f"{(every[:, 1] <= 1).mean():.1%}",
        f"{(every[:, 1] > 6).mean():.2%}",
    )


def _of_few(of_arcs: dict[str, Floats], hours: int, quantile: float) -> Floats:
    """Log of the pace of the last so many hours over that of 90 days, by arc and month."""
    found = []
    for paces in of_arcs.values():
        for month in _months(paces):
            past = paces[paces[:, 0] < month.toordinal(), 2][-hours:]
            whole = _free(paces, month, quantile, 90)
            if past.size == hours and not np.isnan(whole):
                found.append(np.log(np.quantile(past, quantile) / whole))
    return np.array(found, dtype=float)
