"""Typical days, bands, anomalies and volumes of the real loops at other bounds."""

from collections.abc import Iterator, Sequence
from datetime import date
from math import erfc, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.calibration_report import (
    SPREAD,
    Floats,
    heading,
    marked,
    share,
    spread,
    sweep,
    table,
)
from benchmarks.calibration_roads import Days
from benchmarks.science_store import Tables
from cityflow.calendar import DayType
from cityflow_processor.records.likeness import kind_of
from cityflow_processor.roads.thresholds import limits

Ints = npt.NDArray[np.int64]
_WEEKDAYS: Final = {
    DayType.MONDAY,
    DayType.TUESDAY,
    DayType.WEDNESDAY,
    DayType.THURSDAY,
    DayType.FRIDAY,
}
LEAST_FLOW: Final = 50
"""Hours with a smaller typical flow are left out of the spreads: one vehicle more is much there."""


def print_typical(held: Days, tables: Tables) -> None:
    """Spreads of flows about medians of like days, bands and anomalies of what is published."""
    heading("Typical day: log of a flow over the median of its like days")
    value = limits()
    days, least = value.whole("typical_days"), value.whole("typical_least")
    year, season = value.whole("typical_year"), value.whole("typical_season")
    table(
        ("typical_days", *SPREAD),
        [
            (marked(n, days), *spread(_logs(held, n, min(n, least), year, season)))
            for n in (2, 4, 6, 8, 12, 20)
        ],
    )
    table(
        ("typical_least", *SPREAD),
        [(marked(n, least), *spread(_logs(held, days, n, year, season))) for n in (1, 2, 4, 6, 8)],
    )
    for name, lengths, free in (
        ("typical_season", (28, 49, 70, 120, 365), True),
        ("typical_year", (28, 91, 182, 365), False),
    ):
        rows = [
            (marked(n, value[name]), *spread(_logs(held, days, least, n, n, free=free)))
            for n in lengths
        ]
        table((f"{name}, {'other days' if free else 'Monday to Friday'}", *SPREAD), rows)
    _print_bands(pl.concat(tables.of("roads_analysis", "hours").values()))


def _logs(
    held: Days, most: int, least: int, year: int, season: int, *, free: bool | None = None
) -> Floats:
    """Log of each flow over the median of the last days of its type; NaN where they are few.

    `free`: of Monday to Friday alone, or of all other days alone.
    """
    found = []
    for days, flows in _by_type(held):
        is_free = kind_of(days[0]) not in _WEEKDAYS
        if free is not None and free != is_free:
            continue
        ordinals = np.array([one.toordinal() for one in days])
        for at in range(len(days)):
            back = ordinals[at] - ordinals[:at]
            past = flows[:at][back <= (season if is_free else year)][-most:]
            found.append(_log(flows[at], past, least))
    return np.concatenate(found)


def _log(flow: Floats, past: Floats, least: int) -> Floats:
    known = (~np.isnan(past)).sum(axis=0)
    middle = np.full(flow.size, np.nan)
    middle[known >= least] = np.nanmedian(past[:, known >= least], axis=0)
    fit = (middle >= LEAST_FLOW) & (flow > 0)
    return np.where(fit, np.log(np.where(fit, flow, 1) / np.where(fit, middle, 1)), np.nan)


def _by_type(held: Days) -> Iterator[tuple[list[date], Floats]]:
    """Days and flows of each arc and type of day that have a flow, in order."""
    has_flow = np.asarray((~np.isnan(held.flow)).any(axis=1))
    keys = [(arc, str(kind_of(day))) for arc, day in zip(held.arcs, held.days, strict=True)]
    for key in sorted(set(keys)):
        rows = [at for at, one in enumerate(keys) if one == key and has_flow[at]]
        if rows:
            yield [held.days[at] for at in rows], held.flow[rows]


def _print_bands(hours: pl.DataFrame) -> None:
    """What is published, with one bound changed and the others in force."""
    known = hours.drop_nulls("deviation").sort("arc_id", "hour_end")
    change = (known["flow_veh"] - known["typical_flow_veh"]).to_numpy()
    usual, far = known["typical_flow_veh"].to_numpy(), known["deviation"].to_numpy()
    heading(f"Bands: {known.height:,} arc-hours with a typical flow")
    value, size = limits(), np.abs(change)
    table(
        ("|deviation| at least", "arc-hours", "of a normal one"),
        [
            (
                marked(value[f"band_{name}"], value[f"band_{name}"]),
                share(np.abs(far) >= value[f"band_{name}"]),
                f"{erfc(value[f'band_{name}'] / sqrt(2)):.2%}",
            )
            for name in ("moderate", "unusual", "exceptional")
        ],
    )
    for name, bounds in (
        ("change_share", (0, 0.1, 0.2, 0.3, 0.5)),
        ("change_veh", (0, 20, 50, 100, 200)),
    ):
        of = {one: value[one] for one in ("change_share", "change_veh")}
        found = {}
        for bound in bounds:
            tried = of | {name: bound}
            large = (size >= tried["change_veh"]) & (size >= tried["change_share"] * usual)
            found[bound] = [share(large & (np.abs(far) >= band)) for band in (1, 2, 3)]
        sweep(name, value[name], ("moderate or more", "unusual or more", "exceptional"), found)
    ends = known["hour_end"].dt.epoch("s").to_numpy() // 3600
    arcs = known["arc_id"].cast(pl.String).cast(pl.Int64).to_numpy()
    _print_anomalies(_runs(arcs, ends, change, usual, far))


def _print_anomalies(runs: Sequence[tuple[int, float]]) -> None:
    """Episodes at other lengths and changes; the level of the day is 1, as of two loops."""
    value = limits()
    hours, part = np.array([one[0] for one in runs]), np.array([one[1] for one in runs])
    for name, bounds in (
        ("anomaly_hours", (1, 2, 3, 4)),
        ("anomaly_share", (0.2, 0.25, 0.35, 0.5, 0.7)),
    ):
        of = {one: value[one] for one in ("anomaly_hours", "anomaly_share")}
        found = {}
        for bound in bounds:
            tried = of | {name: bound}
            kept = (hours >= tried["anomaly_hours"]) & (part >= tried["anomaly_share"])
            found[bound] = (int(kept.sum()), int(hours[kept].sum()))
        sweep(name, value[name], ("episodes", "their hours"), found)


def _runs(
    arcs: Ints, ends: Ints, change: Floats, usual: Floats, far: Floats
) -> Sequence[tuple[int, float]]:
    """Hours and share of change of each run of unusual hours of one direction, one exceptional."""
    value = limits()
    size = np.abs(change)
    large = (size >= value["change_veh"]) & (size >= value["change_share"] * usual)
    unusual = large & (np.abs(far) >= value["band_unusual"])
    code = np.where(unusual, np.sign(change), 0)
    joined = (code[1:] == code[:-1]) & (ends[1:] == ends[:-1] + 1) & (arcs[1:] == arcs[:-1])
    starts = np.flatnonzero(np.concatenate([[True], ~joined]))
    found = []
    for first, last in zip(starts, [*starts[1:], code.size], strict=True):
        part = slice(first, last)
        if code[first] and (np.abs(far[part]) >= value["band_exceptional"]).any():
            found.append((last - first, float(abs(change[part].sum()) / usual[part].sum())))
    return [(int(hours), of) for hours, of in found]
