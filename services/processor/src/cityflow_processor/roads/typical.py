"""The typical day of each arc and local hour, and how far a day is from it (guide A.3.10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from cityflow.contracts.roads_tables import ROADS_HOURS
from cityflow_processor.roads.before import Flows
from cityflow_processor.roads.grid import Bools, Floats, Grid, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import conform, instants

BANDS: Final = ("usual", "moderate", "unusual", "exceptional")
SOURCES: Final = ("none", "day_type", "group")
_NONE: Final = -1


@dataclass(frozen=True)
class Typical:
    """Median flow, spread and days of each arc and hour of the day.

    The spread is 1.4826 × MAD, made up for few days, and never below the usual share of the arc's
    hours nor below counting noise. NaN where there is none; `source` is a place in SOURCES.
    """

    flow: Floats
    spread: Floats
    days: Ints
    source: Ints


@dataclass(frozen=True)
class Deviations:
    """How far each arc-hour of sound flow is from what is typical; NaN where that is unknown.

    `band` is a place in BANDS, −1 where there is none.
    """

    typical: Typical
    change: Floats
    deviation: Floats
    band: Ints

    @property
    def compared(self) -> Bools:
        """The arc-hours with a sound flow and a typical one."""
        known: Bools = self.band != _NONE
        return known


def typical(same: Flows, group: Flows, starts: Ints) -> Typical:
    """What is typical of the hours that start at these local hours.

    Days of the same type, or, where an arc and hour has too few of them, of the group.
    """
    least = limits().whole("typical_least")
    shape = same.shape[1:]
    cells = shape[0] * shape[1]
    flow, spread, days = _centre(same.reshape(same.shape[0], cells))
    source = np.where(days >= least, 1, 0)
    (lacking,) = np.nonzero(days < least)
    of_group = _centre(group.reshape(group.shape[0], cells)[:, lacking])
    enough = of_group[2] >= least
    for own, other in zip((flow, spread, days), of_group, strict=True):
        own[lacking] = np.where(enough, other, 0)
    source[lacking] = np.where(enough, 2, 0)
    known = source > 0
    flow = np.where(known, flow, np.nan).reshape(shape)
    return Typical(
        flow[:, starts],
        _steadied(flow, spread.reshape(shape), days.reshape(shape))[:, starts],
        days.reshape(shape)[:, starts],
        source.reshape(shape)[:, starts],
    )


def _centre(stack: Flows) -> tuple[Floats, Floats, Ints]:
    """Median, scaled MAD and number of the values of each column; 0 where there are none."""
    count = (~np.isnan(stack)).sum(axis=0)
    middle = _median(stack, count)
    spread = _median(np.abs(stack - middle.astype(np.float32)), count)
    return middle, limits()["mad_scale"] * spread, count.astype(np.int64)


def _steadied(flow: Floats, spread: Floats, days: Ints) -> Floats:
    """Spreads of arcs × hours: of few days a MAD is too small, and now and then nearly nothing."""
    value = limits()
    whole = spread * days / np.maximum(days - value["mad_few"], 1)
    share = np.where(flow > 0, whole / np.where(flow > 0, flow, 1), np.nan)
    of_arc = _median(share.T, (~np.isnan(share)).sum(axis=1))[:, None]
    least = np.maximum(of_arc * flow, value["count_noise"] * np.sqrt(flow))
    steady: Floats = np.maximum(whole, least)
    return steady


def _median(stack: Flows | Floats, count: Ints) -> Floats:
    if not stack.shape[0]:
        return np.zeros(stack.shape[1])
    ranked = np.sort(stack, axis=0)  # NaN last
    ends = (np.maximum(count - 1, 0) // 2, count // 2)
    low, high = (np.take_along_axis(ranked, end[None], axis=0)[0] for end in ends)
    both = (low.astype(np.float64) + high.astype(np.float64)) / 2
    return np.where(count > 0, both, 0.0)


def scaled(usual: Typical, level: float) -> Typical:
    """What would be typical if every arc were so many times as busy."""
    return replace(usual, flow=usual.flow * level, spread=usual.spread * level)


def deviations(flow: Floats, usual: Typical) -> Deviations:
    """Change against the typical flow, in vehicles and in spreads, and its band."""
    value = limits()
    change = flow - usual.flow
    deviation = change / (usual.spread + value["epsilon_veh"])
    bounds = [value["band_moderate"], value["band_unusual"], value["band_exceptional"]]
    band = np.searchsorted(bounds, np.abs(deviation), side="right")
    size = np.abs(change)
    small = (size < value["change_veh"]) | (size < value["change_share"] * usual.flow)
    known = ~np.isnan(deviation)
    code = np.where(known, np.where(small, 0, band), _NONE)
    return Deviations(usual, change, deviation, code)


def hours_table(grid: Grid, flow: Floats, found: Deviations, anomalous: Bools) -> pl.DataFrame:
    """The arc-hours of sound flow beside what is typical of them (contract ROADS_HOURS)."""
    arc, hour = np.nonzero(~np.isnan(flow))
    usual, at = found.typical, (arc, hour)
    source, band = usual.source[at], found.band[at]
    columns = {
        "arc_id": grid.arcs["arc_id"].gather(arc),
        "hour_end": instants(grid.hours[hour]),
        "hour_of_day": pl.Series(grid.starts[hour]),
        "flow_veh": pl.Series(flow[at]).cast(pl.Int64),
        "typical_flow_veh": pl.Series(usual.flow[at]),
        "spread_veh": pl.Series(usual.spread[at]),
        "typical_days": pl.Series(usual.days[at]),
        "typical_from": _named(source, SOURCES),
        "deviation": pl.Series(found.deviation[at]),
        "band": _named(np.where(band == _NONE, len(BANDS), band), [*BANDS, None]),
        "is_anomaly": pl.Series(anomalous[at]),
    }
    frame = pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
    return conform(frame, ROADS_HOURS)


def _named(codes: Ints, names: Sequence[str | None]) -> pl.Series:
    """Texts of codes, written with a dictionary."""
    texts = pl.Series(list(names), dtype=pl.String)
    return texts.cast(pl.Categorical(pl.Categories.random())).gather(codes)
