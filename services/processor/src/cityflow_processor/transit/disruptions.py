"""Disruptions as the last snapshot that had them told them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from cityflow_processor.transit.periods import Span, parsed, union
from cityflow_processor.transit.stops import Stop, of_texts
from cityflow_processor.transit.thresholds import limits

UNKNOWN = "unknown"
STOP = "stop"
LineFacts = tuple[str, str | None, str, str | None, str]
"""Line, name, mode, network, scope."""


@dataclass(frozen=True)
class Disruption:
    """One message; `severity` is blocking, disrupted or information, `cause` works, incident or
    other.
    """

    disruption_id: str
    severity: str
    cause: str
    title: str | None
    spans: tuple[Span, ...]
    lines: tuple[LineFacts, ...]
    stops: tuple[Stop, ...]

    @property
    def disrupts(self) -> bool:
        """Whether it is more than a notice."""
        return self.severity != "information"

    def seconds(self, within: Span) -> int:
        """Seconds of a span of time that its periods cover."""
        return union(self.spans, within)

    def is_active(self, at: int) -> bool:
        """Whether a period holds an instant, in seconds since 1970."""
        return any(start <= at < end for start, end in self.spans)


def with_answers(records: pl.DataFrame) -> pl.DataFrame:
    """The records, oldest first, with a column `answer`: pages that were made one after the other
    are one answer. Its numbers grow with time inside a feed.
    """
    on = ["feed", "snapshot_at", "page"]
    gap = pl.duration(minutes=limits().whole("page_gap_minutes"))
    begins = (
        (pl.col("feed") != pl.col("feed").shift(1))
        | (pl.col("snapshot_at").diff() > gap)
        | (pl.col("page").diff() <= 0)
    )
    answers = records.select(on).unique().sort(on)
    numbered = answers.with_columns(begins.fill_null(value=True).cum_sum().alias("answer"))
    return records.join(numbered, on=on).sort("snapshot_at", "feed", "page", "disruption_id")


def last_versions(answered: pl.DataFrame) -> list[Disruption]:
    """Each disruption as its last answer told it, by identifier; what all pages name together."""
    last = pl.col("answer") == pl.col("answer").last().over("disruption_id")
    kept = answered.filter(last).group_by("disruption_id", maintain_order=True)
    facts = pl.col("severity", "cause", "title", "periods").last()
    rows = kept.agg(facts, pl.col("lines", "stops")).sort("disruption_id")
    return [_disruption(row) for row in rows.to_dicts()]


def _disruption(row: Mapping[str, Any]) -> Disruption:
    lines = {line[0]: line for text in row["lines"] for line in _lines(text)}
    return Disruption(
        row["disruption_id"],
        row["severity"],
        row["cause"],
        row["title"],
        _spans(row["periods"]),
        tuple(lines[name] for name in sorted(lines)),
        of_texts(row["stops"]),
    )


_spans = lru_cache(maxsize=65_536)(parsed)


@lru_cache(maxsize=65_536)
def _lines(text: str) -> tuple[LineFacts, ...]:
    return tuple((n, name, mode or UNKNOWN, net, scope) for n, name, mode, net, scope
                 in json.loads(text))  # fmt: skip
