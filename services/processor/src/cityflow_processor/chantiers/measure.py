"""A day of the road works: the list of works in, tables and summary out. Pure."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from math import fsum
from typing import Any, Final

import polars as pl

from cityflow.calendar import day_bounds
from cityflow.contracts import Check, Severity
from cityflow.contracts.chantiers import WorkRank, WorksTotals, WorksZone
from cityflow.contracts.chantiers_tables import CHANTIERS_EXPOSED, CHANTIERS_WORKS, CHANTIERS_ZONES
from cityflow.geo import LonLat, area_m2
from cityflow_processor.chantiers.thresholds import limits
from cityflow_processor.records.module import Context, Measured
from cityflow_processor.tables import schema

METHOD_VERSION: Final = "1"
TOP: Final = 50
IMPACTS: Final = {
    "BARRAGE_TOTAL": "closed",
    "IMPASSE": "dead_end",
    "SENS_UNIQUE": "one_way",
    "RESTREINTE": "restricted",
}
_UNKNOWN: Final = "unknown"
_SUSPENDED, _FINISHED = 3, 5
_UNDER_WAY: Final = (2, 4)
_SEVERE: Final = 2
Work = dict[str, Any]


def measure(day: date, records: pl.DataFrame, context: Context) -> Measured:
    """Tables and summary of one day."""
    works = [_work(day, record) for record in records.to_dicts()]
    for work, zone in zip(works, context.districts.locate(_points(works)), strict=True):
        work["arrondissement"] = zone
    exposed = [row for work in works for row in _exposed(work, context)]
    arcs = _arcs_of(exposed)
    has_arcs = context.arcs.edition is not None
    for work in works:
        of_work = len(arcs.get(work["work_id"], ()))
        counts = has_arcs and work["state"] == "active" and work["geometry"] is not None
        work["exposed_arcs"] = of_work if counts else None
    active = [work for work in works if work["state"] == "active"]
    zones: list[Work] = [
        {"arrondissement": code} | _sums(of_zone, arcs, has_arcs)
        for code in context.districts.labels
        if (of_zone := [work for work in active if work["arrondissement"] == code])
    ]
    tables = {
        "works": pl.DataFrame(works, schema=schema(CHANTIERS_WORKS)),
        "zones": pl.DataFrame(zones, schema=schema(CHANTIERS_ZONES)),
        "exposed_arcs": pl.DataFrame(exposed, schema=schema(CHANTIERS_EXPOSED)),
    }
    blocks = {
        **_taken(day, context),
        "totals": WorksTotals(**_sums(active, arcs, has_arcs), **_states(day, works)),
        "arrondissements": tuple(WorksZone(**zone) for zone in zones),
        "top_works": _top(active),
    }
    return Measured(tables, blocks, _checks(day, context, works))


def _work(day: date, record: Work) -> Work:
    state = _state(day, record)
    impact = IMPACTS.get((record["published_impact"] or "").upper(), _UNKNOWN)
    geometry = record["geometry"]
    return record | {
        "state": state,
        "is_overdue": int(state == "ended" and record["status"] in _UNDER_WAY),
        "impact": impact,
        "impact_weight": None if impact == _UNKNOWN else limits()[f"weight_{impact}"],
        "area_m2": None if geometry is None else area_m2(json.loads(geometry)),
    }


def _state(day: date, record: Work) -> str:
    """Dates decide; inside them a work that is suspended or said to be over does not count."""
    if day < record["start"]:
        return "announced"
    if day > record["end"]:
        return "ended"
    return {_SUSPENDED: "suspended", _FINISHED: "finished"}.get(record["status"], "active")


def _points(works: list[Work]) -> list[LonLat | None]:
    return [
        None if work["longitude"] is None else (work["longitude"], work["latitude"])
        for work in works
    ]


def _exposed(work: Work, context: Context) -> list[Work]:
    """The arcs near an active work; distances to the millimetre."""
    if work["state"] != "active" or work["geometry"] is None:
        return []
    near = context.arcs.near(json.loads(work["geometry"]), limits()["exposed_m"])
    about = {name: work[name] for name in ("work_id", "impact", "impact_weight")}
    return [
        about | {"arc_id": arc, "distance_m": round(distance, 3), "length_m": length}
        for arc, distance, length in near
    ]


def _arcs_of(exposed: list[Work]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in exposed:
        found.setdefault(row["work_id"], set()).add(row["arc_id"])
    return found


def _sums(active: list[Work], arcs: Mapping[str, set[str]], has_arcs: bool) -> Work:
    """The figures of active works, in the order of their identifiers; an arc counts once."""
    count = len(active)
    weights = [w["impact_weight"] for w in active if w["impact_weight"] is not None]
    areas = [work["area_m2"] for work in active if work["area_m2"] is not None]
    near = {arc for work in active for arc in arcs.get(work["work_id"], ())}
    impacts = [work["impact"] for work in active]
    return {
        "active": count,
        "severe": sum(work["level"] == _SEVERE for work in active),
        **{name: impacts.count(name) for name in IMPACTS.values()},
        "unknown_impact": impacts.count(_UNKNOWN),
        "impact_weight": fsum(weights) if weights else None,
        "impact_share": len(weights) / count if count else None,
        "area_m2": fsum(areas) if areas else None,
        "geometry_share": len(areas) / count if count else None,
        "exposed_arcs": len(near) if has_arcs else None,
    }


def _states(day: date, works: list[Work]) -> dict[str, int]:
    states = [work["state"] for work in works]
    active = [work for work in works if work["state"] == "active"]
    return {
        "listed": len(works),
        **{name: states.count(name) for name in ("announced", "suspended", "finished", "ended")},
        "overdue": sum(work["is_overdue"] for work in works),
        "starting": sum(work["start"] == day for work in active),
        "ending": sum(work["end"] == day for work in active),
    }


def _top(active: list[Work]) -> tuple[WorkRank, ...]:
    def heaviest(work: Work) -> tuple[float, float, str]:
        return -(work["impact_weight"] or 0), -(work["area_m2"] or 0), work["work_id"]

    ranked = enumerate(sorted(active, key=heaviest)[:TOP], 1)
    names = WorkRank.model_fields.keys() - {"rank"}
    return tuple(WorkRank(rank=at, **{n: work[n] for n in names}) for at, work in ranked)


def _taken(day: date, context: Context) -> dict[str, Any]:
    age = None if context.taken_at is None else day_bounds(day)[1] - context.taken_at
    known = age is not None and not context.taken_later
    return {
        "snapshot_at": context.taken_at,
        "snapshot_later": context.taken_later,
        "snapshot_age_h": age / timedelta(hours=1) if age is not None and known else None,
    }


def _checks(day: date, context: Context, works: list[Work]) -> list[Check]:
    return [_fresh(day, context), _placed(works)]


def _fresh(day: date, context: Context) -> Check:
    age = _taken(day, context)["snapshot_age_h"]
    odd = age is None or age > 24 * limits()["stale_days"]
    said = "no list is held"
    if context.taken_later:
        said = f"no list of the day or before; that of {context.taken_at:%Y-%m-%d %H:%M} is used"
    elif age is not None:
        said = f"the list was received {age:,.0f} h before the end of the day"
    severity = Severity.YELLOW if odd else Severity.GREEN
    return Check(name="freshness", severity=severity, message=said)


def _placed(works: list[Work]) -> Check:
    lost = sum(work["geometry"] is None for work in works)
    return Check(
        name="geometry",
        severity=Severity.YELLOW if lost else Severity.GREEN,
        message=f"{lost:,} of {len(works):,} works without a polygon",
    )
