"""Anomalies: hours in a row whose flow is exceptionally far from what is typical of them."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from cityflow.contracts.roads_tables import ROADS_ANOMALIES
from cityflow_processor.roads.grid import Bools, Floats, Grid, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.typical import (
    BANDS,
    SOURCES,
    Deviations,
    Typical,
    deviations,
    scaled,
)
from cityflow_processor.tables import schema

_GOES_ON, _BEGINS = BANDS.index("unusual"), BANDS.index("exceptional")
_Run = tuple[int, slice]


def runs(found: Bools, least: int) -> list[tuple[int, int, int]]:
    """Arc, first hour and hour after the last of each run of true hours that is long enough."""
    framed = np.pad(found, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(framed, axis=1)
    arcs, first = np.nonzero(steps == 1)
    last = np.nonzero(steps == -1)[1]
    long = last - first >= least
    return list(zip(arcs[long].tolist(), first[long].tolist(), last[long].tolist(), strict=True))


def anomalies(grid: Grid, flow: Floats, found: Deviations) -> tuple[pl.DataFrame, Bools]:
    """The episodes of a day (contract ROADS_ANOMALIES), and the arc-hours in any of them.

    An episode has one direction: hours in a row of an unusual flow or more, one of them at least
    exceptional, against what is typical and against the same at the level of the day. An hour
    without a flow ends it, and so does midnight.
    """
    usual = found.typical
    views = (found, deviations(flow, scaled(usual, day_level(flow, usual))))
    where = np.zeros(flow.shape, dtype=np.bool_)
    rows = []
    for direction, sign in (("less", -1), ("more", 1)):
        far = np.minimum(*(np.where(sign * one.change > 0, one.band, 0) for one in views))
        for arc, first, after in runs(far >= _GOES_ON, limits().whole("anomaly_hours")):
            run = arc, slice(first, after)
            if (far[run] >= _BEGINS).any() and all(_is_large(one, run) for one in views):
                where[run] = True
                row = _episode(grid, flow, found, (arc, first, after))
                rows.append(row | {"direction": direction})
    frame = pl.DataFrame(rows, schema=schema(ROADS_ANOMALIES))
    return frame.sort(ROADS_ANOMALIES.key), where


def day_level(flow: Floats, usual: Typical) -> float:
    """How busy the whole city is: flow ÷ typical flow, median over hours of medians over arcs.

    Hours that too few arcs are compared in do not count; 1 if there is no other.
    """
    ratio = flow / np.where(usual.flow > 0, usual.flow, np.nan)
    known = ~np.isnan(ratio)
    enough = known.sum(axis=0) >= limits()["level_arcs"]
    return float(np.median(np.nanmedian(ratio[:, enough], axis=0))) if enough.any() else 1.0


def _is_large(one: Deviations, run: _Run) -> bool:
    """Whether the hours of a run together differ by the share that an episode needs."""
    change, usual = (math.fsum(part[run].tolist()) for part in (one.change, one.typical.flow))
    return abs(change) >= limits()["anomaly_share"] * usual


def _episode(
    grid: Grid, flow: Floats, found: Deviations, run: tuple[int, int, int]
) -> dict[str, Any]:
    arc, first, after = run
    at = (arc, slice(first, after))
    counted, usual = int(flow[at].sum()), math.fsum(found.typical.flow[at].tolist())
    worst = found.deviation[at][np.argmax(np.abs(found.deviation[at]))]
    place = grid.arcs.row(arc, named=True)
    ends = grid.hours
    return {
        **{name: place[name] for name in ("arc_id", "label", "arrondissement")},
        "start": _instant(ends, first, -1),
        "end": _instant(ends, after - 1, 0),
        "hours": after - first,
        "flow_veh": counted,
        "typical_flow_veh": usual,
        "change_veh": counted - usual,
        "change_share": counted / usual - 1 if usual else None,
        "deviation": float(worst),
        "typical_from": SOURCES[int(found.typical.source[at].max())],
    }


def _instant(ends: Ints, at: int, hours: int) -> datetime:
    return datetime.fromtimestamp((int(ends[at]) + hours) * 3600, UTC)


def main_anomalies(found: pl.DataFrame, most: int) -> pl.DataFrame:
    """Those with the largest change first, then by arc and time."""
    order = found.with_columns(pl.col("change_veh").abs().alias("size"))
    ranked = order.sort("size", "arc_id", "start", descending=[True, False, False])
    return ranked.head(most).drop("size")
