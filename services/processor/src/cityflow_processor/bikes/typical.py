"""What is typical of each counter at each local hour, and how far the day is from it."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from cityflow_processor.bikes.thresholds import limits

KEY = ["counter_id", "mode"]
_UNFIT = ("stuck_zero", "suspect")


def typical_hours(
    hours: pl.DataFrame, counters: pl.DataFrame, days: Sequence[date]
) -> pl.DataFrame:
    """Median and MAD of bikes by counter, mode and hour_of_day over `days`.

    Spikes and counters that were stuck or suspect are left out; fewer than four values give none.
    """
    unfit = counters.filter(pl.col("status").is_in(_UNFIT)).select("day", *KEY)
    fit = hours.filter(
        pl.col("day").is_in(list(days)), pl.col("bikes").is_not_null(), pl.col("is_spike") == 0
    ).join(unfit, on=["day", *KEY], how="anti")
    by = [*KEY, "hour_of_day"]
    median = pl.col("bikes").median().alias("median")
    joined = fit.join(fit.group_by(by).agg(median, days=pl.len()), on=by)
    spread = (pl.col("bikes") - pl.col("median")).abs().median().alias("mad")
    return (
        joined.filter(pl.col("days") >= limits().whole("baseline_least"))
        .group_by(by)
        .agg(pl.col("median").first(), spread)
    )


def highest_hours(hours: pl.DataFrame, first: date) -> pl.DataFrame:
    """p99.9 (the higher of two) of bikes by counter, mode and hour_of_day from a day on.

    Spikes are left out, since one would hide all that come after it, unless there are so many of
    an hour that they are what it counts now.
    """
    by = [*KEY, "hour_of_day"]
    seen = hours.filter(pl.col("day") >= first, pl.col("bikes").is_not_null())
    is_level = pl.col("is_spike").sum().over(by) >= limits().whole("spike_repeats")
    found = (
        seen.filter((pl.col("is_spike") == 0) | is_level)
        .group_by(by)
        .agg(
            pl.col("bikes").quantile(0.999, "higher").cast(pl.Int64).alias("highest"),
            values=pl.len(),
        )
    )
    return found.filter(pl.col("values") >= limits().whole("spike_values"))


def with_typical(
    records: pl.DataFrame, typical: pl.DataFrame, highest: pl.DataFrame
) -> pl.DataFrame:
    """The day's hours with typical_bikes, deviation, band and is_spike."""
    by = [*KEY, "hour_of_day"]
    joined = records.join(typical, on=by, how="left").join(highest, on=by, how="left")
    change = pl.col("bikes") - pl.col("median")
    deviation = change / (1.4826 * pl.col("mad") + 1.0)
    spike = pl.col("bikes") > limits()["spike_factor"] * pl.col("highest")
    return joined.with_columns(
        pl.col("median").alias("typical_bikes"),
        deviation.alias("deviation"),
        _band(change, deviation).alias("band"),
        spike.fill_null(value=False).cast(pl.Int64).alias("is_spike"),
    ).drop("median", "mad", "highest", "values", "days", strict=False)


def _band(change: pl.Expr, deviation: pl.Expr) -> pl.Expr:
    least = pl.max_horizontal(
        pl.lit(limits()["band_bikes"]), pl.col("median") * limits()["band_share"]
    )
    far = deviation.abs()
    return (
        pl.when(change.is_null())
        .then(None)
        .when((far < 1) | (change.abs() < least))
        .then(pl.lit("usual"))
        .when(far < 2)
        .then(pl.lit("moderate"))
        .when(far < 3)
        .then(pl.lit("unusual"))
        .otherwise(pl.lit("exceptional"))
    )
