"""The published `referentiel`: arcs with geometry, retired arcs too, some in several lines.

The lines of an arc are the parts of its line, so their lengths add up to it; now and then a
line is published twice. Arcs without geometry are not in it, as in the city's own file.
"""

import itertools
import json
from collections.abc import Iterator

from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import Arc, City
from cityflow_simulator.names import invent_names
from cityflow_simulator.plane import Point, halfway, on_ellipse, to_degrees
from cityflow_simulator.randomness import stream

HEADER = (
    "Identifiant arc;Date debut dispo data;Date fin dispo data;Libelle;Identifiant noeud aval;"
    "Libelle noeud aval;Identifiant noeud amont;Libelle noeud amont;geo_point_2d;geo_shape"
)
PARTS = ((0.002, 6), (0.004, 4), (0.013, 3), (0.10, 2))
REPEATED = 0.004
RETIRED = 0.12
SINCE = "2005-01-01T02:00:00+01:00"
UNTIL = "2019-06-01T04:00:00+02:00"
UNTIL_RETIRED = "2013-01-28T02:00:00+01:00"

Line = tuple[Point, ...]


def referentiel_csv(city: City) -> bytes:
    """The whole file: UTF-8, `;`, CRLF, in no order."""
    rows = [row for arc in city.arcs if arc.line for row in _rows_of(city, arc, arc.line)]
    rows += list(_retired(city))
    order = stream(city.seed, "referentiel-order").permutation(len(rows)).tolist()
    return "".join(f"{text}\r\n" for text in [HEADER, *(rows[i] for i in order)]).encode()


def line_counts(city: City) -> dict[str, int]:
    """Number of published lines of each arc that has more than one."""
    counts = {arc.arc_id: len(_lines(city, arc, arc.line)) for arc in city.arcs if arc.line}
    return {arc_id: count for arc_id, count in counts.items() if count > 1}


def _rows_of(city: City, arc: Arc, line: Line) -> Iterator[str]:
    nodes = (arc.to_id, arc.to_label, arc.from_id, arc.from_label)
    for part in _lines(city, arc, line):
        yield _row(arc.arc_id, UNTIL, arc.label, nodes, part)


def _lines(city: City, arc: Arc, line: Line) -> list[Line]:
    """The line whole, cut in up to six parts, or (rarely) twice."""
    chance = float(stream(city.seed, "referentiel-lines", int(arc.arc_id)).random())
    for share, count in PARTS:
        if chance < share:
            return _cut(line, count)
        chance -= share
    return [line, line] if chance < REPEATED else [line]


def _cut(line: Line, count: int) -> list[Line]:
    """`count` lines end to end: the straight pieces, the longest way cut further."""
    points = list(line)
    while len(points) <= count:
        gaps = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in itertools.pairwise(points)]
        at = gaps.index(max(gaps))
        a, b = points[at], points[at + 1]
        points.insert(at + 1, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
    return [tuple(points[i : i + 2]) if i < count - 1 else tuple(points[i:]) for i in range(count)]


def _retired(city: City) -> Iterator[str]:
    """Arcs that never count any more, with identifiers above all living ones."""
    count = round(RETIRED * len(city.arcs))
    first = max(int(arc.arc_id) for arc in city.arcs) + 1
    rng = stream(city.seed, "retired")
    names = invent_names(city.seed + 2, count)
    for index in range(count):
        radius, angle = round(0.9 * float(rng.random()), 9), round(360 * float(rng.random()), 9)
        place = on_ellipse(radius, angle)
        line = (place, (place[0] + 40 + 90 * float(rng.random()), place[1] + 60))
        end, start = first + count + 2 * index, first + count + 2 * index + 1
        nodes = (str(end), f"{names[index]}-Aval", str(start), f"{names[index]}-Amont")
        label = f"{SYNTHETIC_PREFIX}{names[index]}"
        yield _row(str(first + index), UNTIL_RETIRED, label, nodes, line)


def _row(arc_id: str, until: str, label: str, nodes: tuple[str, ...], line: Line) -> str:
    shape = {"coordinates": [to_degrees(point) for point in line], "type": "LineString"}
    lon, lat = to_degrees(halfway(line))
    quoted = json.dumps(shape).replace('"', '""')
    return ";".join((arc_id, SINCE, until, label, *nodes, f"{lat},{lon}", f'"{quoted}"'))
