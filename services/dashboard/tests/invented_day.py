"""Invented days of road traffic, made of the contracts; their attribution says synthetic.

All figures of a day follow from its arc-hours, so that totals, tables and map agree.
"""

import math
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from cityflow.attribution import attribution_for
from cityflow.calendar import hour_ends, hour_of_day
from cityflow.contracts import Check, ComptagesSummary, Severity, State
from cityflow.contracts.api import ArcHourRow, ArcRow
from cityflow.contracts.comptages import (
    ArcRank,
    AreaTotals,
    CongestionAlert,
    Context,
    DayTotals,
    Hour,
    ReadingQuality,
    StateCounts,
)

NEWEST = date(2026, 6, 21)
DAYS = [NEWEST - timedelta(days=n) for n in range(5)]
CLOCK_CHANGE = date(2026, 3, 29)
NO_DATA = date(2026, 6, 18)
QUIET = date(2026, 6, 19)  # nothing to rank, no alert
STRANGE_LABEL = "SYN_<b>Rue & Co</b>"
ATTRIBUTION = attribution_for("comptages", synthetic=True)
POLYGONS = attribution_for("arrondissements", synthetic=True)
ARCS = 300
BANDS = ((50.0, State.BLOCKED), (30.0, State.SATURATED), (15.0, State.PRE_SATURATED))


def edition(day: date) -> str:
    return f"{day:%Y%m%d}".ljust(20, "a")


def state(occupancy: float | None) -> State:
    if occupancy is None:
        return State.UNKNOWN
    return next((name for least, name in BANDS if occupancy >= least), State.FLUID)


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def observed(rows: Sequence[ArcHourRow], arcs: int, expected: int) -> dict[str, Any]:
    flows = [row.flow_veh for row in rows if row.flow_veh is not None]
    occupancies = [row.occupancy_pct for row in rows if row.occupancy_pct is not None]
    return {
        "arcs": arcs,
        "expected_hours": expected,
        "flow_veh": sum(flows) if flows else None,
        "flow_hours": len(flows),
        "flow_coverage": share(len(flows), expected),
        "occupancy_mean_pct": mean(occupancies),
        "occupancy_hours": len(occupancies),
        "occupancy_coverage": share(len(occupancies), expected),
        "saturated_hours": sum(value >= 30 for value in occupancies),
        "blocked_hours": sum(value >= 50 for value in occupancies),
    }


def geometry(number: int, dice: random.Random) -> dict[str, Any] | None:
    """Rings and radii around a centre, so that the map looks like a town."""
    if number % 40 == 7:
        return None
    ring, place = divmod(number, 50)
    radius = 0.008 + 0.0065 * ring
    angle = place / 50 * 2 * math.pi

    def at(r: float, a: float) -> list[float]:
        return [round(2.342 + 1.75 * r * math.cos(a), 7), round(48.857 + r * math.sin(a), 7)]

    if place % 5 == 0:
        return {
            "type": "LineString",
            "coordinates": [at(radius, angle), at(radius + 0.0065, angle)],
        }
    steps = [at(radius + dice.uniform(-0.0002, 0.0002), angle + s * 0.042) for s in range(4)]
    return {"type": "MultiLineString", "coordinates": [steps]}


