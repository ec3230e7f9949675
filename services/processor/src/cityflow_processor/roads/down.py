"""Arcs from day to day: since when a loop is down, what it usually counts, how wide the failure."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from cityflow.contracts.roads_tables import ROADS_HEALTH
from cityflow_processor.roads.health import SOUND
from cityflow_processor.roads.thresholds import limits, reference_of
from cityflow_processor.tables import conform, schema

DAY: Final = "day"
NO_ROWS: Final = "no_rows"
FEED_DOWN: Final = "feed_down"
_STATE: Final = ("days_down", "last_good", "typical_flow_veh")
_PLACE: Final = ("label", "arrondissement", "length_m")


def no_past() -> pl.DataFrame:
    """The health of earlier days where there is none."""
    return pl.DataFrame(schema={DAY: pl.Date(), **schema(ROADS_HEALTH)})


def health_table(
    day: date, arcs: pl.DataFrame, statuses: pl.DataFrame, expected: int, past: pl.DataFrame
) -> pl.DataFrame:
    """The table `health` (contract ROADS_HEALTH): arcs with rows today, and those known before.

    `arcs` is the table of the counts, `statuses` what is wrong with each of its arcs, `past` the
    tables of earlier days with a column `day`.
    """
    before = past.filter(pl.col(DAY) == past[DAY].max()) if past.height else past
    own = ("arc_id", *_PLACE, "arc_status", "flow_hours", "occupancy_hours", "flow_veh")
    today = arcs.select(*own).join(statuses, on="arc_id")
    earliest = day - timedelta(days=limits().whole("known_days"))
    gone = before.filter(pl.col("last_rows") >= earliest).join(today, on="arc_id", how="anti")
    absent = FEED_DOWN if not arcs.height else NO_ROWS
    unseen = gone.select(
        "arc_id",
        *_PLACE,
        pl.lit(None, pl.String).alias("arc_status"),
        pl.lit(0, pl.Int64).alias("flow_hours"),
        pl.lit(0, pl.Int64).alias("occupancy_hours"),
        pl.lit(None, pl.Int64).alias("flow_veh"),
        pl.lit(absent).alias("status"),
        pl.lit(absent).alias("reasons"),
    )
    every = pl.concat([today.select(unseen.columns), unseen], how="vertical_relaxed")
    joined = (
        every.with_columns(pl.lit(expected).alias("expected_hours"))
        .join(before.select("arc_id", "last_rows", *_STATE), on="arc_id", how="left")
        .join(_typical(day, past), on="arc_id", how="left")
        .sort("arc_id")
    )
    return conform(_levelled(_aged(day, joined), day), ROADS_HEALTH)


def _typical(day: date, past: pl.DataFrame) -> pl.DataFrame:
    """Median flow of each arc's sound days of the last weeks."""
    first = day - timedelta(days=limits().whole("history_days"))
    sound = pl.col("status").is_in(["good", "flow_only"])
    kept = past.filter(pl.col(DAY) >= first, sound)
    return kept.group_by("arc_id").agg(pl.col("flow_veh").median().alias("recent"))


def _aged(day: date, arcs: pl.DataFrame) -> pl.DataFrame:
    """What is carried on: the days down, the last sound day, the typical flow.

    A day without a feed says nothing of a loop.
    """
    sound = pl.col("status").is_in(SOUND)
    before = pl.col("days_down").fill_null(0)
    down = pl.when(sound).then(0).when(pl.col("status") == FEED_DOWN).then(before)
    has_rows = ~pl.col("status").is_in([FEED_DOWN, NO_ROWS])
    typical = pl.coalesce("recent", "typical_flow_veh")
    usable = pl.col("status").is_in([*SOUND, "insufficient"])
    counted = pl.when(usable).then(pl.col("flow_veh")).fill_null(0)
    speeds = [reference_of(label).speed_kmh for label in arcs["label"].to_list()]
    return arcs.with_columns(
        down.otherwise(before + 1).alias("days_down"),
        pl.when(has_rows).then(pl.lit(day)).otherwise(pl.col("last_rows")).alias("last_rows"),
        pl.when(sound).then(pl.lit(day)).otherwise(pl.col("last_good")).alias("last_good"),
        typical.alias("typical_flow_veh"),
        pl.when(~sound).then((typical - counted).clip(lower_bound=0)).alias("flow_lost_veh"),
        pl.Series("reference_speed_kmh", speeds, dtype=pl.Float64),
    )


def _levelled(arcs: pl.DataFrame, day: date) -> pl.DataFrame:
    """The highest level at which all that worked lately has failed."""
    since = day - timedelta(days=limits().whole("history_days"))
    failed = ~pl.col("status").is_in(SOUND)
    lately = (pl.col("last_good") >= since).fill_null(value=False)

    def whole(column: str) -> pl.Expr:
        worked = lately.sum().over(column)
        still = (lately & failed).sum().over(column)
        enough = worked >= limits().whole("group_arcs")
        return pl.col(column).is_not_null() & lately & enough & (still == worked)

    level = (
        pl.when(~failed)
        .then(None)
        .when(pl.col("status") == FEED_DOWN)
        .then(pl.lit("feed"))
        .when(whole("arrondissement"))
        .then(pl.lit("zone"))
        .when(whole("label"))
        .then(pl.lit("axis"))
        .otherwise(pl.lit("arc"))
    )
    return arcs.with_columns(level.alias("failure_level"))


def ranked(health: pl.DataFrame) -> pl.DataFrame:
    """The arcs that need a look, by typical flow lost, then days down, then arc_id."""
    broken = health.filter(~pl.col("status").is_in([*SOUND, FEED_DOWN]))
    return broken.sort(
        pl.col("flow_lost_veh").fill_null(-1), "days_down", "arc_id",
        descending=[True, True, False],
    )  # fmt: skip
