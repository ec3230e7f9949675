"""What the processor must publish, computed slowly in plain Python; shares no code with it.

Values are exact: flows are integers, occupancies integers in 10⁻⁵ %, times UTC datetimes. Ratios
are formed last, by one division.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import fsum
from pathlib import Path
from typing import Any

from processor_slow_read import (
    HOUR,
    PARIS,
    STATES,
    STATUSES,
    WGS84,
    Key,
    Read,
    Record,
    Row,
    csv_rows,
    day_hours,
    service_day,
)


def length_m(shape: Mapping[str, Any]) -> float:
    """Geodesic length of a line or of several."""
    lines = [shape["coordinates"]] if shape["type"] == "LineString" else shape["coordinates"]
    return sum(WGS84.inv(*a[:2], *b[:2])[2] for line in lines for a, b in pairwise(line))


def locate(features: Sequence[Mapping[str, Any]], lon: float, lat: float) -> str:
    """Number of the polygon that a point lies in, by ray casting."""
    for feature in features:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"]
        for rings in [polygons] if geometry["type"] == "Polygon" else polygons:
            if sum(_crossings(ring, lon, lat) for ring in rings) % 2:
                return str(feature["properties"]["c_ar"])
    return "outside"


def _crossings(ring: Sequence[Sequence[float]], lon: float, lat: float) -> int:
    return sum(
        (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
        for (x1, y1, *_), (x2, y2, *_) in pairwise(ring)
    )


@dataclass(frozen=True)
class Place:
    """Length in metres and arrondissement of an arc."""

    length_m: float | None
    arrondissement: str
    source: str


@dataclass(frozen=True)
class Map:
    """Published polygons, and the lines of the referentiel by arc."""

    features: Sequence[Mapping[str, Any]]
    lines: Mapping[str, Mapping[str, str | None]]
    """Line (as published) to its point, of each arc."""

    @classmethod
    def read(cls, polygons: Path, referentiel: Path) -> "Map":
        lines: dict[str, dict[str, str | None]] = defaultdict(dict)
        for row in csv_rows(referentiel):
            if row["geo_shape"]:
                lines[row["iu_ac"] or ""][row["geo_shape"]] = row["geo_point_2d"]
        features = json.loads(polygons.read_text(encoding="utf-8"))["features"]
        return cls(features, lines)

    def place(self, arc: str, texts: Row) -> Place:
        shape, point = texts.get("geo_shape"), texts.get("geo_point_2d")
        if shape:
            return Place(length_m(json.loads(shape)), self._locate(point), "counts")
        if arc not in self.lines:
            return Place(None, "unknown", "none")
        lengths = {line: length_m(json.loads(line)) for line in self.lines[arc]}
        longest = max(lengths, key=lambda line: lengths[line])
        where = self._locate(self.lines[arc][longest])
        return Place(fsum(lengths.values()), where, "referentiel")

    def _locate(self, point: str | None) -> str:
        if not self.features:
            return "unknown"
        assert point is not None
        lat, lon = point.split(",")
        return locate(self.features, float(lon), float(lat))


# A day


def state_of(occupancy: int | None) -> int:
    """Place in STATES."""
    if occupancy is None:
        return 0
    return 1 + (occupancy >= 15_00000) + (occupancy >= 30_00000) + (occupancy >= 50_00000)


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def observed(records: Sequence[Record], arcs: int, expected: int) -> dict[str, Any]:
    """The figures that every total has."""
    flows = [one.flow for one in records if one.flow is not None]
    occupancies = [one.occupancy for one in records if one.occupancy is not None]
    return {
        "arcs": arcs,
        "expected_hours": expected,
        "flow_veh": sum(flows) if flows else None,
        "flow_hours": len(flows),
        "flow_coverage": ratio(len(flows), expected),
        "occupancy_mean_pct": ratio(sum(occupancies), len(occupancies) * 100_000),
        "occupancy_hours": len(occupancies),
        "occupancy_coverage": ratio(len(occupancies), expected),
        "saturated_hours": sum(value >= 30_00000 for value in occupancies),
        "blocked_hours": sum(value >= 50_00000 for value in occupancies),
    }


@dataclass
class Day:
    """Everything of one service day."""

    day: date
    records: dict[Key, Record]
    map: Map

    def __post_init__(self) -> None:
        self.hours = day_hours(self.day)
        self.by_arc: dict[str, dict[datetime, Record]] = defaultdict(dict)
        for (arc, end), one in sorted(self.records.items()):
            self.by_arc[arc][end] = one
        ends = {end for _, end in self.records}
        # Of the hour that repeats in autumn, the feed holds the second.
        self.lost = self.hours[1] if len(self.hours) == 25 and self.hours[1] not in ends else None
        self.expected = len(self.hours) - (self.lost is not None)
        self.places = {
            arc: self.map.place(arc, rows[max(rows)].texts) for arc, rows in self.by_arc.items()
        }

    def arc_hours(self) -> list[dict[str, Any]]:
        return [
            {
                "arc_id": arc,
                "hour_end": end,
                "hour_of_day": (end - HOUR).astimezone(PARIS).hour,
                "flow_veh": one.flow,
                "occupancy_pct": ratio(one.occupancy or 0, 100_000) if one.occupancy is not None
                else None,
                "state": STATES[state_of(one.occupancy)],
            }
            for (arc, end), one in sorted(self.records.items())
        ]  # fmt: skip

    def arcs(self) -> list[dict[str, Any]]:
        return [self._arc(arc, rows) for arc, rows in self.by_arc.items()]

    def _arc(self, arc: str, rows: dict[datetime, Record]) -> dict[str, Any]:
        figures = observed(list(rows.values()), 1, self.expected)
        figures.pop("arcs")
        place = self.places[arc]
        texts = rows[max(rows)].texts
        counted = {end: one.flow for end, one in rows.items() if one.flow is not None}
        peak = min(counted, key=lambda end: (-counted[end], end)) if counted else None
        statuses = Counter(STATUSES[one.status] for one in rows.values())
        vkt = None
        if place.length_m is not None and counted:
            vkt = sum(counted.values()) * place.length_m / 1000
        return figures | {
            "arc_id": arc,
            "label": texts.get("libelle"),
            "node_from_id": texts.get("iu_nd_amont"),
            "node_to_id": texts.get("iu_nd_aval"),
            "arrondissement": place.arrondissement,
            "length_m": place.length_m,
            "geometry_source": place.source,
            "peak_hour": (peak - HOUR).astimezone(PARIS).hour if peak else None,
            "peak_hour_end": peak,
            "peak_flow_veh": counted[peak] if peak else None,
            "vkt_veh_km": vkt,
            "arc_status": max(STATUSES, key=lambda name: statuses[name]),
        }

    def alerts(self) -> list[dict[str, Any]]:
        found = []
        for arc, rows in self.by_arc.items():
            run: list[datetime] = []
            for end in [*self.hours, datetime.max.replace(tzinfo=UTC)]:
                one = rows.get(end)
                if one is not None and (one.occupancy or 0) >= 30_00000:
                    run.append(end)
                    continue
                if len(run) >= 2:
                    found.append(self._alert(arc, rows, run))
                run = []
        return found

    def _alert(self, arc: str, rows: dict[datetime, Record], run: list[datetime]) -> dict[str, Any]:
        occupancies = [rows[end].occupancy or 0 for end in run]
        peak = occupancies.index(max(occupancies))
        blocked = [value >= 50_00000 for value in occupancies]
        return {
            "arc_id": arc,
            "label": rows[max(rows)].texts.get("libelle"),
            "arrondissement": self.places[arc].arrondissement,
            "start": run[0] - HOUR,
            "end": run[-1],
            "hours": len(run),
            "peak_occupancy_pct": occupancies[peak] / 100_000,
            "peak_hour_end": run[peak],
            "severity": "blocked" if any(a and b for a, b in pairwise(blocked)) else "saturated",
        }

    def totals(self) -> dict[str, Any]:
        arcs = self.arcs()
        figures = observed(list(self.records.values()), len(arcs), len(arcs) * self.expected)
        travelled = [arc for arc in arcs if arc["vkt_veh_km"] is not None]
        counting = [arc for arc in arcs if arc["flow_hours"]]
        only = [arc for arc in arcs if not arc["flow_hours"] and arc["occupancy_hours"]]
        return figures | {
            "arcs_with_flow": len(counting),
            "arcs_occupancy_only": len(only),
            "arcs_silent": len(arcs) - len(counting) - len(only),
            "vkt_veh_km": fsum(arc["vkt_veh_km"] for arc in travelled) if travelled else None,
            "vkt_flow_share": ratio(
                sum(arc["flow_veh"] for arc in travelled), figures["flow_veh"] or 0
            ),
        }

    def hourly(self) -> list[dict[str, Any]]:
        profile = []
        for end in self.hours:
            rows = [one for (_, at), one in self.records.items() if at == end]
            counts = Counter(STATES[state_of(one.occupancy)] for one in rows)
            known = len(rows) - counts["unknown"]
            states: dict[str, Any] = {name: counts[name] for name in STATES}
            states |= {f"{name}_share": ratio(counts[name], known) for name in STATES[1:]}
            arcs = len(self.by_arc)
            figures = observed(rows, arcs, 0 if end == self.lost else arcs)
            start = (end - HOUR).astimezone(PARIS).hour
            profile.append(figures | {"hour_end": end, "hour_of_day": start, "states": states})
        return profile

    def areas(self) -> dict[str, dict[str, Any]]:
        areas = {}
        for code in (*(str(f["properties"]["c_ar"]) for f in self.map.features),
                     "outside", "unknown"):  # fmt: skip
            inside = [arc for arc in self.by_arc if self.places[arc].arrondissement == code]
            rows = [one for arc in inside for one in self.by_arc[arc].values()]
            figures = observed(rows, len(inside), len(inside) * self.expected)
            travelled = [
                vkt
                for arc in inside
                if (vkt := self._arc(arc, self.by_arc[arc])["vkt_veh_km"]) is not None
            ]
            areas[code] = figures | {"vkt_veh_km": fsum(travelled) if travelled else None}
        return areas

    def ranking(self, by: str) -> list[str]:
        ranked = sorted(
            (arc for arc in self.arcs() if arc[by]), key=lambda arc: (-arc[by], arc["arc_id"])
        )
        return [arc["arc_id"] for arc in ranked[:10]]


LONGEST_GAP = 31


def days_of(read: Read, map: Map) -> dict[date, Day]:
    """Every day that has a record, and the days of the short gaps between them."""
    by_day: dict[date, dict[Key, Record]] = defaultdict(dict)
    for key, one in read.records.items():
        by_day[service_day(key[1])][key] = one
    held = sorted(by_day)
    for before, after in pairwise(held):
        missing = (after - before).days - 1
        if missing <= LONGEST_GAP:
            for n in range(missing):
                by_day[before + timedelta(days=n + 1)] = {}
    return {day: Day(day, by_day[day], map) for day in sorted(by_day)}
