"""What stations and the feed do to the truth: holes, loops out of order, missing days.

Sizes and lengths are drawn from wide ranges, never from any detector's limits. What lasts
longer than a day is drawn for a block of days by its calendar number, so that a day is the
same however many days are generated.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

import numpy as np

from cityflow_simulator.city import City, Role
from cityflow_simulator.randomness import Flags, Floats, Ints, between, stream
from cityflow_simulator.traffic import GRID, MOST_FLOW, Hours

StuckKind = Literal["zero", "constant", "high", "no_flow", "no_occupancy", "burst"]
STUCK_KINDS: tuple[StuckKind, ...] = (
    "zero", "no_flow", "no_occupancy", "no_occupancy", "constant", "constant", "high", "high",
    "burst", "burst",
)  # fmt: skip
STEADY_SHARE = 0.42
OUTAGE_DAYS = 4
OUTAGE_PART = 0.7
STUCK_DAYS = 7
STUCK_SHARE = 0.03
LEAST_HIGH_PCT, LEAST_BURST, MOST_BURST = 50.0, 1.2, 25.0
MONTH_DAYS = 28
SHUT_DAYS = 14
OPEN, INVALID, SHUT = 0, 1, 2
INVALID_SHARES = {Role.COUNTING: 0.12, Role.FLOW_ONLY: 0.12, Role.OCCUPANCY_ONLY: 0.12,
                  Role.SILENT: 0.60}  # fmt: skip


@dataclass(frozen=True)
class Episode:
    """A loop out of order for `hours` hours from the index `first` of the day.

    `size`: the occupancy in % of a `high` one, the factor on the flow of a `burst`, else 0.
    """

    arc: int
    kind: StuckKind
    first: int
    hours: int
    size: float

    @property
    def span(self) -> slice:
        """The hours as a slice over the day."""
        return slice(self.first, self.first + self.hours)


@lru_cache(maxsize=8)
def availability(seed: int, arcs: int) -> Floats:
    """Share of hours each arc's station answers: 42 % are steady, the rest patchy."""
    rng = stream(seed, "availability")
    steady = rng.random(arcs) < STEADY_SHARE
    return np.where(steady, between(rng, 0.93, 1.0, arcs), between(rng, 0.15, 0.98, arcs))


def answering(city: City, day: date, hours: int) -> tuple[Flags, Flags]:
    """Where flow and where occupancy is published: two arrays of (hours, arcs).

    Most of what a patchy arc lacks is lacking for whole blocks of days, the rest as one run
    of hours a day; now and then one of the two values is missing alone.
    """
    arcs = len(city.arcs)
    share = availability(city.seed, arcs)
    out = OUTAGE_PART * (1 - share)
    block = stream(city.seed, "outage", day.toordinal() // OUTAGE_DAYS)
    alive = block.random(arcs) >= out
    rng = stream(city.seed, "holes", day.toordinal())
    missing = 2 * hours * (1 - share / (1 - out))
    length = (missing * rng.random(arcs) + rng.random(arcs)).astype(np.int64)
    start = rng.integers(0, hours, arcs)
    hole = (np.arange(hours)[:, None] - start) % hours < length
    open_hours = alive & ~hole
    lone = rng.random((hours, arcs))
    keeps_occupancy = rng.random(arcs) < 0.12
    flow = open_hours & (lone > 0.008)
    occupancy = (open_hours & (lone < 0.994)) | (hole & alive & keeps_occupancy)
    roles = city.roles
    flow &= (roles == Role.COUNTING) | (roles == Role.FLOW_ONLY)
    occupancy &= (roles == Role.COUNTING) | (roles == Role.OCCUPANCY_ONLY)
    return flow, occupancy


def sprinkle_zeros(city: City, day: date, truth: Hours) -> None:
    """A measured zero now and then: no vehicle, so no occupancy either."""
    rng = stream(city.seed, "zeros", day.toordinal())
    rare = rng.random(truth.flow.shape) < 0.0004
    truth.flow[rare] = 0
    truth.occupancy[rare] = 0


def stuck(city: City, day: date, hours: int) -> list[Episode]:
    """Loops out of order on this day: stuck at something, blind to one value, or counting on."""
    ordinal = day.toordinal()
    rng = stream(city.seed, "stuck", ordinal // STUCK_DAYS)
    counting = np.flatnonzero(city.roles == Role.COUNTING)
    count = int(STUCK_SHARE * len(counting) + float(rng.random()))
    found = []
    for arc in rng.permutation(counting)[:count].tolist():
        kind = STUCK_KINDS[int(rng.integers(0, len(STUCK_KINDS)))]
        start, length = int(rng.integers(0, STUCK_DAYS)), int(rng.integers(1, STUCK_DAYS + 1))
        first, span = int(rng.integers(0, 22)), int(rng.integers(2, 25))
        size = _size(kind, float(rng.random()))
        if start <= ordinal % STUCK_DAYS < start + length:
            found.append(Episode(arc, kind, first, min(span, hours - first), size))
    return found


def _size(kind: StuckKind, draw: float) -> float:
    if kind == "high":
        return 100 - (100 - LEAST_HIGH_PCT) * draw * draw * draw
    return LEAST_BURST + (MOST_BURST - LEAST_BURST) * draw * draw if kind == "burst" else 0


def apply_stuck(found: list[Episode], truth: Hours, flow: Flags, occupancy: Flags) -> None:
    """Overwrite what loops out of order publish; they publish in all these hours."""
    for episode in found:
        at = (episode.span, episode.arc)
        flow[at] = occupancy[at] = True
        if episode.kind in ("zero", "no_flow"):
            truth.flow[at] = 0
        if episode.kind in ("zero", "no_occupancy"):
            truth.occupancy[at] = 0
        if episode.kind == "constant":
            truth.flow[at] = max(10, int(truth.flow[episode.first, episode.arc]))
            truth.occupancy[at] = max(GRID, int(truth.occupancy[episode.first, episode.arc]))
        if episode.kind == "high":
            truth.flow[at] = np.maximum(1, truth.flow[at] // 50)
            truth.occupancy[at] = int(episode.size * GRID)
        if episode.kind == "burst":
            counted = np.rint(truth.flow[at] * episode.size)
            truth.flow[at] = np.minimum(counted, MOST_FLOW).astype(np.int64)


def statuses(city: City, day: date) -> Ints:
    """OPEN, INVALID or SHUT for each arc; it says nothing about whether the arc has data."""
    arcs = len(city.arcs)
    chance = np.array([INVALID_SHARES[Role(role)] for role in range(len(Role))])[city.roles]
    invalid = stream(city.seed, "invalid").random(arcs) < chance
    shut = stream(city.seed, "shut", day.toordinal() // SHUT_DAYS).random(arcs) < 0.025
    return np.where(shut, SHUT, np.where(invalid, INVALID, OPEN)).astype(np.int64)


@lru_cache(maxsize=4096)
def is_missing(seed: int, day: date, share: float) -> bool:
    """True if the feed lost this whole day: runs of one to four days, `share` of all days."""
    block, offset = divmod(day.toordinal(), MONTH_DAYS)
    rng = stream(seed, "missing", block)
    runs = int(MONTH_DAYS * share / 2 + float(rng.random()))
    starts = rng.integers(0, MONTH_DAYS, MONTH_DAYS).tolist()
    lengths = rng.choice((1, 1, 2, 4), MONTH_DAYS).tolist()
    return any(starts[i] <= offset < starts[i] + lengths[i] for i in range(min(runs, MONTH_DAYS)))
