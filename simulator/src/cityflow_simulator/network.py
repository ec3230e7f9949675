"""A directed street network of exactly the arcs asked for: each arc starts where another ends.

A ring road in both directions at the city limit, access roads that leave the city, and inside
a jittered grid twisted by a swirl: every fifth street is an avenue in both directions, the
others are one-way in alternating directions.
"""

import itertools
from dataclasses import dataclass, field
from math import ceil, isqrt
from typing import Literal

from cityflow_simulator.names import invent_names, street_label
from cityflow_simulator.plane import SEMI_X, SEMI_Y, Point, direction, on_ellipse
from cityflow_simulator.randomness import Floats, stream

Kind = Literal["ring", "access", "avenue", "street"]
INNER_LIMIT = 0.95
SWIRL_DEGREES = 38.0
RING_RADII = (0.983, 0.989)
ACCESS_RADII = (1.04, 1.09)
SMALLEST = 12


@dataclass(frozen=True)
class Segment:
    """One arc of the network, from node to node, as a line in metres."""

    label: str
    kind: Kind
    start: int
    end: int
    line: tuple[Point, ...]


@dataclass
class Network:
    """Labels and places of the nodes, and the segments between them."""

    seed: int
    labels: list[str] = field(default_factory=list)
    places: list[Point] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def node(self, label: str, place: Point) -> int:
        """Add a node and return its index."""
        self.labels.append(label)
        self.places.append(place)
        return len(self.labels) - 1

    def join(self, label: str, kind: Kind, start: int, end: int, *between: Point) -> None:
        """Add a segment between two nodes through the points `between`."""
        line = (self.places[start], *between, self.places[end])
        self.segments.append(Segment(label, kind, start, end, line))


def build_network(seed: int, arcs: int) -> Network:
    """A network of exactly `arcs` segments (at least SMALLEST)."""
    network = Network(seed)
    per_side = max(3, round(arcs * 0.03))
    accesses = max(1, round(arcs * 0.01))
    sides = [_add_ring(network, side, per_side) for side in range(2)]
    _add_accesses(network, sides[1], accesses)
    _add_grid(network, arcs - len(network.segments))
    return network


def _add_ring(network: Network, side: int, count: int) -> list[int]:
    """One direction of the ring road: side 0 clockwise inside, side 1 against it outside."""
    names = invent_names(network.seed + 1, count)
    prefix = "PI" if side == 0 else "PE"
    step = (360.0 if side == 0 else -360.0) / count
    nodes = [
        network.node(f"A{prefix[1]}_{names[i]}", on_ellipse(RING_RADII[side], round(i * step, 6)))
        for i in range(count)
    ]
    bends = ceil(abs(step) / 4)
    for i in range(count):
        angles = (round(i * step + step * bend / bends, 6) for bend in range(1, bends))
        points = [on_ellipse(RING_RADII[side], angle) for angle in angles]
        network.join(f"{prefix}_{names[i]}", "ring", nodes[i], nodes[(i + 1) % count], *points)
    return nodes


def _add_accesses(network: Network, ring: list[int], count: int) -> None:
    """Roads from the ring outwards and back, alternating; wholly outside the city limit."""
    for index in range(count):
        nearest = ring[index * len(ring) // count]
        number = index // 2 + 1
        angle = -360.0 * (nearest - ring[0]) / len(ring)
        outer = network.node(
            f"N_{number}-Limite_{index + 1}", on_ellipse(ACCESS_RADII[index % 2], round(angle, 6))
        )
        ends = (nearest, outer) if index % 2 == 0 else (outer, nearest)
        network.join(f"N_{number}", "access", *ends)


def _add_grid(network: Network, wanted: int) -> None:
    """The streets inside: the coarsest grid that has enough arcs, cut to the number asked for."""
    columns = max(2, isqrt(wanted // 2))
    while len(_grid_arcs(columns)) < wanted:
        columns += 1
    names = invent_names(network.seed, 2 * columns)
    nodes: dict[tuple[int, int], int] = {}
    jitter = stream(network.seed, "grid").random((columns, columns, 2))
    bends = stream(network.seed, "bends").random((wanted, 3))
    for (start, end, street, avenue), bend in zip(_grid_arcs(columns), bends, strict=False):
        ends = []
        for i, j in (start, end):
            if (i, j) not in nodes:
                label = f"{names[i]}-{names[columns + j]}"
                nodes[i, j] = network.node(label, _grid_place(columns, i, j, jitter[i, j]))
            ends.append(nodes[i, j])
        label = street_label(names[street], street, avenue)
        points = _bend(network.places[ends[0]], network.places[ends[1]], bend)
        network.join(label, "avenue" if avenue else "street", ends[0], ends[1], *points)


GridArc = tuple[tuple[int, int], tuple[int, int], int, bool]


def _grid_arcs(columns: int) -> list[GridArc]:
    """(from, to, street number, avenue?) of every arc of a grid, street by street."""
    arcs: list[GridArc] = []
    for street in range(2 * columns):
        line, avenue = street % columns, street % 5 == 0
        cells = [(line, i) if street < columns else (i, line) for i in range(columns)]
        cells = [cell for cell in cells if _inside(columns, *cell)]
        there = [(a, b, street, avenue) for a, b in itertools.pairwise(cells)]
        back = [(b, a, s, v) for a, b, s, v in reversed(there)]
        arcs += there + back if avenue else (there if street % 2 else back)
    return arcs


def _inside(columns: int, i: int, j: int) -> bool:
    u, v = _unit(columns, i), _unit(columns, j)
    return u * u + v * v <= 1.0


def _unit(columns: int, index: float) -> float:
    return (2 * index + 1) / columns - 1.0


def _grid_place(columns: int, i: int, j: int, jitter: Floats) -> Point:
    """Where a crossing lies: jittered in the unit disc, then turned by the swirl."""
    u = _unit(columns, i + 0.35 * (float(jitter[0]) - 0.5))
    v = _unit(columns, j + 0.35 * (float(jitter[1]) - 0.5))
    reach = min(1.0, u * u + v * v)
    east, north = direction(round(SWIRL_DEGREES * reach, 6))
    x, y = u * north + v * east, v * north - u * east
    return INNER_LIMIT * x * SEMI_X, INNER_LIMIT * y * SEMI_Y


def _bend(start: Point, end: Point, chance: Floats) -> list[Point]:
    """No, one or two points that bow the line a little; one in two arcs is straight."""
    count = int(float(chance[0]) * 4) - 1
    bow = 0.12 * (float(chance[1]) - 0.5)
    dx, dy = end[0] - start[0], end[1] - start[1]
    shares = [(k + 1) / (count + 1) for k in range(max(0, count))]
    return [(start[0] + s * dx - bow * dy, start[1] + s * dy + bow * dx) for s in shares]
