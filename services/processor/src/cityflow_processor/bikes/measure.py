"""A day of the bike counters: records and earlier figures in, tables and summary out. Pure."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from cityflow.calendar import HOUR, PARIS, hour_ends
from cityflow.contracts.bikes import (
    BikesArea,
    BikesCounterRank,
    BikesFinding,
    BikesHour,
    BikesTotals,
    BikesYear,
)
from cityflow_processor.bikes import health, typical
from cityflow_processor.bikes.audit import audit
from cityflow_processor.bikes.look import COUNTERS, HOURS, SITE, like_days
from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.bikes.typical import KEY
from cityflow_processor.records.module import Context, Measured

METHOD_VERSION: Final = "2"
TOP: Final = 10
FINDINGS: Final = 50
_YEAR: Final = 365
_UNREMARKABLE: Final = (health.GOOD, "partial")
_POINTS: Final = "(?:N|S|E|O|NE|NO|SE|SO)"
_DIRECTION: Final = re.compile(rf"{_POINTS}-{_POINTS}$")


def measure(day: date, records: pl.DataFrame, context: Context) -> Measured:
    """Tables and summary of one day."""
    past_hours, past = context.past[HOURS], context.past[COUNTERS]
    baseline, like = like_days(day, sorted(past["day"].unique()))
    expected = len(hour_ends(day))
    hours = _hours(day, records, past_hours, past, like)
    counters = _counters(
        day, records=records, hours=hours, past=past, context=context, expected=expected
    )
    tables = {
        "counter_hours": hours,
        "counters": counters,
        "sites": _grouped(counters, ["site_id", "mode"], _first("site_name", "arrondissement")),
        "directions": _grouped(
            counters.with_columns(pl.col("direction").fill_null("unknown")), ["direction", "mode"]
        ),
        "zones": _grouped(counters, ["arrondissement", "mode"]),
        "hours": _profile(day, hours, counters),
    }
    blocks = {
        "hours_in_day": expected,
        "baseline": baseline,
        **_blocks(tables, counters, day, context),
    }
    return Measured(tables, blocks, audit(day, counters, past, records))


def _hours(
    day: date,
    records: pl.DataFrame,
    past_hours: pl.DataFrame,
    past: pl.DataFrame,
    like: Sequence[date],
) -> pl.DataFrame:
    first = day - timedelta(days=limits().whole("spike_days"))
    local = pl.col("hour_start").dt.convert_time_zone(PARIS.key).dt.hour().cast(pl.Int64)
    return typical.with_typical(
        records.with_columns(local.alias("hour_of_day")),
        typical.typical_hours(past_hours, past, like),
        typical.highest_hours(past_hours, first),
    )


def _counters(
    day: date,
    *,
    records: pl.DataFrame,
    hours: pl.DataFrame,
    past: pl.DataFrame,
    context: Context,
    expected: int,
) -> pl.DataFrame:
    known = _known(day, records, past, context.listed)
    figures = known.join(_figures(hours), on=KEY, how="left")
    figures = figures.join(health.zero_runs(hours, past, day), on=KEY, how="left").with_columns(
        pl.col("rows", "hours", "spike_hours", "zero_run_hours", "zero_tail_hours").fill_null(0),
        pl.lit(expected, dtype=pl.Int64).alias("expected_hours"),
    )
    figures = _compared(figures).join(health.site_shares(figures, past, day), on=KEY, how="left")
    figures = health.statuses(figures.with_columns(pl.col("drifts").fill_null(value=False)))
    figures = health.outage_days(figures, past)
    return _with_years(figures, past, day).pipe(_located, context).sort(KEY)


def _known(
    day: date, records: pl.DataFrame, past: pl.DataFrame, listed: pl.DataFrame
) -> pl.DataFrame:
    """Counters with rows today or counts in the last year, and their site as last published.

    The list completes their places. It tells nothing of when a counter counted.
    """
    first = day - timedelta(days=limits().whole("known_days"))
    lately = past.filter(pl.col("day") >= first)
    counting = lately.filter(pl.col("hours") > 0)
    every = pl.concat([records.select(KEY), counting.select(KEY)]).unique().sort(KEY)
    joined = (
        every.join(_sites(records, "hour_start"), on=KEY, how="left")
        .join(_sites(lately, "day"), on=KEY, how="left", suffix="_before")
        .join(listed, on="counter_id", how="left", suffix="_listed")
    )
    whole = [pl.coalesce(name, f"{name}_before", f"{name}_listed").alias(name) for name in SITE]
    return joined.with_columns(whole).select(*KEY, *SITE)


def _sites(rows: pl.DataFrame, order: str) -> pl.DataFrame:
    """What was said last of each counter's site."""
    grouped = rows.sort(*KEY, order).group_by(KEY, maintain_order=True)
    return grouped.agg(pl.col(SITE).drop_nulls().last())


