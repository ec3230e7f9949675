"""The free-flow pace of each arc: the 15th percentile of occupancy ÷ flow over 90 days."""

from datetime import date, timedelta

import polars as pl

from cityflow.contracts.roads_tables import CALIBRATION_CLEAN
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import conform, schema

DAY = "day"


def window(month: date) -> tuple[date, date]:
    """First and last day that a month is calibrated with; `month` is its first day."""
    return month - timedelta(days=limits().whole("calibration_days")), month - timedelta(days=1)


def no_calibration() -> pl.DataFrame:
    """The calibration of a month without any earlier day."""
    return pl.DataFrame(schema=schema(CALIBRATION_CLEAN))


def calibrate(month: date, clean: pl.DataFrame) -> pl.DataFrame:
    """The table of a month (contract CALIBRATION_CLEAN) from the clean hours of its window.

    `clean` has `day`, `arc_id`, `flow_veh`, `pace`. Percentiles interpolate linearly.
    """
    value = limits()
    recent = pl.col(DAY) >= month - timedelta(days=value.whole("short_days"))
    pace, flow = pl.col("pace"), pl.col("flow_veh")
    quantile = value["pace_quantile"]
    found = clean.group_by("arc_id").agg(
        pl.len().cast(pl.Int64).alias("hours"),
        recent.sum().alias("recent"),
        pace.quantile(quantile, "linear").alias("long"),
        pace.filter(recent).quantile(quantile, "linear").alias("short"),
        flow.quantile(0.1, "linear").alias("flow_low_veh"),
        flow.quantile(0.999, "linear").alias("flow_high_veh"),
    )
    is_long = pl.col("hours") >= value["calibration_hours"]
    is_short = pl.col("recent") >= value["short_hours"]
    used = pl.when(is_long).then(pl.lit("90_days")).when(is_short).then(pl.lit("28_days"))
    free = pl.when(is_long).then(pl.col("long")).when(is_short).then(pl.col("short"))
    calibrated = is_long | is_short
    is_known = pl.col("hours") >= value["implausible_hours"]
    frame = found.with_columns(
        pl.col("arc_id").cast(pl.String),
        used.otherwise(pl.lit("none")).alias("window"),
        free.alias("pace_free"),
        pl.when(calibrated).then(pl.col("flow_low_veh")).alias("flow_low_veh"),
        pl.when(is_known).then(pl.col("flow_high_veh")).alias("flow_high_veh"),
    )
    return conform(frame, CALIBRATION_CLEAN).sort("arc_id")
