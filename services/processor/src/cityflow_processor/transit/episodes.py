"""When each disruption was in the feed: from its first to its last sight, over days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from cityflow_processor.transit.disruptions import Disruption
from cityflow_processor.transit.periods import Span
from cityflow_processor.transit.thresholds import limits

SEEN: Final = "episodes"
Row = dict[str, Any]


def episodes(
    answered: pl.DataFrame, last: Sequence[Disruption], within: Span, past: pl.DataFrame
) -> list[Row]:
    """One row a disruption of the day's snapshots. `past` says when some were first seen."""
    seen = answered.group_by("disruption_id").agg(
        pl.col("snapshot_at").min().alias("first"),
        pl.col("snapshot_at").max().alias("last"),
        pl.col("answer").n_unique().alias("snapshots"),
        pl.col("answer").max(),
        pl.col("updated_at").n_unique().alias("updates"),
        pl.col("feed").last(),
    )
    sights = {row["disruption_id"]: row for row in seen.to_dicts()}
    before = dict(past.select("disruption_id", "first_seen_at").iter_rows())
    times = answered.group_by("feed", "answer").agg(pl.col("snapshot_at").min()).sort("answer")
    taken = {
        feed: frame.rows()
        for (feed,), frame in times.partition_by("feed", as_dict=True, include_key=False).items()
    }
    rows = [_row(one, sights[one.disruption_id], before, taken, within) for one in last]
    return _joined(rows)


def _row(
    one: Disruption,
    seen: Row,
    before: dict[str, datetime],
    taken: Mapping[Any, Sequence[tuple[int, datetime]]],
    within: Span,
) -> Row:
    first = min(before.get(one.disruption_id, seen["first"]), seen["first"])
    return {
        "disruption_id": one.disruption_id,
        "severity": one.severity,
        "cause": one.cause,
        "title": one.title,
        "first_seen_at": first,
        "last_seen_at": seen["last"],
        "gone_by": next((at for n, at in taken[seen["feed"]] if n > seen["answer"]), None),
        "snapshots": seen["snapshots"],
        "updates": seen["updates"],
        "lines": len(one.lines),
        "active_s": one.seconds(within),
    }


def _joined(rows: list[Row]) -> list[Row]:
    """Disruptions of one title are one episode as long as no gap between them is longer."""
    gap = timedelta(minutes=limits()["episode_gap_minutes"])
    episode, title, reached = "", None, None
    for row in sorted(rows, key=lambda r: (r["title"] or "", r["first_seen_at"],
                                           r["disruption_id"])):  # fmt: skip
        goes_on = row["title"] is not None and row["title"] == title and reached is not None
        if not goes_on or row["first_seen_at"] - reached > gap:
            episode, reached = row["disruption_id"], row["last_seen_at"]
        title, reached = row["title"], max(reached, row["last_seen_at"])
        row["episode_id"] = episode
    return rows
