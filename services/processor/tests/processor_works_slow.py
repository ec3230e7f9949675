"""Works and the arcs near them worked out again with nothing but the standard library."""

import csv
import io
import itertools
import json
from datetime import date
from math import cos, hypot, log, radians, sin, sqrt
from typing import Any

WEIGHTS = {"BARRAGE_TOTAL": 1.0, "IMPASSE": 0.8, "SENS_UNIQUE": 0.5, "RESTREINTE": 0.3}
_A, _E2 = 6_378_137.0, 0.00669437999014133
Point = tuple[float, float]


def works_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def usable(row: dict[str, str]) -> bool:
    start, end = row["Date de début"], row["Date de fin"]
    return bool(start and end and start <= end)


def active(rows: list[dict[str, str]], day: date) -> list[dict[str, str]]:
    return [
        row
        for row in rows
        if usable(row)
        and row["Date de début"] <= day.isoformat() <= row["Date de fin"]
        and row["Statut"] not in ("3", "5")
    ]


def rings(geometry: dict[str, Any]) -> list[list[list[Point]]]:
    """Polygons as lists of rings, the outer one first."""
    several = geometry["type"] == "MultiPolygon"
    return geometry["coordinates"] if several else [geometry["coordinates"]]


def area(geometry: dict[str, Any]) -> float:
    """Square metres on the ellipsoid: the trapezes between each edge and the equator."""
    total = 0.0
    for polygon in rings(geometry):
        for at, ring in enumerate(polygon):
            trapezes = [
                radians(b[0] - a[0]) * (_above(a[1]) + _above(b[1])) / 2
                for a, b in itertools.pairwise(ring)
            ]
            part = abs(sum(trapezes))
            total += part if at == 0 else -part
    return total


def _above(latitude: float) -> float:
    """Square metres between the equator and a latitude, a radian of longitude wide."""
    s, e = sin(radians(latitude)), sqrt(_E2)
    q = (1 - _E2) * (s / (1 - _E2 * s * s) - log((1 - e * s) / (1 + e * s)) / (2 * e))
    return _A * _A * q / 2


def _flat(point: Point, origin: Point) -> Point:
    latitude = radians((point[1] + origin[1]) / 2)
    w = sqrt(1 - _E2 * sin(latitude) ** 2)
    meridian, normal = _A * (1 - _E2) / w**3, _A / w
    east = radians(point[0] - origin[0]) * normal * cos(latitude)
    return east, radians(point[1] - origin[1]) * meridian


def distance(geometry: dict[str, Any], lines: list[list[Point]]) -> float:
    """Metres between a polygon and lines; 0 where a line has a point inside or crosses."""
    best = float("inf")
    for polygon in rings(geometry):
        origin = polygon[0][0]
        borders = [[_flat(p, origin) for p in ring] for ring in polygon]
        for line in lines:
            path = [_flat(p, origin) for p in line]
            if _inside(path[0], borders):
                return 0.0
            for a, b in itertools.pairwise(path):
                for ring in borders:
                    for c, d in itertools.pairwise(ring):
                        best = min(best, _apart(a, b, c, d))
    return best


def _inside(p: Point, borders: list[list[Point]]) -> bool:
    odd = False
    for ring in borders:
        for a, b in itertools.pairwise(ring):
            if (a[1] > p[1]) != (b[1] > p[1]):
                at = (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0]
                odd ^= p[0] < at
    return odd


def _apart(a: Point, b: Point, c: Point, d: Point) -> float:
    if _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0:
        return 0.0
    return min(_to(a, c, d), _to(b, c, d), _to(c, a, b), _to(d, a, b))


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _to(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    share = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return hypot(p[0] - a[0] - share * dx, p[1] - a[1] - share * dy)


def arcs_of(text: str) -> dict[str, list[list[Point]]]:
    """Lines of each arc of the published referentiel."""
    found: dict[str, list[list[Point]]] = {}
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";"):
        if row["geo_shape"]:
            shape = json.loads(row["geo_shape"])
            several = shape["type"] == "MultiLineString"
            lines = shape["coordinates"] if several else [shape["coordinates"]]
            found.setdefault(row["Identifiant arc"], []).extend(lines)
    return found
