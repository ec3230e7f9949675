"""What is wrong with a counter on a day: outages, zeros that last, spikes, drift."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

from cityflow.calendar import day_bounds
from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.bikes.typical import KEY

GOOD: Final = "good"
_HOUR_US: Final = 3_600_000_000


def zero_runs(hours: pl.DataFrame, past: pl.DataFrame, day: date) -> pl.DataFrame:
    """By counter and mode: `zero_run_hours`, the longest run of zeros that reaches into the day;
    `zero_typical`, the typical mean of its hours; `zero_tail_hours`, the run at the day's end.

    A run from the first hour on goes back into the day before;
    an hour that is missing or null ends a run.
    """
    starts = pl.col("hour_start").dt.epoch("us")
    broken = (starts.diff().over(KEY) != _HOUR_US) | (pl.col("bikes").shift(1).over(KEY) != 0)
    zeros = (
        hours.sort(*KEY, "hour_start")
        .with_columns(broken.fill_null(value=True).cum_sum().alias("run"))
        .filter(pl.col("bikes") == 0)
    )
    runs = zeros.group_by(*KEY, "run").agg(
        pl.len().cast(pl.Int64).alias("length"),
        starts.min().alias("first"),
        starts.max().alias("last"),
        pl.col("typical_bikes").mean().alias("zero_typical"),
    )
    return _of_counters(runs, past, day)


def _of_counters(runs: pl.DataFrame, past: pl.DataFrame, day: date) -> pl.DataFrame:
    start_us, end_us = (int(at.timestamp()) * 1_000_000 for at in day_bounds(day))
    before = past.filter(pl.col("day") == day - timedelta(days=1))
    tails = before.select(*KEY, pl.col("zero_tail_hours").alias("tail"))
    begins = pl.col("first") == start_us
    ends = pl.col("last") == end_us - _HOUR_US
    length = pl.col("length") + pl.when(begins).then(pl.col("tail").fill_null(0)).otherwise(0)
    return (
        runs.join(tails, on=KEY, how="left")
        .with_columns(length.alias("length"), ends.alias("is_last"))
        .sort(*KEY, "length", "first", descending=[False, False, True, False])
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("length").first().alias("zero_run_hours"),
            pl.col("zero_typical").first(),
            pl.col("length").filter(pl.col("is_last")).max().alias("zero_tail_hours"),
        )
    )


def site_shares(counters: pl.DataFrame, past: pl.DataFrame, day: date) -> pl.DataFrame:
    """By counter and mode of sites with two directions: `site_share_7d`, and `drifts`.

    A share drifts if it is outside the bounds over the last days and was inside before them. Days
    on which a direction lacks hours tell nothing of it, and a few days are none.
    """
    days = limits().whole("drift_days")
    first, earliest = (
        day - timedelta(days=days - 1),
        day - timedelta(days=days - 1 + limits().whole("drift_history_days")),
    )
    names = (*KEY, "bikes", "hours", "expected_hours")
    own = counters.select(pl.lit(day).alias("day"), *names)
    every = pl.concat([past.select("day", *names), own])
    sites = counters.select(*KEY, "site_id").filter(pl.len().over("site_id", "mode") == 2)
    recent = _shares(every.filter(pl.col("day") >= first), sites, "site_share_7d")
    before = _shares(
        every.filter(pl.col("day").is_between(earliest, first, closed="left")), sites, "before"
    )
    drifts = _outside("site_share_7d") & ~_outside("before")
    joined = recent.join(before, on=KEY, how="left")
    return joined.with_columns(drifts.fill_null(value=False).alias("drifts")).drop("before")


def _outside(column: str) -> pl.Expr:
    return ~pl.col(column).is_between(limits()["drift_low"], limits()["drift_high"])


def _shares(counts: pl.DataFrame, sites: pl.DataFrame, name: str) -> pl.DataFrame:
    whole = counts.filter(pl.col("hours") == pl.col("expected_hours")).join(sites, on=KEY)
    both = whole.filter(pl.len().over("day", "site_id", "mode") == 2)
    summed = both.group_by(*KEY, "site_id").agg(pl.col("bikes").sum(), days=pl.len())
    of_site = pl.col("bikes").sum().over("site_id", "mode")
    known = (pl.col("days") >= limits().whole("drift_least")) & (of_site > 0)
    return summed.filter(known).select(*KEY, (pl.col("bikes") / of_site).alias(name))


def statuses(counters: pl.DataFrame) -> pl.DataFrame:
    """`status` and `reasons` of each counter from its figures; the first reason names it."""
    found = [pl.when(rule).then(pl.lit(name)) for name, rule in _rules()]
    reasons = pl.concat_list(found).list.drop_nulls()
    return counters.with_columns(
        reasons.list.first().fill_null(GOOD).alias("status"),
        reasons.list.join("; ").alias("reasons"),
    )


def _rules() -> Sequence[tuple[str, pl.Expr]]:
    """What can be wrong, in the order in which it is named."""
    value = limits()
    stuck = pl.col("zero_run_hours") >= value["stuck_zero_hours"]
    busy = (pl.col("zero_run_hours") >= value["stuck_zero_busy_hours"]) & (
        pl.col("zero_typical") >= value["stuck_zero_busy_bikes"]
    )
    far = ~pl.col("ratio").is_between(value["suspect_low"], value["suspect_high"])
    return (
        ("no_rows", pl.col("rows") == 0),
        ("silent", (pl.col("rows") > 0) & (pl.col("hours") == 0)),
        ("stuck_zero", stuck | busy.fill_null(value=False)),
        ("suspect", far & (pl.col("typical_bikes") >= value["suspect_bikes"])),
        ("spike", pl.col("spike_hours") > 0),
        ("direction_drift", pl.col("drifts")),
        ("partial", pl.col("hours").is_between(0, pl.col("expected_hours"), closed="none")),
    )


def outage_days(counters: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """`outage_days`: this day and those before it, as published last, without a count."""
    last = past.filter(pl.col("day") == past["day"].max()) if past.height else past
    before = last.select(*KEY, pl.col("outage_days").alias("before"))
    out = pl.col("hours") == 0
    days = pl.when(out).then(pl.col("before").fill_null(0) + 1).otherwise(0)
    return counters.join(before, on=KEY, how="left").with_columns(days.alias("outage_days"))
