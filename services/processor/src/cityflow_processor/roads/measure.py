"""A day's analysis from its road counts, its calibration and earlier days: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import polars as pl

from cityflow.contracts import Check, Severity
from cityflow.contracts.base import Model
from cityflow.contracts.roads import (
    HEALTH,
    Bottleneck,
    HealthCount,
    Repair,
    RoadsAnomaly,
    RoadsArea,
    RoadsHour,
    RoadsSpeed,
    RoadsTotals,
)
from cityflow_processor.comptages.tally import share
from cityflow_processor.records.history_gates import Fullness, history_gates
from cityflow_processor.records.likeness import kind_of
from cityflow_processor.roads.anomalies import anomalies, main_anomalies
from cityflow_processor.roads.before import Before, by_local_hour
from cityflow_processor.roads.bottlenecks import bottlenecks
from cityflow_processor.roads.compare import against_typical, arc_days, comparisons
from cityflow_processor.roads.down import NO_ROWS, health_table, ranked
from cityflow_processor.roads.grid import Grid, Ints, grid
from cityflow_processor.roads.health import statuses
from cityflow_processor.roads.imputation import expanded, imputed
from cityflow_processor.roads.index import Network, clean_table, index_table, network
from cityflow_processor.roads.sums import sums
from cityflow_processor.roads.thresholds import city_speeds, limits, reference_of
from cityflow_processor.roads.typical import Deviations, deviations, hours_table, typical

# Part of every edition's identity: change it when a formula of this package changes.
METHOD_VERSION: Final = "5"
ROWS_IN_SUMMARY: Final = 50


@dataclass(frozen=True)
class Counts:
    """What the counts of a day publish: tables, expected hours of an arc, their total flow."""

    arcs: pl.DataFrame
    arc_hours: pl.DataFrame
    expected_hours: int
    flow_veh: int | None


@dataclass(frozen=True)
class Analysed:
    """Tables of the analysis by name, blocks of its summary, how full the day is, its gates."""

    clean: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    blocks: dict[str, Any]
    fullness: Fullness
    checks: tuple[Check, ...]


def analyse(day: date, counts: Counts, calibration: pl.DataFrame, before: Before) -> Analysed:
    """Everything that the edition of a day publishes."""
    matrix = grid(day, counts.arcs, counts.arc_hours)
    usual = typical(before.same, before.group, matrix.starts)
    found = statuses(matrix, calibration, usual.flow)
    health = health_table(day, counts.arcs, found, counts.expected_hours, before.health)
    roads = network(matrix, found["status"], calibration)
    far = deviations(roads.flow, usual)
    episodes, anomalous = anomalies(matrix, roads.flow, far)
    repairs = ranked(health)
    blocked = bottlenecks(roads, before.active_days)
    free = calibration.drop_nulls("pace_free").select("arc_id")
    expected = counts.expected_hours
    full = _fullness(day, counts)
    filled = imputed(matrix, roads.flow, usual) if limits().whole("impute") else None
    return Analysed(
        clean=clean_table(roads),
        tables={
            "health": health,
            "index": index_table(roads),
            "hours": hours_table(matrix, roads.flow, far, anomalous),
            "arc_days": arc_days(matrix.arcs, roads.flow, far, expected),
            "anomalies": episodes,
            "bottlenecks": blocked,
            **({} if filled is None else {"imputed": filled}),
        },
        blocks={
            "day_type": kind_of(day).value,
            "arcs_known": health.height,
            "arcs_calibrated": counts.arcs.join(free, on="arc_id", how="semi").height,
            "health": _counts_by_status(health),
            "totals": _totals(roads, far, expected),
            "hourly": _hourly(roads, far, expected),
            "arrondissements": _areas(roads, far, expected),
            "speeds": _speeds(roads, expected),
            "comparisons": comparisons(
                day, by_local_hour(roads.flow, matrix.starts), before.others
            ),
            "expanded": None if filled is None else expanded(roads.flow, filled),
            "anomalies_total": episodes.height,
            "anomalies": _rows(RoadsAnomaly, main_anomalies(episodes, ROWS_IN_SUMMARY)),
            "bottlenecks_total": blocked.height,
            "bottlenecks": _rows(Bottleneck, blocked.head(ROWS_IN_SUMMARY)),
            "repairs_total": repairs.height,
            "repairs": _repairs(repairs),
        },
        fullness=full,
        checks=(
            _conservation(matrix, health, counts),
            *_beside_earlier(full, before.fuller, health),
        ),
    )


def _fullness(day: date, counts: Counts) -> Fullness:
    """Hours with a flow, hours expected of the arcs that have rows, and arcs with a flow."""
    hours = counts.arcs["flow_hours"]
    expected = counts.arcs.height * counts.expected_hours
    return Fullness(day, int(hours.sum()), expected, int((hours > 0).sum()))


def _beside_earlier(
    full: Fullness, before: Sequence[Fullness], health: pl.DataFrame
) -> list[Check]:
    """Yellow at worst; a day without rows says so elsewhere."""
    if not full.expected_hours:
        return []
    gone = health.filter(pl.col("status") == NO_ROWS)["arc_id"].to_list()
    return history_gates(full, before, gone, "arc", limits())


def _rows(model: type[Model], frame: pl.DataFrame) -> list[Model]:
    return [model.model_validate(row) for row in frame.to_dicts()]


def _counts_by_status(health: pl.DataFrame) -> list[HealthCount]:
    counted = dict(health["status"].value_counts().iter_rows())
    return [
        HealthCount(
            status=status,
            arcs=counted.get(status, 0),
            arcs_share=share(counted.get(status, 0), health.height),
        )
        for status in HEALTH
    ]


def _totals(roads: Network, far: Deviations, expected: int) -> RoadsTotals:
    groups = np.zeros(roads.tti.shape, dtype=np.int64)
    (found,) = _figures(roads, far, groups, [roads.tti.shape[0] * expected])
    return RoadsTotals.model_validate(found)


def _figures(
    roads: Network, far: Deviations, groups: Ints, expected: Sequence[int]
) -> list[dict[str, Any]]:
    """The fields of RoadsIndex and RoadsTypical by group."""
    index = sums(roads, groups, expected)
    against = against_typical(roads.flow, far, groups, len(expected))
    return [one | other for one, other in zip(index, against, strict=True)]


def _hourly(roads: Network, far: Deviations, expected: int) -> list[RoadsHour]:
    arcs, hours = roads.tti.shape
    groups = np.broadcast_to(np.arange(hours), (arcs, hours)).astype(np.int64)
    lost = [1] if expected < hours else []  # the feed drops the first of the two hours of autumn
    each = [0 if at in lost else arcs for at in range(hours)]
    found = _figures(roads, far, groups, each)
    return [
        RoadsHour(
            **fields,
            hour_end=datetime.fromtimestamp(int(roads.grid.hours[at]) * 3600, UTC),
            hour_of_day=int(roads.grid.starts[at]),
        )
        for at, fields in enumerate(found)
    ]


def _areas(roads: Network, far: Deviations, expected: int) -> list[RoadsArea]:
    zones = roads.grid.arcs["arrondissement"].to_list()
    names = sorted(set(zones), key=lambda name: (not name.isdigit(), name.zfill(2)))
    place = {name: at for at, name in enumerate(names)}
    of_arc = np.array([place[zone] for zone in zones], dtype=np.int64)
    groups = np.repeat(of_arc[:, None], roads.tti.shape[1], axis=1)
    sizes = np.bincount(of_arc, minlength=len(names)) * expected
    found = _figures(roads, far, groups, sizes.tolist())
    return [RoadsArea(**fields, arrondissement=names[at]) for at, fields in enumerate(found)]


def _repairs(repairs: pl.DataFrame) -> list[Repair]:
    names = [name for name in Repair.model_fields if name != "rank"]
    rows = repairs.head(ROWS_IN_SUMMARY).select(names).to_dicts()
    return [Repair(rank=rank, **row) for rank, row in enumerate(rows, 1)]


def _speeds(roads: Network, expected: int) -> list[RoadsSpeed]:
    """By network; the arc's label tells which it is of."""
    measured = city_speeds()
    labels = roads.grid.arcs["label"].to_list()
    on_ring = np.array([reference_of(label).is_ring for label in labels], dtype=np.int64)
    groups = np.repeat(on_ring[:, None], roads.tti.shape[1], axis=1)
    sizes = (np.bincount(on_ring, minlength=len(measured)) * expected).tolist()
    used = ("speed_est_kmh", "index_hours", "expected_hours", "index_coverage")
    return [
        RoadsSpeed(**{name: of[name] for name in used}, **city._asdict())
        for of, city in zip(sums(roads, groups, sizes), measured, strict=True)
    ]


def _conservation(matrix: Grid, health: pl.DataFrame, counts: Counts) -> Check:
    """Red: arcs or hours that do not add up to the published counts are a fault of CityFlow."""
    by_hour, by_arc = int(np.nansum(matrix.flow)), int(health["flow_veh"].sum())
    same = by_hour == by_arc == (counts.flow_veh or 0)
    said = f"counts {counts.flow_veh}, hours {by_hour}, arcs {by_arc}"
    severity = Severity.GREEN if same else Severity.RED
    return Check(name="conservation", severity=severity, message=said)
