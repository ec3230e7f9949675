"""What really drives on the arcs, before any station fails: flow and occupancy of each hour.

Occupancy follows flow along a fundamental diagram and stands on the feed's own grid of
1/1800 %. Sizes are those measured in Paris: a plateau of some 830 vehicles an hour by day,
a minimum at 3 to 5 in the morning, August at -19 %, fuller nights at weekends.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from cityflow.calendar import DayType, day_type
from cityflow_simulator.city import City
from cityflow_simulator.randomness import Floats, Ints, bell, between, stream

GRID = 1800
FULL = 100 * GRID
MOST_FLOW = 11_999
DENSE_PCT, ROOM_PCT = 55.0, 30.0
"""Where a queue begins to have gaps, and how slowly: no hour of 12,674 real ones with flow is
occupied for more than 78 %, since vehicles that are counted must move.
"""
WEEKDAY = (
    0.36, 0.26, 0.19, 0.165, 0.175, 0.26, 0.50, 0.80, 0.93, 0.96, 0.95, 0.95,
    0.95, 0.95, 0.95, 0.97, 0.98, 0.99, 0.98, 0.95, 0.80, 0.64, 0.56, 0.46,
)  # fmt: skip
WEEKEND = (
    0.58, 0.46, 0.35, 0.27, 0.24, 0.24, 0.29, 0.40, 0.56, 0.73, 0.87, 0.95,
    0.97, 0.98, 1.00, 1.02, 1.03, 1.04, 1.03, 0.98, 0.88, 0.76, 0.71, 0.64,
)  # fmt: skip
PEAKS = {7: 0.12, 8: 0.15, 10: 0.05, 11: 0.06, 12: 0.05, 15: 0.08, 16: 0.11, 17: 0.27, 18: 0.11}
MONTHS = (0.97, 0.97, 1.02, 1.01, 1.02, 1.08, 1.02, 0.85, 1.03, 1.04, 1.03, 1.01)
DAY_FACTORS = {
    DayType.PUBLIC_HOLIDAY: 0.84, DayType.BRIDGE_DAY: 0.90, DayType.SATURDAY: 0.97,
    DayType.SUNDAY: 0.90, DayType.SCHOOL_HOLIDAY_WEEKDAY: 0.95, DayType.MONDAY: 0.98,
    DayType.FRIDAY: 1.03,
}  # fmt: skip
WEEKEND_LIKE = {DayType.PUBLIC_HOLIDAY, DayType.SATURDAY, DayType.SUNDAY}
LEVELS = {"ring": (2600.0, 4800.0), "access": (700.0, 2200.0), "avenue": (500.0, 1700.0),
          "street": (120.0, 820.0)}  # fmt: skip


@dataclass(frozen=True)
class Traffic:
    """The habits of each arc of a city: arrays over arcs, and profiles of (24 hours, arcs)."""

    seed: int
    level: Floats
    weekday: Floats
    weekend: Floats
    pace: Floats
    tightness: Floats


@dataclass(frozen=True)
class Hours:
    """Flow (vehicles) and occupancy (1/1800 %) of one day, arrays of (hours, arcs)."""

    flow: Ints
    occupancy: Ints


def build_traffic(city: City) -> Traffic:
    """The habits of every arc of the city."""
    rng = stream(city.seed, "habits")
    count = len(city.arcs)
    bounds = np.array([LEVELS[arc.kind] for arc in city.arcs])
    level = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * rng.random(count)
    weekday = np.repeat(np.array(WEEKDAY)[:, None], count, axis=1)
    weekend = np.repeat(np.array(WEEKEND)[:, None], count, axis=1)
    bump = _peak(rng, count)
    weekday += bump
    weekend = (weekend + 0.4 * bump) * between(rng, 0.84, 1.27, count)
    free_flow_pct = between(rng, 3.5, 13.0, count)
    tightness = between(rng, 0.0, 1.0, count)
    pace = free_flow_pct / level
    return Traffic(city.seed, level, weekday, weekend, pace, 3.2 * tightness * tightness)


def _peak(rng: np.random.Generator, count: int) -> Floats:
    """A bump of (24 hours, arcs) around each arc's own peak hour, half as high beside it."""
    hours, shares = list(PEAKS), np.cumsum(list(PEAKS.values()))
    chosen = np.minimum(np.searchsorted(shares, rng.random(count)), len(hours) - 1)
    centre = np.array(hours)[chosen]
    height = np.where(centre < 10, between(rng, 0.1, 0.34, count), between(rng, 0.04, 0.24, count))
    distance = np.abs(np.arange(24)[:, None] - centre)
    bump: Floats = height * np.maximum(0.0, 1 - distance / 2)
    return bump


def drive(traffic: Traffic, day: date, hours_of_day: tuple[int, ...]) -> Hours:
    """The traffic of one day at the given local start hours (repeated at the autumn change).

    Its occupancy is a demand, perhaps above 100 %, until `leave_gaps` has bent it.
    """
    rng = stream(traffic.seed, "traffic", day.toordinal())
    shape = (len(hours_of_day), len(traffic.level))
    kind = day_type(day)
    profile = traffic.weekend if kind in WEEKEND_LIKE else traffic.weekday
    scale = MONTHS[day.month - 1] * DAY_FACTORS.get(kind, 1.0) * (1 + 0.025 * bell(rng, 1))
    habit = profile[list(hours_of_day)] * traffic.level * scale * (1 + 0.05 * bell(rng, shape[1]))
    flow = habit * (1 + 0.07 * bell(rng, *shape)) + 0.8 * np.sqrt(habit) * bell(rng, *shape)
    counted = np.clip(np.rint(flow), 1, MOST_FLOW)
    load = np.minimum(counted / (1.1 * traffic.level), 1.6)
    squeezed = 1 + traffic.tightness * load * load * load * load
    share = traffic.pace * counted * squeezed * (1 + 0.06 * bell(rng, *shape))
    occupancy = np.maximum(np.rint(share * GRID), 0)
    return Hours(counted.astype(np.int64), occupancy.astype(np.int64))


def leave_gaps(truth: Hours) -> None:
    """Bend what lies above DENSE_PCT towards 85 %: a queue that moves is never fully occupied."""
    share = truth.occupancy / GRID
    beyond = np.maximum(share - DENSE_PCT, 0.0)
    bent = DENSE_PCT + beyond * ROOM_PCT / (beyond + ROOM_PCT)
    dense = np.rint(bent * GRID).astype(np.int64)
    truth.occupancy[:] = np.where(beyond > 0, dense, truth.occupancy)
