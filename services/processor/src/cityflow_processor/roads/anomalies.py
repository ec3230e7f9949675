"""Anomalies: hours in a row whose flow is exceptionally far from what is typical of them."""

import math
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.contracts.roads_tables import ROADS_ANOMALIES
from cityflow_processor.roads.grid import Bools, Floats, Grid, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.typical import BANDS, SOURCES, Deviations
from cityflow_processor.tables import schema

_EXCEPTIONAL: Final = BANDS.index("exceptional")


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

    An episode has one direction; an hour without a flow ends it, and so does midnight.
    """
    far = found.band == _EXCEPTIONAL
    value = limits()
    where = np.zeros(far.shape, dtype=np.bool_)
    rows = []
    for direction, same in (("less", far & (found.change < 0)), ("more", far & (found.change > 0))):
        for arc, first, after in runs(same, value.whole("anomaly_hours")):
            row = _episode(grid, flow, found, (arc, first, after))
            if abs(row["change_veh"]) >= value["anomaly_share"] * row["typical_flow_veh"]:
                where[arc, first:after] = True
                rows.append(row | {"direction": direction})
    frame = pl.DataFrame(rows, schema=schema(ROADS_ANOMALIES))
    return frame.sort(ROADS_ANOMALIES.key), where


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
