"""The invented `referentiel`: the published layout, several lines an arc, retired arcs."""

import csv
import io
import json
from collections import Counter, defaultdict

import pytest

from cityflow_simulator.city import City, build_city
from cityflow_simulator.plane import length, to_degrees
from cityflow_simulator.referentiel import line_counts, referentiel_csv

LABELS = [
    "Identifiant arc", "Date debut dispo data", "Date fin dispo data", "Libelle",
    "Identifiant noeud aval", "Libelle noeud aval", "Identifiant noeud amont",
    "Libelle noeud amont", "geo_point_2d", "geo_shape",
]  # fmt: skip


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(1, 3000)


@pytest.fixture(scope="module")
def rows(city: City) -> list[dict[str, str]]:
    text = referentiel_csv(city).decode()
    assert text.count("\r\n") == text.count("\n") == len(text.splitlines())
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_layout_and_marker(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == LABELS
    assert all(row["Libelle"].startswith("SYN_") for row in rows)
    assert all(json.loads(row["geo_shape"])["type"] == "LineString" for row in rows)
    assert not any(" " in row["geo_point_2d"] for row in rows)


def test_it_lists_arcs_with_geometry_and_retired_ones(
    city: City, rows: list[dict[str, str]]
) -> None:
    listed = {row["Identifiant arc"] for row in rows}
    living = {arc.arc_id for arc in city.arcs if arc.line}
    assert living <= listed
    assert not listed & {arc.arc_id for arc in city.arcs if arc.line is None}
    assert len(listed - living) == 360


def test_several_lines_are_counted_and_add_up(city: City, rows: list[dict[str, str]]) -> None:
    found = Counter(row["Identifiant arc"] for row in rows)
    several = line_counts(city)
    assert {arc: count for arc, count in found.items() if count > 1} == several
    assert 0.08 < len(several) / len(city.arcs) < 0.16
    assert max(several.values()) == 6
    lines = defaultdict(set)
    for row in rows:
        shape = json.loads(row["geo_shape"])["coordinates"]
        lines[row["Identifiant arc"]].add(tuple(map(tuple, shape)))
    for arc in city.arcs:
        if arc.line:
            whole = length([to_degrees(point) for point in arc.line])
            parts = sum(length(part) for part in lines[arc.arc_id])
            assert parts == pytest.approx(whole, rel=1e-9)
