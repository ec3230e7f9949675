"""Lengths and areas against known values and a second formula; borders belong to one zone."""

import math
from itertools import pairwise
from typing import Any

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point, shape

from cityflow.geo import LineIndex, ZoneIndex, area_m2, length_m, midpoint

Json = dict[str, Any]
IN_PARIS = st.tuples(
    st.floats(2.2, 2.5, allow_subnormal=False), st.floats(48.8, 48.92, allow_subnormal=False)
)


def line(*points: tuple[float, ...]) -> Json:
    return {"type": "LineString", "coordinates": [list(p) for p in points]}


def box(west: float, south: float, east: float, north: float) -> Json:
    return {
        "type": "Polygon",
        "coordinates": [
            [[west, south], [east, south], [east, north], [west, north], [west, south]]
        ],
    }


def haversine_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, p)) for p in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def test_a_degree_has_its_length_on_the_ellipsoid() -> None:
    assert length_m(line((0, 0), (1, 0))) == pytest.approx(111_319.491, abs=0.001)
    assert length_m(line((0, 0), (0, 1))) == pytest.approx(110_574.389, abs=0.001)


@given(IN_PARIS, IN_PARIS)
def test_a_length_agrees_with_the_sphere_within_half_a_percent(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    assert length_m(line(one, other)) == pytest.approx(haversine_m(one, other), rel=5e-3, abs=0.01)


@given(st.lists(IN_PARIS, min_size=2, max_size=8))
def test_direction_and_splitting_do_not_change_a_length(points: list[tuple[float, float]]) -> None:
    whole = length_m(line(*points))
    assert length_m(line(*reversed(points))) == pytest.approx(whole)
    pieces = {
        "type": "MultiLineString",
        "coordinates": [[list(a), list(b)] for a, b in pairwise(points)],
    }
    assert length_m(pieces) == pytest.approx(whole)


@given(st.lists(IN_PARIS, min_size=2, max_size=8, unique=True))
def test_the_midpoint_lies_on_the_line_half_way_from_both_ends(
    points: list[tuple[float, float]],
) -> None:
    assume(length_m(line(*points)) > 1)
    lon, lat = midpoint(line(*points))
    assert shape(line(*points)).distance(Point(lon, lat)) < 1e-9
    back_lon, back_lat = midpoint(line(*reversed(points)))
    assert length_m(line((lon, lat), (back_lon, back_lat))) < 0.01


def test_the_midpoint_counts_metres_over_all_pieces() -> None:
    assert midpoint(line((2.0, 48.0), (2.0, 48.2))) == pytest.approx((2.0, 48.1), abs=1e-5)
    pieces = {
        "type": "MultiLineString",
        "coordinates": [[[2.0, 48.0], [2.1, 48.0]], [[2.2, 48.0], [2.5, 48.0]]],
    }
    assert midpoint(pieces) == pytest.approx((2.3, 48.0))


def test_a_line_of_no_length_has_a_midpoint() -> None:
    assert length_m(line((2.3, 48.8), (2.3, 48.8))) == 0
    assert midpoint(line((2.3, 48.8), (2.3, 48.8))) == (2.3, 48.8)


def test_features_and_a_third_coordinate_are_accepted() -> None:
    plain = line((2.3, 48.8), (2.4, 48.9))
    high = line((2.3, 48.8, 35.0), (2.4, 48.9, 40.0))
    feature = {"type": "Feature", "properties": {}, "geometry": plain}
    assert length_m(feature) == length_m(high) == length_m(plain)


def test_a_square_degree_has_its_area_whichever_way_it_turns() -> None:
    square = box(0, 0, 1, 1)
    assert area_m2(square) == pytest.approx(12_308_778_361, rel=1e-9)
    turned = {"type": "Polygon", "coordinates": [square["coordinates"][0][::-1]]}
    assert area_m2(turned) == pytest.approx(area_m2(square))


def test_holes_are_taken_out_and_parts_added() -> None:
    outer, hole = box(2, 48, 2.4, 48.4), box(2.1, 48.1, 2.2, 48.2)
    ring = {"type": "Polygon", "coordinates": [outer["coordinates"][0], hole["coordinates"][0]]}
    assert area_m2(ring) == pytest.approx(area_m2(outer) - area_m2(hole))
    both = {"type": "MultiPolygon", "coordinates": [ring["coordinates"], hole["coordinates"]]}
    assert area_m2(both) == pytest.approx(area_m2(outer))


@pytest.mark.parametrize(
    ("geojson", "message"),
    [
        ({"type": "Point", "coordinates": [2, 48]}, "found a geometry of type Point"),
        ({"type": "Feature", "geometry": None}, "found a geometry of type None"),
        ({}, "found a geometry of type None"),
        ({"type": "LineString"}, "coordinates are not"),
        ({"type": "LineString", "coordinates": []}, "empty"),
        ({"type": "LineString", "coordinates": [[2, 48]]}, "coordinates are not"),
        ({"type": "LineString", "coordinates": [["a", "b"], [1, 2]]}, "coordinates are not"),
        ({"type": "LineString", "coordinates": 7}, "coordinates are not"),
        (line((2, 48), (2, 91)), "lat -90..90"),
        (line((600_000, 128_000), (600_001, 128_001)), "lon -180..180"),
        (line((2, 48), (math.nan, 48)), "lon -180..180"),
    ],
)
def test_what_is_no_line_is_refused_in_words(geojson: Json, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        length_m(geojson)
    with pytest.raises(ValueError, match=message):
        midpoint(geojson)


def test_an_area_wants_a_polygon_and_a_bad_zone_is_named() -> None:
    with pytest.raises(ValueError, match="expected Polygon or MultiPolygon"):
        area_m2(line((0, 0), (1, 1)))
    with pytest.raises(ValueError, match="zone 7: found a geometry of type LineString"):
        ZoneIndex([("7", line((0, 0), (1, 1)))])


GRID = [(str(n), box(n % 4, n // 4, n % 4 + 1, n // 4 + 1)) for n in range(16)]


def test_a_border_belongs_to_the_smallest_code_in_natural_order() -> None:
    shuffled = ZoneIndex([GRID[n] for n in (10, 3, 9, 2, 6, 5, 1, 14, 13)])
    assert shuffled.locate(2, 2.5) == "9"  # border of 9 and 10: as text, 10 would be first
    assert shuffled.locate(2, 1) == "1"  # corner of 1, 2, 5 and 6
    assert shuffled.locate(3.5, 0) == "3"  # outer border
    assert shuffled.locate(0.5, 0.5) is None


@given(st.lists(st.tuples(st.integers(-2, 18), st.integers(-2, 18)), max_size=20))
def test_many_points_agree_with_asking_every_zone(quarters: list[tuple[int, int]]) -> None:
    points = [(x / 4, y / 4) for x, y in quarters]
    zones = [(code, shape(geojson)) for code, geojson in GRID]
    expected = [
        next((code for code, zone in zones if zone.covers(Point(point))), None) for point in points
    ]
    assert ZoneIndex(GRID).locate_many(points) == expected


def test_codes_of_any_kind_are_ordered() -> None:
    everywhere = box(-10, -10, 10, 10)
    codes = ["b", "a10", "a2", "10", "2", "", "02"]
    assert ZoneIndex([(code, everywhere) for code in codes]).codes == (
        "",
        "02",
        "2",
        "10",
        "a2",
        "a10",
        "b",
    )


def test_no_zone_no_point_and_no_number() -> None:
    assert ZoneIndex([]).locate_many([(0.5, 0.5)]) == [None]
    assert ZoneIndex(GRID).locate_many([]) == []
    assert ZoneIndex(GRID).locate_many([(math.nan, 0.5), (0.5, 0.5)]) == [None, "0"]


def test_a_polygon_that_crosses_itself_is_repaired() -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    assert not shapely.is_valid(shape(bow_tie))
    index = ZoneIndex([("x", bow_tie)])
    assert (index.locate(0.1, 0.5), index.locate(0.5, 0.1)) == ("x", None)


@pytest.mark.parametrize("azimuth", [0, 45, 90, 135, 180, 270])
def test_forty_metres_are_forty_metres_in_every_direction(azimuth: int) -> None:
    geod = Geod(ellps="WGS84")
    site = (2.25, 48.90)
    sides = {"near": 39.99, "far": 40.01}
    lines = []
    for code, metres in sides.items():
        lon, lat, _ = geod.fwd(*site, azimuth, metres)
        onward = geod.fwd(lon, lat, azimuth, 500)[:2]
        lines.append((code, line((lon, lat), onward)))
    index = LineIndex([*lines, ("away", line((2.45, 48.82), (2.46, 48.82)))])
    tiny = {"type": "Polygon", "coordinates": [[site, (2.25 + 1e-9, 48.9), (2.25, 48.9), site]]}
    ((code, distance),) = index.near(tiny, 40)
    assert code == "near"
    assert distance == pytest.approx(39.99, abs=0.002)


def test_a_line_that_touches_is_at_no_distance() -> None:
    index = LineIndex([("b", line((2.0, 48.5), (3.0, 48.5))), ("a", line((1.0, 1.0), (1.0, 2.0)))])
    assert index.near(box(2.4, 48.4, 2.5, 48.6), 1) == [("b", 0.0)]
    assert LineIndex([]).near(box(0, 0, 1, 1), 40) == []
