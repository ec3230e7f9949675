"""Bike counters beside the streets of the city, and what rides past them each hour.

Rain and cold keep riders away, every counter in its own measure. What stations do to the truth
(outages, zeros that last, spikes, a direction that fades) is drawn from wide ranges, whatever
anybody looks for.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np

from cityflow.calendar import DayType, day_type, hour_ends, hour_of_day
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import Arc, City
from cityflow_simulator.plane import Degrees, halfway, to_degrees
from cityflow_simulator.randomness import Flags, Floats, Ints, bell, between, stream
from cityflow_simulator.weather import rain_before, warmth_at

COUNTERS = 108
TWO_WAY = 0.38
HOUR = timedelta(hours=1)
WEEKDAY = (
    0.05, 0.03, 0.02, 0.05, 0.16, 0.6, 1.9, 2.4, 1.5, 1.0, 1.1, 1.2,
    1.2, 1.2, 1.3, 1.8, 2.6, 2.5, 1.7, 0.9, 0.55, 0.4, 0.23, 0.12,
)  # fmt: skip
WEEKEND = (
    0.14, 0.08, 0.06, 0.05, 0.07, 0.13, 0.27, 0.5, 0.76, 1.0, 1.27, 1.3,
    1.3, 1.57, 1.77, 1.79, 1.74, 1.25, 0.83, 0.54, 0.37, 0.25, 0.17, 0.11,
)  # fmt: skip
MONTHS = (0.72, 0.76, 0.95, 0.97, 1.05, 1.25, 1.10, 0.72, 1.40, 1.12, 0.85, 0.68)
WEEKEND_LIKE = {DayType.PUBLIC_HOLIDAY, DayType.SATURDAY, DayType.SUNDAY}
HOLIDAY = 0.8
POINTS = ("S-N", "SO-NE", "O-E", "NO-SE", "N-S", "NE-SO", "E-O", "SE-NO")
BLOCK_DAYS = 14
FAULT_SHARE = 0.06


@dataclass(frozen=True)
class Counter:
    """One counter: what the portal says of it, and the arc it stands beside."""

    counter_id: str
    name: str
    site_id: str
    site: str
    direction: str
    installed: date
    technical: str
    place: Degrees
    arc_id: str


@dataclass(frozen=True)
class Riders:
    """The counters of a city and their habits, arrays over counters."""

    seed: int
    counters: tuple[Counter, ...]
    level: Floats
    morning: Floats
    fear_of_rain: Floats


@dataclass(frozen=True)
class BikeFault:
    """Something injected at one counter on a day, for `hours` hours from the index `first`."""

    counter: int
    kind: str
    first: int
    hours: int
    size: float


@dataclass(frozen=True)
class BikeDay:
    """One day: hour starts in UTC, counts of (hours, counters), -1 where no row is published."""

    day: date
    starts: tuple[datetime, ...]
    counts: Ints
    rain_mm: Floats
    faults: list[BikeFault]


def build_riders(city: City) -> Riders:
    """The counters of a city and how many ride past each."""
    counters = _counters(city)
    rng = stream(city.seed, "riders")
    size = between(rng, 0.0, 1.0, len(counters))
    level = 8.0 + 115.0 * size + 100.0 * size * size * size * size * size
    level = level * between(rng, 0.8, 1.25, len(counters))
    for index in range(1, len(counters)):
        if counters[index].site_id == counters[index - 1].site_id:
            level[index] = level[index - 1] * float(between(rng, 0.5, 2.0))
    morning = between(rng, 0.45, 1.6, len(counters))
    return Riders(city.seed, counters, level, morning, between(rng, 0.15, 1.1, len(counters)))


def ride(riders: Riders, day: date) -> BikeDay:
    """What the counters publish of a local day of 23, 24 or 25 hours."""
    ends = hour_ends(day)
    hours = [hour_of_day(end) for end in ends]
    rain = rain_before(riders.seed, ends)
    counts = _riding(riders, day, hours, rain, warmth_at(riders.seed, ends))
    faults = _faults(riders, day, len(hours))
    for fault in faults:
        _apply(fault, counts)
    counts[~_answering(riders, day, len(hours))] = -1
    return BikeDay(day, tuple(end - HOUR for end in ends), counts, rain, faults)


def _riding(riders: Riders, day: date, hours: list[int], rain: Floats, warmth: Floats) -> Ints:
    rng = stream(riders.seed, "riding", day.toordinal())
    kind = day_type(day)
    free = kind in WEEKEND_LIKE
    profile = np.array(WEEKEND if free else WEEKDAY)[hours][:, None]
    early = np.array([hour < 13 for hour in hours])[:, None]
    lean = np.where(early, riders.morning, 2.05 - riders.morning) if not free else 1.0
    scale = MONTHS[day.month - 1] * (HOLIDAY if kind is DayType.SCHOOL_HOLIDAY_WEEKDAY else 1.0)
    wet = 1 + riders.fear_of_rain * np.sqrt(rain)[:, None] * 1.6
    cold = np.clip(0.82 + 0.012 * warmth, 0.6, 1.15)[:, None]
    habit = profile * lean * riders.level * scale * cold / wet * (1 + 0.06 * bell(rng, 1))
    shape = habit.shape
    counted = habit * (1 + 0.1 * bell(rng, *shape)) + np.sqrt(habit) * bell(rng, *shape)
    return np.clip(np.rint(counted), 0, 9_999).astype(np.int64)


def _faults(riders: Riders, day: date, hours: int) -> list[BikeFault]:
    """What stations do on a day; what lasts longer is drawn for a block of days."""
    ordinal = day.toordinal()
    block = stream(riders.seed, "bike-faults", ordinal // BLOCK_DAYS)
    found = []
    for counter in range(len(riders.counters)):
        chance, kind = float(block.random()), int(block.integers(0, 3))
        start, length = int(block.integers(0, BLOCK_DAYS)), int(block.integers(1, BLOCK_DAYS + 1))
        size = float(between(block, 0.02, 0.9))
        if chance < FAULT_SHARE and start <= ordinal % BLOCK_DAYS < start + length:
            name = ("zero", "low", "fading")[kind]
            found.append(BikeFault(counter, name, 0, hours, size))
    rng = stream(riders.seed, "bike-spikes", ordinal)
    for _ in range(int(1.6 * float(rng.random()) + 0.5)):
        counter, first = int(rng.integers(0, len(riders.counters))), int(rng.integers(0, hours))
        span = min(int(rng.integers(1, 6)), hours - first)
        found.append(BikeFault(counter, "spike", first, span, float(between(rng, 1.3, 12.0))))
    return found


def _apply(fault: BikeFault, counts: Ints) -> None:
    span = (slice(fault.first, fault.first + fault.hours), fault.counter)
    factor = {"zero": 0.0, "low": fault.size, "fading": fault.size, "spike": fault.size}[fault.kind]
    counts[span] = np.rint(counts[span] * factor).astype(np.int64)


@lru_cache(maxsize=8)
def _shares(seed: int, count: int) -> Floats:
    """Share of hours each counter answers: nearly all of them, nearly always."""
    rng = stream(seed, "bike-availability")
    steady = rng.random(count) < 0.92
    return np.where(steady, between(rng, 0.985, 1.0, count), between(rng, 0.4, 0.97, count))


def _answering(riders: Riders, day: date, hours: int) -> Flags:
    """Where a row is published: (hours, counters); outages are whole days or runs of hours."""
    count = len(riders.counters)
    share = _shares(riders.seed, count)
    block = stream(riders.seed, "bike-outage", day.toordinal() // BLOCK_DAYS)
    alive = block.random(count) >= 0.7 * (1 - share)
    rng = stream(riders.seed, "bike-holes", day.toordinal())
    length = (0.6 * hours * (1 - share) + rng.random(count)).astype(np.int64)
    length = np.where(rng.random(count) < 0.5, length, 0)
    start = rng.integers(0, hours, count)
    hole = (np.arange(hours)[:, None] - start) % hours < length
    return alive & ~hole


def _counters(city: City) -> tuple[Counter, ...]:
    """COUNTERS counters at sites along streets, some sites with both directions."""
    rng = stream(city.seed, "bike-sites")
    beside = [arc for arc in city.arcs if arc.line and arc.kind in ("avenue", "street")]
    order = rng.permutation(len(beside)).tolist()
    found: list[Counter] = []
    number = 0
    while len(found) < COUNTERS:
        arc = beside[order[number % len(order)]]
        found += _site(city.seed, arc, number)[: COUNTERS - len(found)]
        number += 1
    return tuple(found)


def _site(seed: int, arc: Arc, number: int) -> list[Counter]:
    """The counters of one site: one, or one each way."""
    rng = stream(seed, "bike-site", number)
    site_id = str(100_003_096 + number * 7 + int(rng.integers(0, 7)))
    house, both = int(rng.integers(1, 260)), float(rng.random()) < TWO_WAY
    street = arc.label.removeprefix(SYNTHETIC_PREFIX).replace("_", " ")
    site = f"{SYNTHETIC_PREFIX}{house} {street}"
    installed = date(2012, 2, 22) + timedelta(days=int(rng.integers(0, 4_600)))
    technical = f"X2H{int(rng.integers(10_000_000, 99_999_999))}"
    lon, lat = (round(degrees, 5) for degrees in to_degrees(halfway(arc.line or ())))
    heading = _heading(arc)
    ways = (heading, (heading + 4) % 8) if both else (heading,)
    return [
        Counter(
            f"{site_id}-{101_000_000 + number if not way else 353_000_000 + number}",
            f"{site} {POINTS[direction]}", site_id, site, POINTS[direction], installed,
            technical, (lon, lat), arc.arc_id,
        )
        for way, direction in enumerate(ways)
    ]  # fmt: skip


def _heading(arc: Arc) -> int:
    """The eighth of the compass an arc leads to, 0 for north, clockwise."""
    (x0, y0), (x1, y1) = (arc.line or ())[0], (arc.line or ())[-1]
    east, north = x1 - x0, y1 - y0
    slant = min(abs(east), abs(north)) * 2 > max(abs(east), abs(north))
    if slant:
        return {(1, 1): 1, (1, -1): 3, (-1, -1): 5, (-1, 1): 7}[_sign(east), _sign(north)]
    return (0 if north >= 0 else 4) if abs(north) >= abs(east) else (2 if east >= 0 else 6)


def _sign(value: float) -> int:
    return 1 if value >= 0 else -1
