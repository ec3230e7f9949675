"""The bike counters of a real year: how often each rule would speak at other bounds."""

from datetime import timedelta
from typing import Final

import numpy as np
import polars as pl

from benchmarks.calibration_counters import KEY, print_gates, print_typical
from benchmarks.calibration_report import Floats, heading, share, sweep
from benchmarks.science_store import Tables
from cityflow_processor.bikes.thresholds import limits

HOUR_US: Final = 3_600_000_000


def print_bikes(tables: Tables) -> None:
    """Zeros, spikes, suspect days, drift; then typical hours and gates."""
    hours, counters = (
        pl.concat(
            frame.with_columns(pl.lit(day).alias("day"))
            for day, frame in tables.of("bikes", name).items()
        )
        for name in ("counter_hours", "counters")
    )
    heading("Bike counters: what a rule alone names")
    print(f"{counters.height:,} counter-days, {hours['bikes'].count():,} counter-hours")
    _print_zeros(hours)
    _print_spikes(hours)
    _print_suspect(counters)
    _print_drift(counters)
    _print_outages(counters)
    print_typical(hours)
    print_gates(counters)


def _print_zeros(hours: pl.DataFrame) -> None:
    """Runs of zeros, over midnight too, by length and by what is typical of them."""
    starts = pl.col("hour_start").dt.epoch("us")
    broken = (starts.diff().over(KEY) != HOUR_US) | (pl.col("bikes").shift(1).over(KEY) != 0)
    runs = (
        hours.sort(*KEY, "hour_start")
        .with_columns(broken.fill_null(value=True).cum_sum().alias("run"))
        .filter(pl.col("bikes") == 0)
        .group_by(*KEY, "run")
        .agg(pl.len().alias("hours"), pl.col("typical_bikes").mean().alias("typical"))
    )
    length, typical = runs["hours"].to_numpy(), runs["typical"].fill_null(0).to_numpy()
    value = limits()
    sweep(
        "stuck_zero_hours",
        value["stuck_zero_hours"],
        ("runs of zeros", "their hours"),
        {
            n: (int((length >= n).sum()), int(length[length >= n].sum()))
            for n in (6, 12, 18, 24, 36, 48)
        },
    )
    busy = typical >= value["stuck_zero_busy_bikes"]
    sweep(
        "stuck_zero_busy_hours",
        value["stuck_zero_busy_hours"],
        ("runs where many are typical",),
        {n: (int((busy & (length >= n)).sum()),) for n in (1, 2, 3, 6, 12)},
    )
    long = length >= value["stuck_zero_busy_hours"]
    sweep(
        "stuck_zero_busy_bikes",
        value["stuck_zero_busy_bikes"],
        ("runs of 6 hours", "below 24 hours"),
        {
            n: (
                int((long & (typical >= n)).sum()),
                int((long & (typical >= n) & (length < 24)).sum()),
            )
            for n in (2, 5, 10, 20, 50)
        },
    )


def _print_spikes(hours: pl.DataFrame) -> None:
    """Hours above so many times the highest count of that hour in the days before.

    Of less than a thousand values the higher 99.9th percentile is the highest. Earlier spikes are
    left out only where the product says so (`is_spike`).
    """
    value = limits()
    days, least = value.whole("spike_days"), value.whole("spike_values")
    of_days = {n: _of_highest(hours, n, least) for n in (30, 60, 90, 180)}
    of_least = {n: _of_highest(hours, days, n) for n in (5, 10, 20, 40)}
    counts = of_days[days]
    sweep(
        "spike_factor",
        value["spike_factor"],
        ("hours", f"of {counts.size:,}"),
        {n: (int((counts > n).sum()), f"{(counts > n).mean():.3%}") for n in (1, 1.5, 2, 3, 4, 6)},
    )
    for name, found in (("spike_days", of_days), ("spike_values", of_least)):
        sweep(
            name,
            value[name],
            ("hours judged", "spikes", "share"),
            {
                n: (
                    int(of.size),
                    int((of > value["spike_factor"]).sum()),
                    f"{(of > value['spike_factor']).mean():.3%}",
                )
                for n, of in found.items()
            },
        )


def _of_highest(hours: pl.DataFrame, days: int, least: int) -> Floats:
    usual = pl.when(pl.col("is_spike") == 0).then(pl.col("bikes"))
    by = [*KEY, "hour_of_day"]
    rolled = hours.sort(*by, "hour_start").with_columns(
        usual.rolling_max_by("day", f"{days}d", min_samples=least, closed="left")
        .over(by)
        .alias("highest")
    )
    known = rolled.filter(pl.col("highest") > 0, pl.col("bikes").is_not_null())
    return (known["bikes"] / known["highest"]).to_numpy()


