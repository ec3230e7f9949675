"""The filtered view of an hourly table: values in confirmed ranges are null. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from cityflow.contracts.register import MEASURES, AnomalousRange, FilteredView, Measure, Registered
from cityflow_processor.comptages.tally import share

_HOUR: Final = pl.duration(hours=1)
_BLANK: Final[dict[Measure, dict[str, Any]]] = {
    "flow_veh": {},
    "occupancy_pct": {"state": "unknown"},
    "bikes": {"deviation": None, "band": None, "is_spike": 0},
}
"""What else a row says of a value that is left out."""


@dataclass(frozen=True)
class Hours:
    """Which columns of an hourly table tell the sensor and the hour."""

    sensor: str
    start: pl.Expr


HOURS: Final[dict[Registered, Hours]] = {
    "comptages": Hours("arc_id", pl.col("hour_end") - _HOUR),
    "bikes": Hours("counter_id", pl.col("hour_start")),
}


def filtered(
    dataset: Registered, raw: pl.DataFrame, ranges: Sequence[AnomalousRange]
) -> tuple[pl.DataFrame, list[FilteredView]]:
    """The table without what any of the ranges covers, and what that takes from each measure.

    An hour is covered if any part of it lies in the range.
    """
    of_measure = {
        measure: raw.select(_covered(dataset, measure, ranges).alias("covered"))["covered"]
        for measure in MEASURES[dataset]
    }
    frame, views = raw, []
    for measure, covered in of_measure.items():
        blank = {measure: None} | _BLANK[measure]
        frame = frame.with_columns(
            pl.when(covered).then(pl.lit(value, raw.schema[name])).otherwise(pl.col(name))
            .alias(name)
            for name, value in blank.items()
        )  # fmt: skip
        views.append(_view(dataset, measure, raw.filter(covered), raw, frame))
    return frame, views


def _covered(dataset: Registered, measure: Measure, ranges: Sequence[AnomalousRange]) -> pl.Expr:
    """Whether a row's value of a measure lies in one of the ranges."""
    hours = HOURS[dataset]
    found = pl.repeat(value=False, n=pl.len(), dtype=pl.Boolean())
    for one in ranges:
        if one.measure not in (None, measure):
            continue
        within = hours.start + _HOUR > one.start
        if one.end is not None:
            within &= hours.start < one.end
        if one.sensor is not None:
            within &= pl.col(hours.sensor) == one.sensor
        found |= within
    return found


def _view(
    dataset: Registered,
    measure: Measure,
    covered: pl.DataFrame,
    raw: pl.DataFrame,
    left: pl.DataFrame,
) -> FilteredView:
    lost = covered.filter(pl.col(measure).is_not_null())
    counts = [frame.height - frame[measure].null_count() for frame in (raw, left)]
    summed = raw.schema[measure].is_integer()
    sums = [
        int(frame[measure].sum()) if summed and count else None
        for frame, count in zip((raw, left), counts, strict=True)
    ]
    return FilteredView(
        dataset=dataset,
        measure=measure,
        sensors=lost[HOURS[dataset].sensor].n_unique(),
        raw_values=counts[0],
        filtered_values=counts[1],
        filtered_share=share(counts[1], counts[0]),
        raw_sum=sums[0],
        filtered_sum=sums[1],
    )
