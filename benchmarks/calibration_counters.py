"""Typical hours of the real bike counters and the gates of their days, at other bounds."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.calibration_report import SPREAD, Floats, marked, share, spread, sweep, table
from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.records.likeness import kind_of, same_group

KEY: Final = ("counter_id", "mode")
Bools = npt.NDArray[np.bool_]


def print_typical(hours: pl.DataFrame) -> None:
    """Bands at other least changes, and how far counts are from medians of like days."""
    value = limits()
    known = hours.drop_nulls("deviation")
    size = (known["bikes"] - known["typical_bikes"]).abs().to_numpy()
    usual, far = known["typical_bikes"].to_numpy(), known["deviation"].abs().to_numpy()
    titles = (f"of {far.size:,}: moderate or more", "unusual or more", "exceptional")
    for name, bounds in (("band_bikes", (0, 5, 10, 20, 50)), ("band_share", (0, 0.1, 0.2, 0.4))):
        of, found = {one: value[one] for one in ("band_bikes", "band_share")}, {}
        for bound in bounds:
            tried = of | {name: bound}
            large = size >= np.maximum(tried["band_bikes"], tried["band_share"] * usual)
            found[bound] = [share(large & (far >= band)) for band in (1, 2, 3)]
        sweep(name, value[name], titles, found)
    days = _matrix(hours)
    for name, bounds in (("baseline_days", (4, 6, 8, 12)), ("baseline_least", (1, 2, 4, 6))):
        rows = []
        for n in bounds:
            most = n if name == "baseline_days" else value.whole("baseline_days")
            least = n if name == "baseline_least" else value.whole("baseline_least")
            rows.append((marked(n, value[name]), *spread(_logs(days, most, least))))
        table((name, *SPREAD), rows)


def _matrix(hours: pl.DataFrame) -> dict[date, Floats]:
    """Counts by day: counters × local hours."""
    wide = hours.sort("hour_start").pivot(
        "hour_of_day", index=["day", *KEY], values="bikes", aggregate_function="last"
    )
    names = wide.select(KEY).unique().sort(KEY)
    found = {}
    for (day,), own in wide.group_by("day"):
        rows = names.join(own, on=KEY, how="left", maintain_order="left")
        found[day] = (
            rows.select(str(h) for h in range(24) if str(h) in rows.columns)
            .cast(pl.Float64)
            .to_numpy()
        )
    return {day: one for day, one in sorted(found.items()) if one.shape[1] == 24}


def _logs(days: dict[date, Floats], most: int, least: int) -> Floats:
    """Log of counts over medians of the last days of their type, where 20 bikes are typical."""
    of_type: dict[str, list[Floats]] = {}
    found = []
    for day, counts in days.items():
        past = of_type.setdefault(str(kind_of(day)), [])
        if len(past) >= least:
            stack = np.array(past[-most:])
            known = (~np.isnan(stack)).sum(axis=0) >= least
            middle = np.full(known.shape, np.nan)
            middle[known] = np.nanmedian(stack[:, known], axis=0)
            fit = (middle >= limits()["stuck_zero_busy_bikes"]) & (counts > 0)
            found.append(np.log(counts[fit] / middle[fit]))
        past.append(counts)
    return np.concatenate(found)


def print_gates(counters: pl.DataFrame) -> None:
    """Days by counter-hours, counters and coverage beside those of the days before."""
    value = limits()
    known = (
        counters.group_by("day")
        .agg(
            pl.col("hours").sum(),
            pl.col("expected_hours").sum(),
            (pl.col("hours") > 0).sum().alias("present"),
        )
        .sort("day")
    )
    days = known["day"].to_list()
    hours, present = (dict(zip(days, known[name], strict=True)) for name in ("hours", "present"))
    coverage = {
        day: hours[day] / whole for day, whole in zip(days, known["expected_hours"], strict=True)
    }
    volume, identity, drop = [], [], []
    for day in days:
        before = [one for one in days if timedelta(0) < day - one <= timedelta(days=60)]
        like = same_group(day, before)
        lately = [coverage[one] for one in before if (day - one).days <= 28]
        if len(like) >= 4 and len(lately) >= 20:
            volume.append(hours[day] / np.median([hours[one] for one in like]))
            identity.append(present[day] / np.mean([present[one] for one in before]))
            drop.append(np.median(lately) - coverage[day])
    ratio, ids, drops = (np.array(one) for one in (volume, identity, drop))
    titles = ("days", f"of {ratio.size:,}")
    gates: tuple[tuple[str, tuple[float, ...], Callable[[float], Bools]], ...] = (
        ("volume_low", (0.5, 0.7, 0.8, 0.9, 0.95), lambda n: ratio < n),
        ("volume_high", (1.05, 1.1, 1.3, 1.5), lambda n: ratio > n),
        ("identity_share", (0.7, 0.8, 0.9, 0.95), lambda n: ids < n),
        ("coverage_drop", (0.02, 0.05, 0.1, 0.2), lambda n: drops > n),
    )
    for name, bounds, found in gates:
        sweep(
            name, value[name], titles, {n: (int(found(n).sum()), share(found(n))) for n in bounds}
        )
