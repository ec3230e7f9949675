"""A city is the same for one (seed, number of arcs): its arcs, what each of them can measure.

Roles follow the shares measured on the real network: 58 % of the arcs count, 12 % publish
occupancy only, 30 % publish nothing; about 1 % of the arcs have no geometry.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np

from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow.errors import BadArguments
from cityflow_simulator.network import SMALLEST, Kind, Network, build_network
from cityflow_simulator.plane import Point
from cityflow_simulator.randomness import Ints, stream

LARGEST = 200_000
PHANTOM = "*"


class Role(IntEnum):
    """What an arc's station can measure."""

    COUNTING = 0
    FLOW_ONLY = 1
    OCCUPANCY_ONLY = 2
    SILENT = 3


ROLE_SHARES = {Role.SILENT: 0.30, Role.OCCUPANCY_ONLY: 0.12, Role.FLOW_ONLY: 0.03}
WITHOUT_GEOMETRY = 0.0105
OPENINGS = (
    *(date(1996, 10, day) for day in range(2, 29)),
    date(2005, 1, 1), date(2007, 3, 1), date(2015, 6, 8), date(2018, 8, 28),
)  # fmt: skip
CLOSINGS = (date(2023, 1, 1),) * 11 + (date(2019, 6, 1),)


@dataclass(frozen=True)
class Arc:
    """One arc as the feed describes it; `line` is in metres, None if it has no geometry."""

    arc_id: str
    label: str
    kind: Kind
    from_id: str
    from_label: str
    to_id: str
    to_label: str
    available_from: date
    available_to: date
    line: tuple[Point, ...] | None


@dataclass(frozen=True)
class City:
    """The arcs of a seed, sorted by identifier, and the role of each."""

    seed: int
    arcs: tuple[Arc, ...]
    roles: Ints

    def with_role(self, role: Role) -> list[str]:
        """Identifiers of the arcs that have a role, in order."""
        return [self.arcs[i].arc_id for i in np.flatnonzero(self.roles == role).tolist()]

    def of_kind(self, kind: Kind) -> list[str]:
        """Identifiers of the arcs of a kind, in order."""
        return [arc.arc_id for arc in self.arcs if arc.kind == kind]


def build_city(seed: int, arcs: int) -> City:
    """The city of a seed with exactly `arcs` arcs; raises BadArguments if that cannot be."""
    if not SMALLEST <= arcs <= LARGEST:
        raise BadArguments(
            f"--arcs {arcs}: a synthetic city has from {SMALLEST} to {LARGEST} arcs; choose one"
        )
    if seed < 0:
        raise BadArguments(f"--seed {seed}: a seed is a whole number from 0 on; choose another")
    network = build_network(seed, arcs)
    described = _describe(seed, network)
    described.sort(key=lambda arc: int(arc.arc_id))
    return City(seed, tuple(described), _roles(seed, arcs))


def _describe(seed: int, network: Network) -> list[Arc]:
    """The segments as arcs, with identifiers spread over a range as the city's own are."""
    rng = stream(seed, "arcs")
    count = len(network.segments)
    arc_ids = _identifiers(seed, "arc-ids", count)
    node_ids = _identifiers(seed, "node-ids", len(network.labels))
    openings = rng.integers(0, len(OPENINGS), count).tolist()
    closings = rng.integers(0, len(CLOSINGS), count).tolist()
    bare = set(rng.permutation(count)[: max(1, round(WITHOUT_GEOMETRY * count))].tolist())
    return [
        Arc(
            arc_id=arc_ids[i],
            label=SYNTHETIC_PREFIX + segment.label,
            kind=segment.kind,
            from_id=node_ids[segment.start],
            from_label=network.labels[segment.start],
            to_id=node_ids[segment.end],
            to_label=network.labels[segment.end],
            available_from=OPENINGS[openings[i]],
            available_to=CLOSINGS[closings[i]],
            line=None if i in bare else segment.line,
        )
        for i, segment in enumerate(network.segments)
    ]


def _identifiers(seed: int, purpose: str, count: int) -> list[str]:
    """Different numbers as text, from a range a little over twice as wide as needed."""
    chosen = stream(seed, purpose).permutation(count * 22 // 10)[:count] + 1
    return [str(number) for number in chosen.tolist()]


def _roles(seed: int, arcs: int) -> Ints:
    """A role for each arc, in exact shares, scattered over the city."""
    roles = np.full(arcs, Role.COUNTING, dtype=np.int64)
    order = stream(seed, "roles").permutation(arcs)
    start = 0
    for role, share in ROLE_SHARES.items():
        stop = start + round(share * arcs)
        roles[order[start:stop]] = role
        start = stop
    return roles
