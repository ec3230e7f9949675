"""Lengths and areas are measured on the WGS 84 ellipsoid; a border belongs to both its sides.

Geometries are GeoJSON, bare or inside a Feature, in lon/lat degrees; a third coordinate is
ignored. What is not a geometry of the expected kind, is empty, or has a coordinate off the globe
is a ValueError that says so.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import Geod

Json = Mapping[str, Any]
LonLat = tuple[float, float]

_LINES = ("LineString", "MultiLineString")
_AREAS = ("Polygon", "MultiPolygon")
_PLACES = ("Point", *_AREAS)


def length_m(geojson: Json) -> float:
    """Geodesic length in metres of a LineString or MultiLineString."""
    return float(_lengths_m([_geometry(geojson, _LINES)])[0])


def lengths_m(texts: Sequence[str]) -> list[float]:
    """Geodesic lengths in metres of many lines at once, each the GeoJSON text of a geometry."""
    try:
        return [float(length) for length in _lengths_m(shapely.from_geojson(list(texts)))]
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"a text is not a GeoJSON geometry: {error}") from None


def midpoint(geojson: Json) -> LonLat:
    """The point half-way along a LineString or MultiLineString, always on the line itself."""
    lines = _measured_lines(geojson)
    left = math.fsum(float(steps.sum()) for _, steps in lines) / 2
    for points, steps in lines:
        for start, end, step in zip(points, points[1:], steps, strict=False):
            if step > 0 and left <= step:
                lon, lat = start + (end - start) * (left / step)
                return float(lon), float(lat)
            left -= step
    # Reached by a line of no length, or when rounding leaves a trace of the half.
    lon, lat = lines[-1][0][-1]
    return float(lon), float(lat)


def area_m2(geojson: Json) -> float:
    """Geodesic area in square metres of a Polygon or MultiPolygon, holes taken out."""
    return math.fsum(
        area
        for polygon in shapely.get_parts(_geometry(geojson, _AREAS))
        for area in (
            _ring_m2(polygon.exterior),
            *(-_ring_m2(hole) for hole in polygon.interiors),
        )
    )


class ZoneIndex:
    """Finds the zone a point lies in. Zones are (code, Polygon or MultiPolygon).

    Borders are closed: a point on the border of several zones is in the one whose code comes
    first in natural order (2 before 10). A polygon that crosses itself is repaired first, keeping
    the area it encloses. A code may stand more than once; ValueError as for the module.
    """

    def __init__(self, features: Sequence[tuple[str, Json]]) -> None:
        ordered = sorted(features, key=lambda feature: _natural(feature[0]))
        self.codes = tuple(code for code, _ in ordered)
        zones = [_zone(code, geojson) for code, geojson in ordered]
        shapely.prepare(zones)
        self._tree = shapely.STRtree(zones)

    def locate(self, lon: float, lat: float) -> str | None:
        """Code of the zone, or None if the point is in none."""
        return self.locate_many([(lon, lat)])[0]

    def locate_many(self, points: Sequence[LonLat]) -> list[str | None]:
        """Code of the zone of each (lon, lat) in degrees, None where in none or not a number."""
        if not points or not self.codes:
            return [None] * len(points)
        at = np.asarray(points, dtype=np.float64)
        point_of_hit, zone_of_hit = self._tree.query(shapely.points(at), predicate="intersects")
        first = np.full(len(points), len(self.codes))
        np.minimum.at(first, point_of_hit, zone_of_hit)
        return [self.codes[n] if n < len(self.codes) else None for n in first]


class LineIndex:
    """Finds the lines near an area. Lines are (code, LineString or MultiLineString).

    Distances are metres on a transverse Mercator plane whose middle is that of the lines: within
    25 km of its meridian a metre is true to 10⁻⁵. ValueError as for the module.
    """

    def __init__(self, lines: Sequence[tuple[str, Json]]) -> None:
        ordered = sorted(lines, key=lambda line: line[0])
        self.codes = tuple(code for code, _ in ordered)
        degrees = [_geometry(geojson, _LINES) for _, geojson in ordered]
        self._plane = _plane(shapely.total_bounds(degrees)) if degrees else None
        self._lines = [self._flat(line) for line in degrees]
        self._tree = shapely.STRtree(self._lines)

    def near(self, place: Json, distance_m: float) -> list[tuple[str, float]]:
        """Code and distance in metres of each line at most so far from a Point, a Polygon or a
        MultiPolygon, by code; 0 for a line that touches it. A polygon that crosses itself is
        repaired first.
        """
        if not self.codes:
            return []
        flat = self._flat(shapely.make_valid(_geometry(place, _PLACES)))
        hits = sorted(int(n) for n in self._tree.query(flat, "dwithin", distance_m))
        return [(self.codes[n], float(shapely.distance(flat, self._lines[n]))) for n in hits]

    def _flat(self, geometry: Any) -> Any:
        return shapely.transform(shapely.force_2d(geometry), self._plane, interleaved=False)


def _plane(bounds: "NDArray[np.float64]") -> Any:
    """From degrees to metres, around the middle of (west, south, east, north)."""
    from pyproj import Proj

    west, south, east, north = (float(bound) for bound in bounds)
    return Proj(proj="tmerc", lon_0=(west + east) / 2, lat_0=(south + north) / 2, ellps="WGS84")


def _zone(code: str, geojson: Json) -> Any:
    try:
        return shapely.make_valid(_geometry(geojson, _AREAS))
    except ValueError as error:
        raise ValueError(f"zone {code}: {error}") from None


def _natural(code: str) -> tuple[tuple[int, str], ...]:
    parts = re.split(r"(\d+)", code)
    numbered = ((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
    return (*numbered, (-1, code))


def _measured_lines(geojson: Json) -> "list[tuple[NDArray[np.float64], NDArray[np.float64]]]":
    """Points (n x 2) and geodesic lengths of the n - 1 segments of each line."""
    parts = shapely.get_parts(_geometry(geojson, _LINES))
    return [(points := shapely.get_coordinates(part), _steps_m(points)) for part in parts]


def _lengths_m(geometries: Sequence[Any]) -> "NDArray[np.float64]":
    """Sums of the geodesic lengths of the segments, in their order."""
    parts, geometry = shapely.get_parts(geometries, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    steps = np.append(_steps_m(points), 0.0)
    inside = np.append(part[1:] == part[:-1], False)
    within = np.where(inside, steps, 0.0)
    return np.bincount(geometry[part], within, len(geometries)).astype(np.float64)


def _steps_m(points: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.asarray(_geod().line_lengths(points[:, 0], points[:, 1]), dtype=np.float64)


def _ring_m2(ring: Any) -> float:
    points = shapely.get_coordinates(ring)
    area, _ = _geod().polygon_area_perimeter(points[:, 0], points[:, 1])
    return abs(float(area))


def _geometry(geojson: Json, kinds: tuple[str, ...]) -> Any:
    bare = geojson.get("geometry") if geojson.get("type") == "Feature" else geojson
    expected = " or ".join(kinds)
    if not isinstance(bare, Mapping) or bare.get("type") not in kinds:
        found = bare.get("type") if isinstance(bare, Mapping) else bare
        raise ValueError(f"found a geometry of type {found}; expected {expected}")
    try:
        with np.errstate(invalid="ignore"):  # NaN is refused below, in words
            geometry = shape(bare)
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, IndexError) as error:
        raise ValueError(f"the coordinates are not those of a {expected}: {error}") from None
    points = shapely.get_coordinates(geometry)
    if len(points) == 0:
        raise ValueError(f"the geometry is empty; expected {expected}")
    if not (np.abs(points) <= (180, 90)).all():
        raise ValueError("a coordinate is not in lon -180..180, lat -90..90 degrees")
    return geometry


@cache
def _geod() -> "Geod":
    from pyproj import Geod

    return Geod(ellps="WGS84")
