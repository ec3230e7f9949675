"""Stop-seconds of a day: of each stop the union of the periods of what disrupts it, and where."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cityflow.geo import LonLat
from cityflow_processor.comptages.geography import UNKNOWN
from cityflow_processor.records.arcs import Arcs
from cityflow_processor.records.districts import Districts
from cityflow_processor.transit.disruptions import Disruption
from cityflow_processor.transit.periods import Span, union
from cityflow_processor.transit.stop_list import listed_id
from cityflow_processor.transit.stops import Stop
from cityflow_processor.transit.thresholds import limits

Row = dict[str, Any]


def stop_rows(
    disruptions: Sequence[Disruption], within: Span, listed: pl.DataFrame, districts: Districts
) -> list[Row]:
    """One row a stop that a disruption of the day names, by stop.

    It lies where the feed says, else where the list of stops does.
    """
    of_stop: dict[str, list[tuple[Disruption, Stop]]] = defaultdict(list)
    for one in disruptions:
        if one.seconds(within):
            for stop in one.stops:
                of_stop[stop.stop_id].append((one, stop))
    places = {row[0]: (row[2], row[3]) for row in listed.iter_rows()} if of_stop else {}
    rows = [_stop(of_stop[name], within, places) for name in sorted(of_stop)]
    zones = districts.locate([_point(row) for row in rows])
    return [row | {"arrondissement": zone} for row, zone in zip(rows, zones, strict=True)]


def _stop(
    found: Sequence[tuple[Disruption, Stop]], within: Span, places: Mapping[str, LonLat]
) -> Row:
    name = found[0][1].stop_id
    labels = [stop.name for _, stop in found if stop.name]
    told = [(s.longitude, s.latitude) for _, s in found if s.longitude is not None]
    longitude, latitude = told[-1] if told else places.get(listed_id(name), (None, None))
    return {
        "stop_id": name,
        "stop_name": labels[-1] if labels else None,
        "longitude": longitude,
        "latitude": latitude,
        "disruptions": len(found),
        "disrupted_s": _seconds([one for one, _ in found if one.disrupts], within),
        "blocked_s": _seconds([one for one, _ in found if one.severity == "blocking"], within),
    }


def _seconds(disruptions: Sequence[Disruption], within: Span) -> int:
    return union((span for one in disruptions for span in one.spans), within)


def _point(row: Row) -> LonLat | None:
    return None if row["longitude"] is None else (row["longitude"], row["latitude"])


def stop_sums(rows: Sequence[Row]) -> Row:
    """The figures of a summary from rows of stops, in stops and in stop-hours."""
    return {
        "stops": len(rows),
        "disrupted_stops": sum(row["disrupted_s"] > 0 for row in rows),
        "blocked_stops": sum(row["blocked_s"] > 0 for row in rows),
        "disrupted_stop_h": sum(row["disrupted_s"] for row in rows) / 3600,
        "blocked_stop_h": sum(row["blocked_s"] for row in rows) / 3600,
    }


def zone_rows(rows: Sequence[Row], labels: Mapping[str, str]) -> list[Row]:
    """Sums over the stops of each arrondissement, in the order of `labels`, which has them all.

    If of none the place is known there is but `unknown`: of the others nothing is known, not zero.
    """
    is_placed = not rows or any(row["longitude"] is not None for row in rows)
    of_zone: dict[str, list[Row]] = {code: [] for code in labels if is_placed or code == UNKNOWN}
    for row in rows:
        of_zone[row["arrondissement"]].append(row)
    return [
        {"arrondissement": code, "label": labels[code], **stop_sums(own)}
        for code, own in of_zone.items()
    ]


def near_arcs(rows: Sequence[Row], arcs: Arcs) -> list[Row]:
    """The road arcs near each disrupted stop; distances to the millimetre."""
    found = []
    for row in rows:
        point = _point(row)
        if point is None or not row["disrupted_s"]:
            continue
        place = {"type": "Point", "coordinates": list(point)}
        found += [
            {"arc_id": arc, "stop_id": row["stop_id"], "distance_m": round(distance, 3),
             "disrupted_s": row["disrupted_s"], "blocked_s": row["blocked_s"]}
            for arc, distance, _ in arcs.near(place, limits()["near_arc_m"])
        ]  # fmt: skip
    return found