def _figures(hours: pl.DataFrame) -> pl.DataFrame:
    has_typical = pl.col("typical_bikes").is_not_null() & pl.col("bikes").is_not_null()
    peak = hours.filter(pl.col("bikes").is_not_null()).sort(
        *KEY, "bikes", "hour_start", descending=[False, False, True, False]
    )
    peaks = peak.group_by(KEY, maintain_order=True).agg(
        pl.col("hour_of_day").first().alias("peak_hour"),
        pl.col("bikes").first().alias("peak_bikes"),
    )
    sums = hours.group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("bikes").count().cast(pl.Int64).alias("hours"),
        _sum("bikes"),
        pl.col("bikes").filter(has_typical).sum().alias("compared"),
        pl.col("typical_bikes").filter(has_typical).sum().alias("typical"),
        has_typical.sum().alias("with_typical"),
        pl.col("is_spike").sum().alias("spike_hours"),
    )
    known = pl.col("with_typical") > 0
    return sums.with_columns(
        pl.when(known).then("compared").alias("compared_bikes"),
        pl.when(known).then("typical").alias("typical_bikes"),
    ).join(peaks, on=KEY, how="left")


def _sum(name: str) -> pl.Expr:
    """A sum that is null where nothing was observed."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)


def _compared(frame: pl.DataFrame) -> pl.DataFrame:
    """Coverage and ratio from sums."""
    coverage = pl.when(pl.col("expected_hours") > 0).then(
        pl.col("hours") / pl.col("expected_hours")
    )
    ratio = pl.when(pl.col("typical_bikes") > 0).then(
        pl.col("compared_bikes") / pl.col("typical_bikes")
    )
    return frame.with_columns(coverage.alias("coverage"), ratio.alias("ratio"))


def _with_years(counters: pl.DataFrame, past: pl.DataFrame, day: date) -> pl.DataFrame:
    own = counters.select(pl.lit(day).alias("day"), *KEY, "bikes")
    every = pl.concat([past.select("day", *KEY, "bikes"), own])
    start = day - timedelta(days=_YEAR - 1)
    last = _year(every.filter(pl.col("day") >= start), "365d")
    before = _year(every.filter(pl.col("day") < start), "before_365d")
    joined = counters.join(last, on=KEY, how="left").join(before, on=KEY, how="left")
    return joined.with_columns(pl.col("days_365d", "days_before_365d").fill_null(0))


def _year(counts: pl.DataFrame, name: str) -> pl.DataFrame:
    return counts.group_by(KEY).agg(
        _sum("bikes").alias(f"bikes_{name}"),
        pl.col("bikes").count().cast(pl.Int64).alias(f"days_{name}"),
    )


def _located(counters: pl.DataFrame, context: Context) -> pl.DataFrame:
    places = counters.select("longitude", "latitude").iter_rows()
    points = [None if lon is None or lat is None else (lon, lat) for lon, lat in places]
    names = counters["counter_name"].to_list()
    found = [_DIRECTION.search(name or "") for name in names]
    directions = [match[0] if match else None for match in found]
    return counters.with_columns(
        pl.Series("arrondissement", context.districts.locate(points), dtype=pl.String),
        pl.Series("direction", directions, dtype=pl.String),
    )


def _first(*names: str) -> list[pl.Expr]:
    return [pl.col(name).first() for name in names]


def _grouped(
    counters: pl.DataFrame, by: Sequence[str | pl.Expr], more: Sequence[pl.Expr] = ()
) -> pl.DataFrame:
    summed = counters.group_by(by, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("counters"),
        pl.col("hours", "expected_hours").sum(),
        _sum("bikes"),
        _sum("compared_bikes"),
        _sum("typical_bikes"),
        *more,
    )
    return _compared(summed)


def _profile(day: date, hours: pl.DataFrame, counters: pl.DataFrame) -> pl.DataFrame:
    """Every hour of the day, whether anything was counted in it or not."""
    expected = counters.group_by("mode").agg(pl.len().cast(pl.Int64).alias("expected_hours"))
    every = expected.join(_hours_of(day), how="cross")
    compared = pl.col("typical_bikes").is_not_null() & pl.col("bikes").is_not_null()
    summed = hours.group_by("mode", "hour_start").agg(
        pl.col("bikes").count().cast(pl.Int64).alias("hours"),
        _sum("bikes"),
        *(
            pl.when(compared.any()).then(pl.col(name).filter(compared).sum()).alias(to)
            for name, to in (("bikes", "compared_bikes"), ("typical_bikes", "typical_bikes"))
        ),
    )
    joined = every.join(summed, on=["mode", "hour_start"], how="left")
    return _compared(joined.with_columns(pl.col("hours").fill_null(0))).sort("mode", "hour_start")


def _hours_of(day: date) -> pl.DataFrame:
    starts = [end - HOUR for end in hour_ends(day)]
    types = pl.Schema({"hour_start": pl.Datetime("us", "UTC"), "hour_of_day": pl.Int64()})
    rows = [(start, start.astimezone(PARIS).hour) for start in starts]
    return pl.DataFrame(rows, schema=types, orient="row")


def _blocks(
    tables: dict[str, pl.DataFrame], counters: pl.DataFrame, day: date, context: Context
) -> dict[str, Any]:
    city = _grouped(counters, [pl.lit(1).alias("all")]).to_dicts() if counters.height else []
    totals = city[0] if city else _NOTHING
    noted = counters.filter(~pl.col("status").is_in(_UNREMARKABLE)).sort(
        "typical_bikes", "outage_days", *KEY,
        descending=[True, True, False, False], nulls_last=True,
    )  # fmt: skip
    top = counters.filter(pl.col("bikes") > 0).sort("bikes", *KEY, descending=[True, False, False])
    order = {code: at for at, code in enumerate(context.districts.labels)}
    zones = sorted(
        tables["zones"].to_dicts(), key=lambda row: (order[row["arrondissement"]], row["mode"])
    )
    return {
        "totals": BikesTotals(
            **{name: totals[name] for name in _OBSERVED},
            counters=counters.height,
            counters_counting=counters.filter(pl.col("hours") > 0).height,
            sites=counters["site_id"].n_unique(),
        ),
        "year": _panel(counters),
        "hourly": tuple(_as(BikesHour, row) for row in tables["hours"].to_dicts()),
        "arrondissements": tuple(_as(BikesArea, row) for row in zones),
        "top_counters": tuple(
            _as(BikesCounterRank, {"rank": at, **row})
            for at, row in enumerate(top.head(TOP).to_dicts(), 1)
        ),
        "findings_total": noted.height,
        "findings": tuple(_as(BikesFinding, row) for row in noted.head(FINDINGS).to_dicts()),
    }


_OBSERVED: Final = (
    "bikes", "hours", "expected_hours", "coverage", "compared_bikes", "typical_bikes", "ratio",
)  # fmt: skip
_NOTHING: Final[dict[str, Any]] = dict.fromkeys(_OBSERVED) | {"hours": 0, "expected_hours": 0}


def _as(model: Any, row: dict[str, Any]) -> Any:
    return model(**{name: row[name] for name in model.model_fields})


def _panel(counters: pl.DataFrame) -> BikesYear:
    least = limits()["panel_share"] * _YEAR
    panel = counters.filter(pl.col("days_365d") >= least, pl.col("days_before_365d") >= least)
    if not panel.height:
        return BikesYear(panel_counters=0, bikes=None, bikes_before=None, change=None)
    now, before = int(panel["bikes_365d"].sum()), int(panel["bikes_before_365d"].sum())
    change = now / before - 1 if before else None
    return BikesYear(panel_counters=panel.height, bikes=now, bikes_before=before, change=change)
