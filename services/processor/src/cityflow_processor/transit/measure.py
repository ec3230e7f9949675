"""A day of public transport: snapshots of the disruptions in, tables and summary out. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import polars as pl

from cityflow.calendar import HOUR, day_bounds, hour_ends
from cityflow.contracts import Check, Severity
from cityflow.contracts.tables import Table
from cityflow.contracts.traffic import (
    TransitLineRank,
    TransitMode,
    TransitMoment,
    TransitStops,
    TransitTotals,
    TransitZone,
)
from cityflow.contracts.traffic_tables import (
    TRAFFIC_EPISODES,
    TRAFFIC_LINES,
    TRAFFIC_MODES,
    TRAFFIC_MOMENTS,
    TRAFFIC_NEAR_ARCS,
    TRAFFIC_STOPS,
    TRAFFIC_ZONES,
)
from cityflow_processor.records.module import Context, Look, Measured
from cityflow_processor.tables import schema
from cityflow_processor.transit.disruptions import Disruption, last_versions, with_answers
from cityflow_processor.transit.episodes import SEEN, episodes
from cityflow_processor.transit.line_hours import line_rows, mode_rows, sums
from cityflow_processor.transit.moments import moments
from cityflow_processor.transit.stop_hours import near_arcs, stop_rows, stop_sums, zone_rows
from cityflow_processor.transit.thresholds import limits

METHOD_VERSION: Final = "3"
TOP: Final = 50
_LONGEST_GAP_DAYS: Final = 7


def look_back(day: date, published: Sequence[date]) -> tuple[Look, ...]:
    """When the disruptions of the day before were first seen."""
    lately = [one for one in published if (day - one).days <= _LONGEST_GAP_DAYS]
    return (Look(SEEN, ("disruption_id", "first_seen_at"), tuple(lately[-1:])),)


def measure(day: date, records: pl.DataFrame, context: Context) -> Measured:
    """Tables and summary of one day."""
    start, end = day_bounds(day)
    within = (int(start.timestamp()), int(end.timestamp()))
    answered = with_answers(records)
    last = last_versions(answered)
    lines = line_rows(last, within)
    modes = mode_rows(lines, last, within)
    stops = stop_rows(last, within, context.listed, context.districts)
    zones = zone_rows(stops, context.districts.labels)
    shown, active = moments(day, answered)
    taken = sorted(records["snapshot_at"].unique())
    covered = _coverage(day, taken)
    tables = {
        "lines": _frame(lines, TRAFFIC_LINES),
        "modes": _frame(modes, TRAFFIC_MODES),
        "moments": _frame(active, TRAFFIC_MOMENTS),
        "stops": _frame(stops, TRAFFIC_STOPS),
        "zones": _frame(zones, TRAFFIC_ZONES),
        "near_arcs": _frame(near_arcs(stops, context.arcs), TRAFFIC_NEAR_ARCS),
        "episodes": _frame(episodes(answered, last, within, context.past[SEEN]), TRAFFIC_EPISODES),
    }
    blocks = {
        "hours_in_day": len(hour_ends(day)),
        "snapshots": answered["answer"].n_unique(),
        "snapshot_at": taken[-1] if taken else None,
        "snapshot_later": context.taken_later,
        "totals": _totals(last, lines, within, covered),
        "modes": tuple(
            TransitMode(mode=row["mode"], coverage=covered, **sums([row], row["lines"],
                        row["disruptions"]))
            for row in modes
        ),
        "moments": tuple(TransitMoment(**one) for one in shown),
        "stops": _stops(stops, covered),
        "arrondissements": tuple(TransitZone(**zone, coverage=covered) for zone in zones),
        "top_lines": _top(lines),
    }  # fmt: skip
    checks = [*_checks(context, answered, taken, covered), _placed(stops)]
    return Measured(tables, blocks, checks)


def _frame(rows: list[dict[str, Any]], table: Table) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema(table))


def _coverage(day: date, taken: Sequence[datetime]) -> float:
    ends = hour_ends(day)
    held = sum(any(end - HOUR <= at < end for at in taken) for end in ends)
    return held / len(ends)


def _totals(
    last: Sequence[Disruption],
    lines: list[dict[str, Any]],
    within: tuple[int, int],
    covered: float,
) -> TransitTotals:
    of_day = [one for one in last if one.seconds(within)]
    causes = [one.cause for one in of_day]
    return TransitTotals(
        **sums(lines, len(lines), len(of_day)),
        coverage=covered,
        planned=causes.count("works"),
        unplanned=causes.count("incident"),
        without_line=sum(not one.lines for one in of_day),
    )


def _stops(stops: list[dict[str, Any]], covered: float) -> TransitStops:
    placed = sum(row["longitude"] is not None for row in stops)
    share = placed / len(stops) if stops else None
    return TransitStops(**stop_sums(stops), placed=placed, placed_share=share, coverage=covered)


def _top(lines: list[dict[str, Any]]) -> tuple[TransitLineRank, ...]:
    touched = [row for row in lines if row["disrupted_s"]]
    touched.sort(key=lambda row: (-row["blocked_s"], -row["disrupted_s"], row["line_id"]))
    return tuple(
        TransitLineRank(
            rank=at,
            line_id=row["line_id"],
            line_name=row["line_name"],
            mode=row["mode"],
            disrupted_h=row["disrupted_s"] / 3600,
            blocked_h=row["blocked_s"] / 3600,
            availability=row["availability"],
        )
        for at, row in enumerate(touched[:TOP], 1)
    )


def _checks(
    context: Context, answered: pl.DataFrame, taken: Sequence[datetime], covered: float
) -> list[Check]:
    said = f"{len(taken):,} snapshots, in {covered:.0%} of the hours"
    if context.taken_later:
        said = "no snapshot of the day or before; the next later one is used"
    elif taken:
        apart = [b - a for a, b in pairwise(taken)]
        said += f", at most {max(apart, default=timedelta()) / HOUR:.1f} h apart"
    odd = context.taken_later or covered < 1
    return [_check("snapshots", odd, said), _pages(answered)]


def _pages(answered: pl.DataFrame) -> Check:
    """Whether all pages of the answers that came in pages are held."""
    pages = answered.filter(pl.col("total_items").is_not_null()).unique(["answer", "page"])
    sums = pages.group_by("answer").agg(pl.col("page_items").sum(), pl.col("total_items").max())
    part = sums.filter(pl.col("page_items") < pl.col("total_items")).height
    return _check("pages", part > 0, f"{part:,} of {sums.height:,} answers in pages lack some")


def _placed(stops: list[dict[str, Any]]) -> Check:
    """Yellow: many stops lie nowhere known, neither by the feed nor by the list of stops."""
    lost = sum(row["longitude"] is None for row in stops)
    odd = len(stops) - lost < limits()["placed_least"] * len(stops)
    return _check("stops", odd, f"{lost:,} of {len(stops):,} stops named are not placed")


def _check(name: str, odd: bool, message: str) -> Check:
    return Check(name=name, severity=Severity.YELLOW if odd else Severity.GREEN, message=message)
