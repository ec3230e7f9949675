"""A day of the bike-share stations: records in, tables and summary out. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from cityflow.contracts import Check, Severity
from cityflow.contracts.velib import VelibArea, VelibTotals
from cityflow_processor.records.module import Context, Measured
from cityflow_processor.velib.thresholds import limits

METHOD_VERSION: Final = "1"
_ABOUT: Final = ("station_name", "capacity", "latitude", "longitude", "commune")
_STATE: Final = (
    "bikes", "mechanical", "ebikes", "docks", "is_installed", "is_renting", "is_returning",
)  # fmt: skip


def measure(day: date, records: pl.DataFrame, context: Context) -> Measured:
    """Tables and summary of one day."""
    stations = _stations(records, context)
    zones = _summed(stations, ["arrondissement"])
    order = {code: at for at, code in enumerate(context.districts.labels)}
    areas = sorted(zones.to_dicts(), key=lambda row: order[row["arrondissement"]])
    blocks = {
        "newest_report_at": records["reported_at"].max(),
        "totals": _totals(stations),
        "arrondissements": tuple(
            VelibArea(**{name: row[name] for name in VelibArea.model_fields}) for row in areas
        ),
    }
    return Measured({"stations": stations, "zones": zones}, blocks, [_fresh(stations)])


def _stations(records: pl.DataFrame, context: Context) -> pl.DataFrame:
    known = pl.col("bikes").is_not_null()
    reports = known.sum().cast(pl.Int64)
    empty, full = ((pl.col(name) == 0).sum().cast(pl.Int64) for name in ("bikes", "docks"))
    bikes = pl.when(reports > 0).then(pl.col("bikes").sum() / reports)
    grouped = (
        records.sort("station_code", "reported_at")
        .group_by("station_code", maintain_order=True)
        .agg(
            pl.col("reported_at").last().alias("last_reported_at"),
            pl.col(_STATE).last(),
            pl.col(_ABOUT).drop_nulls().last(),
            reports.alias("reports"),
            bikes.alias("bikes_mean"),
            empty.alias("empty_reports"),
            full.alias("full_reports"),
        )
        .join(context.listed, on="station_code", how="left", suffix="_listed")
        .with_columns(pl.coalesce(name, f"{name}_listed").alias(name) for name in _ABOUT)
        .sort("station_code")
    )
    shares = [
        pl.when(pl.col("reports") > 0).then(pl.col(f"{name}_reports") / pl.col("reports"))
        .alias(f"{name}_share")
        for name in ("empty", "full")
    ]  # fmt: skip
    return _located(grouped.with_columns(*shares, _status().alias("status")), context)


def _status() -> pl.Expr:
    newest = pl.col("last_reported_at").max()
    stale = pl.col("last_reported_at") <= newest - pl.duration(
        minutes=limits().whole("stale_minutes")
    )
    gives_nothing = (pl.col("is_renting") == 0) & (pl.col("is_returning") == 0)
    closed = (pl.col("is_installed") == 0) | gives_nothing
    return (
        pl.when(closed.fill_null(value=False))
        .then(pl.lit("closed"))
        .when(stale)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("live"))
    )


def _located(stations: pl.DataFrame, context: Context) -> pl.DataFrame:
    places = stations.select("longitude", "latitude").iter_rows()
    points = [None if lon is None or lat is None else (lon, lat) for lon, lat in places]
    found = pl.Series("arrondissement", context.districts.locate(points), dtype=pl.String)
    return stations.with_columns(found)


def _summed(stations: pl.DataFrame, by: Sequence[str | pl.Expr]) -> pl.DataFrame:
    live = pl.col("status") == "live"
    names = ("bikes", "mechanical", "ebikes", "docks")
    sums = [
        pl.when((live & pl.col(name).is_not_null()).any())
        .then(pl.col(name).filter(live).sum())
        .alias(name)
        for name in names
    ]
    summed = stations.group_by(by, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("stations"),
        live.sum().cast(pl.Int64).alias("live"),
        (live & (pl.col("bikes") == 0)).sum().cast(pl.Int64).alias("empty"),
        (live & (pl.col("docks") == 0)).sum().cast(pl.Int64).alias("full"),
        *sums,
    )
    of_live = [
        pl.when(pl.col("live") > 0).then(pl.col(name) / pl.col("live")).alias(f"{name}_share")
        for name in ("empty", "full")
    ]
    share = (pl.col("live") / pl.col("stations")).alias("live_share")
    return summed.with_columns(share, *of_live)


def _totals(stations: pl.DataFrame) -> VelibTotals:
    counts = stations["status"].value_counts()
    by_status = dict(counts.iter_rows())
    summed = _summed(stations, [pl.lit(1).alias("all")]).to_dicts() if stations.height else []
    found: dict[str, Any] = summed[0] if summed else dict.fromkeys(_OF_ALL) | _NONE
    return VelibTotals(
        **{name: found[name] for name in _OF_ALL},
        stale=by_status.get("stale", 0),
        closed=by_status.get("closed", 0),
        reports=int(stations["reports"].sum()),
    )


_OF_ALL: Final = (
    "stations", "live", "live_share", "bikes", "docks", "empty", "full", "empty_share",
    "full_share", "mechanical", "ebikes",
)  # fmt: skip
_NONE: Final = {"stations": 0, "live": 0, "empty": 0, "full": 0}


def _fresh(stations: pl.DataFrame) -> Check:
    stale = stations.filter(pl.col("status") == "stale").height
    odd = stale > limits()["stale_yellow_share"] * stations.height
    return Check(
        name="freshness",
        severity=Severity.YELLOW if odd else Severity.GREEN,
        message=f"{stale:,} of {stations.height:,} stations are an hour or more behind the newest",
    )
