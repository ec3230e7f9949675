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
WEEKDAY = (
    0.42, 0.31, 0.23, 0.195, 0.20, 0.29, 0.52, 0.82, 0.98, 1.00, 0.97, 0.97,
    0.97, 0.97, 0.97, 1.00, 1.04, 1.08, 1.05, 0.98, 0.82, 0.66, 0.60, 0.52,
)  # fmt: skip
WEEKEND = (
    0.64, 0.52, 0.40, 0.32, 0.28, 0.27, 0.31, 0.42, 0.57, 0.73, 0.86, 0.94,
    0.96, 0.97, 1.00, 1.03, 1.05, 1.06, 1.05, 0.99, 0.88, 0.76, 0.73, 0.68,
)  # fmt: skip
MONTHS = (0.97, 0.97, 1.02, 1.01, 1.02, 1.08, 0.99, 0.81, 1.03, 1.04, 1.03, 1.01)
DAY_FACTORS = {
    DayType.PUBLIC_HOLIDAY: 0.84, DayType.BRIDGE_DAY: 0.90, DayType.SATURDAY: 0.97,
    DayType.SUNDAY: 0.90, DayType.SCHOOL_HOLIDAY_WEEKDAY: 0.95, DayType.MONDAY: 0.98,
    DayType.FRIDAY: 1.03,
}  # fmt: skip
WEEKEND_LIKE = {DayType.PUBLIC_HOLIDAY, DayType.SATURDAY, DayType.SUNDAY}
MORNING, EVENING = slice(7, 9), slice(16, 19)
LEVELS = {"ring": (2600.0, 5600.0), "access": (700.0, 2200.0), "avenue": (500.0, 1700.0),
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
    evening = rng.random(count) < 0.66
    weekday[EVENING] += np.where(evening, between(rng, 0.0, 0.2, count), 0.0)
    weekday[MORNING] += np.where(evening, 0.0, between(rng, 0.0, 0.3, count))
    weekend = np.array(WEEKEND)[:, None] * between(rng, 0.76, 1.2, count)
    free_flow_pct = between(rng, 3.5, 13.0, count)
    tightness = between(rng, 0.0, 1.0, count)
    pace = free_flow_pct / level
    return Traffic(city.seed, level, weekday, weekend, pace, 3.2 * tightness * tightness)


def drive(traffic: Traffic, day: date, hours_of_day: tuple[int, ...]) -> Hours:
    """The traffic of one day at the given local start hours (repeated at the autumn change)."""
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
    occupancy = np.clip(np.rint(share * GRID), 0, FULL)
    return Hours(counted.astype(np.int64), occupancy.astype(np.int64))
