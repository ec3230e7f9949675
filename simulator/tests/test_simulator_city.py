"""The invented city: exact, connected, marked, and cut into twenty polygons that cover it."""

import json

import pytest
from pyproj import Geod
from shapely import LineString, Polygon, union_all

from cityflow.errors import BadArguments
from cityflow_simulator.city import Role, build_city
from cityflow_simulator.districts import build_districts, districts_geojson
from cityflow_simulator.plane import length, to_degrees


@pytest.mark.parametrize("arcs", [12, 13, 57, 300, 3000])
def test_a_city_has_exactly_the_arcs_asked_for(arcs: int) -> None:
    city = build_city(3, arcs)
    assert len({arc.arc_id for arc in city.arcs}) == arcs
    assert all(arc.line is None or length(arc.line) > 20 for arc in city.arcs)


def test_arcs_continue_where_another_ends() -> None:
    city = build_city(1, 1000)
    starts = {arc.from_id for arc in city.arcs}
    assert sum(arc.to_id in starts for arc in city.arcs) > 0.9 * len(city.arcs)
    places = {arc.from_id: arc.line[0] for arc in city.arcs if arc.line}
    for arc in city.arcs:
        assert arc.from_id != arc.to_id
        if arc.line and arc.to_id in places:
            assert arc.line[-1] == places[arc.to_id]


def test_labels_carry_the_marker_and_look_like_the_feed() -> None:
    for arc in build_city(2, 500).arcs:
        assert arc.label.startswith("SYN_")
        assert arc.label.isascii()
        assert " " not in arc.label and ";" not in arc.label


def test_roles_have_the_measured_shares() -> None:
    city = build_city(5, 3000)
    assert len(city.with_role(Role.SILENT)) == 900
    assert len(city.with_role(Role.OCCUPANCY_ONLY)) == 360
    assert len(city.with_role(Role.COUNTING)) + len(city.with_role(Role.FLOW_ONLY)) == 1740
    assert sum(arc.line is None for arc in city.arcs) == 32


def test_another_seed_is_another_city() -> None:
    assert build_city(1, 60) != build_city(2, 60)


@pytest.mark.parametrize(("seed", "arcs"), [(1, 11), (1, 200_001), (-1, 100)])
def test_impossible_cities_are_refused(seed: int, arcs: int) -> None:
    with pytest.raises(BadArguments, match=r"choose"):
        build_city(seed, arcs)


@pytest.mark.parametrize("seed", range(6))
def test_districts_cover_the_city_without_overlap(seed: int) -> None:
    polygons = [Polygon(district.outline) for district in build_districts(seed)]
    assert len(polygons) == 20
    assert all(polygon.is_valid and polygon.exterior.is_ccw for polygon in polygons)
    whole = union_all(polygons)
    assert isinstance(whole, Polygon) and not whole.interiors
    assert sum(polygon.area for polygon in polygons) == pytest.approx(whole.area, rel=1e-9)
    assert 85e6 < whole.area < 95e6


def test_only_access_roads_lie_outside() -> None:
    whole = union_all([Polygon(district.outline) for district in build_districts(4)])
    for arc in build_city(4, 3000).arcs:
        if arc.line:
            middle = LineString(arc.line).interpolate(0.5, normalized=True)
            assert whole.contains(middle) == (arc.kind != "access")


def test_districts_are_published_like_the_city_s_own() -> None:
    document = json.loads(districts_geojson(build_districts(1)))
    assert document["synthetic"] is True
    first = document["features"][0]
    assert list(first["properties"]) == [
        "n_sq_ar", "c_ar", "c_arinsee", "l_ar", "l_aroff", "n_sq_co", "surface", "perimetre",
        "geom_x_y",
    ]  # fmt: skip
    assert [f["properties"]["c_ar"] for f in document["features"]] == list(range(1, 21))
    assert document["features"][19]["properties"]["c_arinsee"] == 75120
    assert first["properties"]["l_ar"] == "1er Ardt"


def test_plane_agrees_with_the_ellipsoid() -> None:
    district = build_districts(1)[14]
    lons, lats = zip(*map(to_degrees, district.outline), strict=True)
    surface, perimeter = Geod(ellps="WGS84").polygon_area_perimeter(lons, lats)
    assert Polygon(district.outline).area == pytest.approx(surface, rel=3e-3)
    assert length(district.outline) == pytest.approx(perimeter, rel=3e-3)