def _print_suspect(counters: pl.DataFrame) -> None:
    """Days by their ratio to what is typical of them."""
    value = limits()
    known = counters.filter(pl.col("ratio").is_not_null())
    ratio, typical = known["ratio"].to_numpy(), known["typical_bikes"].to_numpy()
    judged = ratio[typical >= value["suspect_bikes"]]
    titles = ("counter-days", f"of {judged.size:,}")
    sweep(
        "suspect_low",
        value["suspect_low"],
        titles,
        {n: (int((judged < n).sum()), share(judged < n)) for n in (0.05, 0.1, 0.2, 0.3, 0.5)},
    )
    sweep(
        "suspect_high",
        value["suspect_high"],
        titles,
        {n: (int((judged > n).sum()), share(judged > n)) for n in (2, 3, 4, 5, 8)},
    )
    far = (ratio < value["suspect_low"]) | (ratio > value["suspect_high"])
    sweep(
        "suspect_bikes",
        value["suspect_bikes"],
        ("counter-days judged", "suspect"),
        {
            n: (int((typical >= n).sum()), int((far & (typical >= n)).sum()))
            for n in (0, 20, 50, 100, 500)
        },
    )


def _print_drift(counters: pl.DataFrame) -> None:
    """Shares of one of two directions, over whole days of both."""
    value = limits()
    days, history, least = (
        value.whole(name) for name in ("drift_days", "drift_history_days", "drift_least")
    )
    known = _shares(counters, days, history, least)
    print(
        f"\n{known.height:,} counter-days with a share of {days} days, "
        f"{known['counter_id'].n_unique()} counters"
    )
    sweep(
        "drift_low",
        value["drift_low"],
        ("to", "outside", "and inside in the days before"),
        {low: (f"{1 - low:g}", *_outside(known, low)) for low in (0.1, 0.2, 0.25, 0.35, 0.4)},
    )
    others = {
        "drift_days": {n: _shares(counters, n, history, min(n, least)) for n in (3, 7, 14, 28)},
        "drift_history_days": {n: _shares(counters, days, n, least) for n in (14, 28, 56)},
        "drift_least": {n: _shares(counters, days, history, n) for n in (1, 2, 4, 6)},
    }
    titles = ("counter-days", "outside", "and inside in the days before", "median way", "p90")
    for name, found in others.items():
        rows = {
            n: (one.height, *_outside(one, value["drift_low"]), *_way(one))
            for n, one in found.items()
        }
        sweep(name, value[name], titles, rows)


def _outside(shares: pl.DataFrame, low: float) -> tuple[str, str]:
    """The part of shares outside the bounds, and of those that were inside before."""
    is_out, was_out = (
        (shares[name] < low) | (shares[name] > 1 - low) for name in ("share", "before")
    )
    begins = (is_out & ~was_out).fill_null(value=False)
    return share(is_out.to_numpy()), share(begins.to_numpy())


def _way(shares: pl.DataFrame) -> tuple[float, float]:
    """How far shares are from those before them: median and 90th percentile."""
    away = (shares["share"] - shares["before"]).abs().drop_nulls()
    return float(np.quantile(away, 0.5)), float(np.quantile(away, 0.9))


def _shares(counters: pl.DataFrame, days: int, history: int, least: int) -> pl.DataFrame:
    """Share of a counter in its site over some whole days, and over the days before them."""
    whole = counters.filter(pl.col("hours") == pl.col("expected_hours"))
    two = whole.filter(pl.len().over("day", "site_id", "mode") == 2).sort(*KEY, "day")
    found = two.with_columns(pl.col("bikes").sum().over("day", "site_id", "mode").alias("site"))
    before = _share(found, history, least).select(
        *KEY, (pl.col("day") + timedelta(days=days)).alias("day"), pl.col("share").alias("before")
    )
    return _share(found, days, least).join(before, on=[*KEY, "day"], how="left")


def _share(found: pl.DataFrame, days: int, least: int) -> pl.DataFrame:
    bikes, site = (
        pl.col(name).rolling_sum_by("day", f"{days}d", min_samples=least).over(KEY)
        for name in ("bikes", "site")
    )
    shares = found.select("day", *KEY, pl.when(site > 0).then(bikes / site).alias("share"))
    return shares.drop_nulls("share")


def _print_outages(counters: pl.DataFrame) -> None:
    """Days in a row without a count that ended: what comes back is not a removed counter."""
    runs = (
        counters.sort(*KEY, "day")
        .with_columns((pl.col("outage_days").shift(-1).over(KEY) == 0).alias("ends"))
        .filter(pl.col("ends"), pl.col("outage_days") > 0)["outage_days"]
        .to_numpy()
    )
    print(f"\nknown_days {limits()['known_days']:g}: {runs.size:,} outages ended, "
          f"the longest after {runs.max():,} days")  # fmt: skip