class Day:
    """One invented day: hours of every arc, and all that follows from them."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.edition = edition(day)
        dice = random.Random(day.toordinal())
        self.ends = hour_ends(day)
        self.by_arc = {str(1000 + n): self._arc_hours(n, dice) for n in range(ARCS)}
        self.hours = [row for rows in self.by_arc.values() for row in rows]
        self.arcs = [self._arc(n, random.Random(n)) for n in range(ARCS)]

    def _arc_hours(self, number: int, dice: random.Random) -> list[ArcHourRow]:
        kind = random.Random(number).random()
        counts, senses = kind < 0.6, 0.1 < kind < 0.8
        big = 150 + 2200 * random.Random(-number).random() ** 3
        return [self._row(number, end, dice, big, counts, senses) for end in self.ends]

    def _row(
        self,
        number: int,
        end: datetime,
        dice: random.Random,
        big: float,
        counts: bool,
        senses: bool,
    ) -> ArcHourRow:
        hour = hour_of_day(end)
        rhythm = 0.15 + 0.85 * math.exp(-(((hour - 13.5) / 6.2) ** 2)) + 0.15 * (hour in (8, 18))
        flow = (
            round(big * rhythm * dice.uniform(0.8, 1.2))
            if counts and dice.random() > 0.06
            else None
        )
        jam = 26 * rhythm * (1.9 if number % 17 == 0 else 0.8) * dice.uniform(0.4, 1.4)
        occupancy = round(min(jam, 95.0), 2) if senses and dice.random() > 0.04 else None
        return ArcHourRow(
            arc_id=str(1000 + number),
            hour_end=end,
            hour_of_day=hour,
            flow_veh=flow,
            occupancy_pct=occupancy,
            state=state(occupancy),
        )

    def _arc(self, number: int, dice: random.Random) -> ArcRow:
        rows = self.by_arc[str(1000 + number)]
        flows = [row.flow_veh for row in rows if row.flow_veh is not None]
        occupancies = [row.occupancy_pct for row in rows if row.occupancy_pct is not None]
        shape = geometry(number, dice)
        return ArcRow(
            arc_id=str(1000 + number),
            label=STRANGE_LABEL if number == 0 else f"SYN_Rue_{number}",
            node_from_id=None,
            node_to_id=None,
            arrondissement=str(number % 20 + 1) if shape else "unknown",
            length_m=250.0 if shape else None,
            geometry_source="counts" if shape else "none",
            flow_veh=sum(flows) if flows else None,
            flow_hours=len(flows),
            occupancy_hours=len(occupancies),
            expected_hours=len(self.ends),
            flow_coverage=len(flows) / len(self.ends),
            occupancy_coverage=len(occupancies) / len(self.ends),
            occupancy_mean_pct=mean(occupancies),
            peak_hour=18 if flows else None,
            peak_hour_end=None,
            peak_flow_veh=max(flows, default=None),
            vkt_veh_km=sum(flows) * 0.25 if flows and shape else None,
            saturated_hours=sum(value >= 30 for value in occupancies),
            blocked_hours=sum(value >= 50 for value in occupancies),
            arc_status="open",
            available_from=None,
            available_to=None,
            geometry=shape,
        )

    def _hour(self, end: datetime) -> Hour:
        rows = [row for row in self.hours if row.hour_end == end]
        counts = {name: sum(row.state is name for row in rows) for name in State}
        known = len(rows) - counts[State.UNKNOWN]
        shares = {
            f"{name}_share": share(counts[name], known) for name in State if name != State.UNKNOWN
        }
        states = StateCounts(**{name.value: counts[name] for name in State}, **shares)
        figures = observed(rows, len(rows), len(rows))
        return Hour(hour_end=end, hour_of_day=hour_of_day(end), states=states, **figures)

    def _area(self, name: str) -> AreaTotals:
        ids = {arc.arc_id for arc in self.arcs if arc.arrondissement == name}
        rows = [row for arc_id in ids for row in self.by_arc[arc_id]]
        vkt = sum(arc.vkt_veh_km or 0 for arc in self.arcs if arc.arc_id in ids)
        label = f"SYN_Quartier {name}" if name.isdecimal() else name
        figures = observed(rows, len(ids), len(rows))
        known = vkt if figures["flow_veh"] is not None and name != "unknown" else None
        return AreaTotals(arrondissement=name, label=label, vkt_veh_km=known, **figures)

    def _ranks(self, key: Callable[[ArcRow], int]) -> tuple[ArcRank, ...]:
        if self.day == QUIET:
            return ()
        ranked = sorted(self.arcs, key=lambda arc: (-key(arc), arc.arc_id))[:10]
        wanted = set(ArcRank.model_fields) - {"rank"}
        return tuple(
            ArcRank(rank=place, **arc.model_dump(include=wanted))
            for place, arc in enumerate(ranked, start=1)
        )

    def _alert(self, arc: ArcRow) -> CongestionAlert:
        start = self.ends[15]
        return CongestionAlert(
            arc_id=arc.arc_id,
            label=arc.label,
            arrondissement=arc.arrondissement,
            start=start,
            end=start + timedelta(hours=3),
            hours=3,
            peak_occupancy_pct=61.25,
            peak_hour_end=start + timedelta(hours=2),
            severity="blocked",
        )

    def summary(self) -> ComptagesSummary:
        arcs, hours = self.arcs, len(self.ends)
        jammed = [arc for arc in arcs if arc.blocked_hours and self.day != QUIET]
        alerts = tuple(map(self._alert, jammed[:15]))
        return ComptagesSummary(
            **base(self.day, "published"),
            totals=DayTotals(
                **observed(self.hours, len(arcs), len(arcs) * hours),
                arcs_with_flow=sum(arc.flow_veh is not None for arc in arcs),
                arcs_occupancy_only=sum(
                    arc.flow_veh is None and arc.occupancy_mean_pct is not None for arc in arcs
                ),
                arcs_silent=sum(arc.flow_hours + arc.occupancy_hours == 0 for arc in arcs),
                vkt_veh_km=sum(arc.vkt_veh_km or 0 for arc in arcs),
                vkt_flow_share=0.974,
            ),
            hourly=tuple(self._hour(end) for end in self.ends),
            top_arcs_by_flow=self._ranks(lambda arc: arc.flow_veh or 0),
            top_arcs_by_saturated_hours=self._ranks(lambda arc: arc.saturated_hours),
            arrondissements=tuple(map(self._area, [*map(str, range(1, 21)), "unknown"])),
            alerts_total=len(alerts),
            alerts=alerts,
            quality=quality(len(self.hours)),
        )


def base(day: date, status: str) -> dict[str, Any]:
    ends = len(hour_ends(day))
    return {
        "day": day,
        "edition": edition(day),
        "attribution": ATTRIBUTION,
        "context_attributions": (POLYGONS,),
        "status": status,
        "method_version": "1",
        "thresholds_version": "1",
        "writer_version": "1",
        "hours_in_day": ends,
        "hours_expected": ends,
        "context": Context(referentiel=None, arrondissements=None, lengths_from="counts"),
    }


def quality(rows: int) -> ReadingQuality:
    reserved = Check(
        name="duplicates",
        severity=Severity.YELLOW if rows else Severity.GREEN,
        message="12 duplicate rows dropped, 2 of them in conflict",
    )
    passed = Check(name="derivation", severity=Severity.GREEN, message="state = f(occupancy)")
    return ReadingQuality(
        rows_in=rows + 12 if rows else 0,
        published=rows,
        rejected=0,
        rejected_by_reason={},
        duplicates=12 if rows else 0,
        conflicts=2 if rows else 0,
        withdrawn_values=0,
        state_mismatches=0,
        arc_status_hours={},
        checks=(reserved, passed),
    )


def nothing(day: date, rejects: int = 0) -> ComptagesSummary:
    """A day the source does not hold, or holds rows of that cannot be used."""
    return ComptagesSummary(
        **base(day, "no_data"),
        totals=DayTotals(
            **observed([], 0, 0),
            arcs_with_flow=0,
            arcs_occupancy_only=0,
            arcs_silent=0,
            vkt_veh_km=None,
            vkt_flow_share=None,
        ),
        hourly=(),
        top_arcs_by_flow=(),
        top_arcs_by_saturated_hours=(),
        arrondissements=(),
        alerts_total=0,
        alerts=(),
        quality=quality(0).model_copy(update={"rows_in": rejects, "rejected": rejects}),
    )
