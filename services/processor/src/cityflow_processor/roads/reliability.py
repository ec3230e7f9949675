"""Reliability of each arc: how much worse than usual its bad hours are (guide A.3.7)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow.calendar import DayType
from cityflow.contracts.roads_tables import YEAR_RELIABILITY
from cityflow_processor.records.likeness import kind_of
from cityflow_processor.roads.grid import Floats, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import conform

FIRST_HOUR: Final = 6
HOURS: Final = 14
SCALE: Final = 1000
Indices = npt.NDArray[np.uint16]
"""Thousandths of the congestion index by arc and local hour from 06 to 19; 0: none."""

_FREE: Final = frozenset({DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY})
PERIODS: Final = (
    ("weekday_06_10", False, 6, 10),
    ("weekday_10_16", False, 10, 16),
    ("weekday_16_20", False, 16, 20),
    ("weekend_06_20", True, 6, 20),
)


def thousandths(tti: Floats) -> Indices:
    """The index as it is held: rounded to a thousandth."""
    return np.rint(tti * SCALE).astype(np.uint16)


def reliability(
    arcs: Sequence[str], days: Mapping[date, Indices], windows: Mapping[int, date]
) -> pl.DataFrame:
    """One row an arc, window and period with enough hours (contract YEAR_RELIABILITY).

    `windows` are their lengths in days and first days. Percentiles interpolate linearly.
    """
    frames = [
        pl.DataFrame(
            schema=pl.Schema(
                {"arc_id": pl.String, **_FIGURES, "window_days": pl.Int64, "period": pl.String}
            )
        )
    ]
    for length, first in windows.items():
        for name, is_free, start, end in PERIODS:
            used = [
                of[:, start - FIRST_HOUR : end - FIRST_HOUR]
                for day, of in days.items()
                if day >= first and (kind_of(day) in _FREE) == is_free
            ]
            if used:
                figures = _figures(arcs, np.concatenate(used, axis=1))
                frames.append(
                    figures.with_columns(window_days=pl.lit(length, pl.Int64), period=pl.lit(name))
                )
    return conform(pl.concat(frames), YEAR_RELIABILITY).sort(YEAR_RELIABILITY.key)


_FIGURES: Final = {
    "hours": pl.Int64, "tti_mean": pl.Float64, "tti_p50": pl.Float64, "tti_p80": pl.Float64,
    "tti_p95": pl.Float64, "buffer_index": pl.Float64, "planning_index": pl.Float64,
    "lottr": pl.Float64,
}  # fmt: skip


def _figures(arcs: Sequence[str], values: Indices) -> pl.DataFrame:
    count = np.count_nonzero(values, axis=1).astype(np.int64)
    enough = count >= limits()["reliability_hours"]
    ranked = np.sort(values, axis=1, kind="stable")  # the missing first
    count, ranked = count[enough], ranked[enough]
    mean = ranked.sum(axis=1, dtype=np.int64) / count / SCALE
    p50, p80, p95 = (_percentile(ranked, count, share) for share in (0.5, 0.8, 0.95))
    names = pl.Series(list(arcs), dtype=pl.String).filter(pl.Series(enough))
    columns = (count, mean, p50, p80, p95, (p95 - mean) / mean, p95, p80 / p50)
    return pl.DataFrame(
        {"arc_id": names} | dict(zip(_FIGURES, map(pl.Series, columns), strict=True))
    )


def _percentile(ranked: Indices, count: Ints, share: float) -> Floats:
    at = share * (count - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, count - 1)
    skip = ranked.shape[1] - count
    rows = np.arange(count.size)
    below, above = (ranked[rows, skip + one].astype(np.float64) for one in (low, high))
    found: Floats = (below + (above - below) * (at - low)) / SCALE
    return found


def reliable(table: pl.DataFrame) -> pl.DataFrame:
    """Whether all periods of an arc's longest window are below 1.5; null if one lacks."""
    longest = table.filter(pl.col("window_days") == limits().whole("long_window"))
    all_below = (pl.col("lottr") < limits()["lottr"]).all()
    whole = pl.len() == len(PERIODS)
    return longest.group_by("arc_id").agg(
        pl.when(whole).then(all_below.cast(pl.Int64)).alias("is_reliable")
    )
