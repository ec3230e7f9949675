"""Health of the real loops: how often each rule would speak at other bounds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.calibration_report import Floats, heading, sweep
from benchmarks.science_store import Tables
from cityflow_processor.comptages.fields import OCCUPANCY_SCALE
from cityflow_processor.comptages.thresholds import thresholds
from cityflow_processor.roads.grid import longest_run
from cityflow_processor.roads.thresholds import limits

Bools = npt.NDArray[np.bool_]
HOURS: Final = 24


@dataclass(frozen=True)
class Days:
    """Arc-days × local hours of flow and occupancy, NaN where there is none, by arc and day.

    Of two hours of one name the second.
    """

    arcs: list[str]
    days: list[date]
    flow: Floats
    occupancy: Floats


def days_of(tables: Tables) -> Days:
    """All arc-days of the real files that have a row."""
    arcs, days, flows, occupancies = [], [], [], []
    for day, hours in sorted(tables.of("comptages", "arc_hours").items()):
        for (arc,), own in sorted(hours.group_by("arc_id")):
            flow, occupancy = np.full((2, HOURS), np.nan)
            at = own.sort("hour_end")["hour_of_day"].to_numpy()
            flow[at] = own.sort("hour_end")["flow_veh"].cast(pl.Float64).to_numpy()
            occupancy[at] = own.sort("hour_end")["occupancy_pct"].to_numpy()
            arcs.append(str(arc))
            days.append(day)
            flows.append(flow)
            occupancies.append(occupancy)
    return Days(arcs, days, np.array(flows), np.array(occupancies))


def print_health(held: Days, tables: Tables) -> None:
    """Arc-days that each rule of A.3.2 would name by itself, whatever comes before it."""
    heading("Health of loops: arc-days that a rule alone names")
    print(f"{len(held.days):,} arc-days of {len(set(held.arcs))} loops")
    value, flow, occupancy = limits(), held.flow, held.occupancy
    window = slice(value.whole("window_first_hour"), value.whole("window_last_hour") + 1)
    seen = np.maximum(*(_count(~np.isnan(one[:, window])) for one in (flow, occupancy)))
    some = (~np.isnan(flow) | ~np.isnan(occupancy)).any(axis=1)
    length = window.stop - window.start
    _rule("window_share", (0.3, 0.45, 0.6, 0.75, 0.9), lambda b: some & (seen < b * length))
    zero = flow == 0
    awake = zero[:, value.whole("zero_first_hour") : value.whole("zero_last_hour") + 1]
    _rule("zero_hours", (1, 2, 4, 6), lambda b: _count(awake) >= b)
    usual = _usual(held)
    busy = zero & (usual > value["zero_busy_veh"])
    _rule("zero_busy_hours", (1, 2, 3), lambda b: longest_run(busy) >= b)
    _rule("zero_busy_veh", (20, 50, 100), lambda b: longest_run(zero & (usual > b)) >= 2)
    _rule("on_pct", (60, 80, 90, 95, 99), lambda b: longest_run(occupancy >= b) >= 2)
    _rule("on_hours", (1, 2, 3), lambda b: longest_run(occupancy >= value["on_pct"]) >= b)
    low = _low(held)
    odd = (occupancy > value["high_pct"]) & (flow < low[:, None])
    part = _count(odd) / np.maximum(_count(~np.isnan(occupancy)), 1)
    _rule("high_share", (0.05, 0.1, 0.2, 0.3), lambda b: part >= b)
    _rule("high_pct", (40, 55, 70), lambda b: _high(held, low, b))
    _rule("mismatch_pct", (0, 2, 5), lambda b: _count(zero & (occupancy > b)) >= 2)
    empty = occupancy == 0
    _rule("mismatch_veh", (0, 30, 60), lambda b: _count(empty & (flow > b)) >= 2)
    _rule("mismatch_hours", (1, 2, 3), lambda b: _count(empty & (flow > 60)) >= b)
    _rule("constant_hours", (2, 3, 4), lambda b: _equal(flow, 50) >= b)
    at_two = "at 2 hours, arc-days"
    _rule("constant_veh", (0, 10, 50, 100, 200), lambda b: _equal(flow, b) >= 2, at_two)
    _rule("constant_pct", (0.001, 0.1, 1), lambda b: _equal(occupancy, b) >= 2, at_two)
    _print_implausible(held, tables)
    _print_alerts(held)


def _rule(
    name: str, bounds: Iterable[float], named: Callable[[float], Bools], title: str = "arc-days"
) -> None:
    sweep(name, limits()[name], (title, "share"), {bound: _part(named(bound)) for bound in bounds})


def _part(found: Bools) -> tuple[int, str]:
    return int(found.sum()), f"{found.mean():.2%}"


def _count(found: Bools) -> npt.NDArray[np.int64]:
    return np.asarray(found.sum(axis=1))


def _equal(values: Floats, least: float) -> npt.NDArray[np.int64]:
    """Longest run of equal values, each at least so large."""
    same = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] >= least)
    return np.asarray(longest_run(same) + 1)


def _usual(held: Days) -> Floats:
    """Median flow of each arc and local hour over all its days."""
    return _of_arc(held, lambda own: np.nanmedian(own, axis=0))


def _low(held: Days) -> Floats:
    return _of_arc(held, lambda own: np.full(HOURS, np.nanquantile(own, 0.1)))[:, 0]


def _of_arc(held: Days, made: Callable[[Floats], Floats]) -> Floats:
    found, names = np.empty_like(held.flow), np.array(held.arcs)
    for arc in set(held.arcs):
        found[names == arc] = made(held.flow[names == arc])
    return found


def _high(held: Days, low: Floats, bound: float) -> Bools:
    odd = _count((held.occupancy > bound) & (held.flow < low[:, None]))
    return (odd > 0) & (odd >= limits()["high_share"] * _count(~np.isnan(held.occupancy)))


def _print_implausible(held: Days, tables: Tables) -> None:
    """Flows above so many times the 99.9th percentile of the 90 days before their month."""
    value, rows = limits(), []
    highest = {
        (arc, month): high
        for month, table in _calibrations(tables)
        for arc, high in table.select("arc_id", "flow_high_veh").drop_nulls().iter_rows()
    }
    for arc, day, flow in zip(held.arcs, held.days, held.flow, strict=True):
        high = highest.get((arc, day.replace(day=1)))
        if high is not None and not np.isnan(flow).all():
            rows.append((float(np.nanmax(flow)) / high, float(np.nanmax(flow))))
    ratio, most = np.array(rows).T
    least = most > value["implausible_least"]
    titles = ("arc-days", f"of {len(rows):,}, above 1,800 veh/h")
    sweep(
        "implausible_factor",
        value["implausible_factor"],
        titles,
        {
            bound: (int((ratio > bound).sum()), int(((ratio > bound) & least).sum()))
            for bound in (1.0, 1.1, 1.25, 1.5, 2.0)
        },
    )


def _print_alerts(held: Days) -> None:
    """Runs of hours that are saturated, inside a day."""
    saturated = np.pad(
        held.occupancy * OCCUPANCY_SCALE >= thresholds().saturated_e5, ((0, 0), (1, 1))
    )
    edges = np.diff(saturated.astype(np.int8), axis=1)
    hours = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    found = {n: (int((hours >= n).sum()), int(hours[hours >= n].sum())) for n in (1, 2, 3, 4, 6)}
    sweep("alert_hours", thresholds().alert_hours, ("alerts", "their hours"), found)


def _calibrations(tables: Tables) -> list[tuple[date, pl.DataFrame]]:
    return sorted(tables.of("roads_calibration", "clean").items())
