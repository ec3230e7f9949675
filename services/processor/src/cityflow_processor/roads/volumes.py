"""Monthly and annual volumes of each arc, its rhythm, and one year against the other (A.3.8)."""

import math
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.calendar import day_bounds
from cityflow.contracts.roads_tables import YEAR_ARCS
from cityflow.contracts.roads_year import YearComparison
from cityflow_processor.roads.grid import Floats, Ints
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import conform

WEEKDAYS: Final = 7
MONTHS: Final = 12
RHYTHMS: Final = (
    "undetermined", "night", "weekend", "commuter", "morning", "evening", "plateau",
)  # fmt: skip
OF_MONTH: Final = ("arc_id", "madt_veh", "flow_veh", "flow_hours")


@dataclass(frozen=True)
class MonthFlows:
    """Σ of sound flow and its hours by arc, weekday and local hour over a calendar month."""

    arcs: Sequence[str]
    flow: Ints
    hours: Ints


def month_before(month: date, back: int = 1) -> date:
    """First day of the month so many months before; `month` is a first day."""
    at = month.year * MONTHS + month.month - 1 - back
    return date(at // MONTHS, at % MONTHS + 1, 1)


def madt(month: date, flows: MonthFlows) -> tuple[Floats, Ints]:
    """Mean daily volume of a month, NaN where too little is known, and its whole weekdays.

    By hours, so that parts of days count (FHWA 2016): of each weekday the sum of its hourly means,
    weighted by how often it occurs; a weekday needs all its 24 hours.
    """
    means = flows.flow / np.maximum(flows.hours, 1)
    whole = (flows.hours > 0).all(axis=2)
    first, days = monthrange(month.year, month.month)
    often = np.bincount((first + np.arange(days)) % WEEKDAYS, minlength=WEEKDAYS)
    daily = np.where(whole, means.sum(axis=2), 0.0)
    weight = (whole * often).sum(axis=1)
    known = whole.sum(axis=1)
    enough = known >= limits().whole("madt_weekdays")
    return np.where(enough, (daily * often).sum(axis=1) / np.maximum(weight, 1), np.nan), known


def rhythms(flows: MonthFlows) -> Ints:
    """Place in RHYTHMS of each arc by its mean profile of the month."""
    value = limits()

    def profile(weekdays: slice) -> Floats:
        hours = flows.hours[:, weekdays].sum(axis=1)
        return np.where(
            hours > 0, flows.flow[:, weekdays].sum(axis=1) / np.maximum(hours, 1), np.nan
        )

    every, work, free = profile(slice(0, 7)), profile(slice(0, 5)), profile(slice(5, 7))
    known = [(~np.isnan(one)).sum(axis=1) >= value["rhythm_hours"] for one in (work, free)]
    total = np.nansum(every, axis=1)

    def mean(of: Floats, first: int, after: int) -> Floats:
        span = of[:, first:after]
        count = (~np.isnan(span)).sum(axis=1)
        return np.where(count > 0, np.nansum(span, axis=1) / np.maximum(count, 1), np.nan)

    midday, peak = mean(work, 10, 16), value["rhythm_peak"]
    morning, evening = (mean(work, *of) >= peak * midday for of in ((7, 10), (16, 20)))
    is_night = np.nansum(every[:, :4], axis=1) >= value["rhythm_night"] * total
    is_weekend = mean(free, 0, 24) >= value["rhythm_weekend"] * mean(work, 0, 24)
    rules = [~(known[0] & known[1] & (total > 0)), is_night, is_weekend, morning & evening]
    return np.select([*rules, morning, evening], range(len(RHYTHMS) - 1), len(RHYTHMS) - 1).astype(
        np.int64
    )


def arcs_table(
    month: date, flows: MonthFlows, earlier: Mapping[date, pl.DataFrame], steady: pl.DataFrame
) -> pl.DataFrame:
    """Each arc at the beginning of `month` (contract YEAR_ARCS).

    `flows` are of the month before it, `earlier` the same tables of the months before, by the
    month that they are about, `steady` which arcs are reliable. AADT is the mean of MADT over 12
    months, weighted by their days.
    """
    last = month_before(month)
    volume, weekdays = madt(last, flows)
    columns = {
        "arc_id": pl.Series(list(flows.arcs), dtype=pl.String),
        "flow_veh": pl.Series(flows.flow.sum(axis=(1, 2))),
        "flow_hours": pl.Series(flows.hours.sum(axis=(1, 2))),
        "madt_veh": pl.Series(volume).fill_nan(None),
        "madt_weekdays": pl.Series(weekdays),
        "rhythm": pl.Series([RHYTHMS[one] for one in rhythms(flows).tolist()], dtype=pl.String),
    }
    own = pl.DataFrame(columns)
    year = [month_before(month, back) for back in range(2, MONTHS + 1)]
    parts = [_weighed(own, last)]
    parts += [_weighed(earlier[one], one) for one in sorted(year) if one in earlier]
    annual = pl.concat(parts).sort("arc_id", "month").group_by("arc_id", maintain_order=True).agg(
        pl.len().alias("months_present"),
        ((pl.col("madt_veh") * pl.col("days")).sum() / pl.col("days").sum()).alias("aadt"),
    )  # fmt: skip
    every = pl.concat([one.select("arc_id") for one in (own, annual)]).unique()
    joined = every
    for part in (own, annual, steady):
        joined = joined.join(part, on="arc_id", how="left")
    enough = pl.col("months_present") >= limits().whole("aadt_months")
    return conform(
        joined.with_columns(
            pl.col("flow_veh", "flow_hours", "madt_weekdays", "months_present").fill_null(0),
            pl.col("rhythm").fill_null("undetermined"),
            pl.when(enough).then(pl.col("aadt")).alias("aadt_veh"),
        ).sort("arc_id"),
        YEAR_ARCS,
    )


def _weighed(table: pl.DataFrame, month: date) -> pl.DataFrame:
    known = table.select("arc_id", "madt_veh").drop_nulls()
    days = monthrange(month.year, month.month)[1]
    return known.with_columns(pl.lit(month).alias("month"), pl.lit(days).alias("days"))


def year_comparison(month: date, months: Mapping[date, pl.DataFrame]) -> YearComparison | None:
    """The 12 months before `month` against the 12 before them, on arcs well counted in both.

    `months` are tables with OF_MONTH by month; None where the panel is too small.
    """
    now, then = (
        _year(months, [month_before(month, back) for back in range(first, first + MONTHS)])
        for first in (1, 1 + MONTHS)
    )
    panel = sorted(now.keys() & then.keys())
    if len(panel) < limits().whole("panel_arcs"):
        return None
    flows = [math.fsum(of[arc] for arc in panel) for of in (now, then)]
    return YearComparison(
        first_day=month_before(month, MONTHS),
        last_day=month - timedelta(days=1),
        panel_arcs=len(panel),
        panel_share=len(panel) / len(now),
        mean_flow_veh=flows[0] / len(panel),
        mean_flow_before_veh=flows[1] / len(panel),
        change=flows[0] / flows[1] - 1 if flows[1] else None,
    )


def _year(months: Mapping[date, pl.DataFrame], wanted: Sequence[date]) -> dict[str, float]:
    """Mean hourly flow of the arcs that counted in 80 % of the hours of these months."""
    held = [
        months[one].select("arc_id", "flow_veh", "flow_hours") for one in wanted if one in months
    ]
    if not held:
        return {}
    summed = pl.concat(held).group_by("arc_id").agg(pl.col("flow_veh", "flow_hours").sum())
    expected = sum(_hours_of(one) for one in wanted)
    enough = summed.filter(pl.col("flow_hours") >= limits()["panel_share"] * expected)
    return {arc: flow / hours for arc, flow, hours in enough.iter_rows()}


def _hours_of(month: date) -> int:
    last = month_before(month, -1) - timedelta(days=1)
    return int((day_bounds(last)[1] - day_bounds(month)[0]) / timedelta(hours=1))


def counted(table: pl.DataFrame) -> dict[str, Any]:
    """How many arcs have each figure."""
    found = dict(table["rhythm"].value_counts().iter_rows())
    return {
        "arcs": table.height,
        "arcs_madt": table.height - table["madt_veh"].null_count(),
        "arcs_aadt": table.height - table["aadt_veh"].null_count(),
        "rhythms": {name: found.get(name, 0) for name in RHYTHMS},
    }
