"""Bike-share stations and what stands in them at any minute.

Bikes follow the day: stations of homes empty in the morning, those of offices fill up, and rain
leaves the bikes where they are. Some stations are closed, some have not reported for years.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from cityflow.calendar import PARIS
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import City
from cityflow_simulator.districts import SECTORS, build_districts
from cityflow_simulator.names import invent_names
from cityflow_simulator.plane import Degrees, centroid, on_ellipse, to_degrees
from cityflow_simulator.randomness import Flags, Floats, Ints, between, stream
from cityflow_simulator.weather import at

MOST = 1_469
PER_ARC = 0.49
SUBURBS = ("Vaubourg", "Montclair", "Issemoulin", "Clamartel", "Saint-Orme", "Pantinel")
AWAY = (
    0.1, 0.05, 0.0, 0.0, 0.05, 0.15, 0.4, 0.75, 1.0, 1.0, 0.95, 0.95,
    0.9, 0.9, 0.9, 0.9, 0.8, 0.6, 0.45, 0.35, 0.3, 0.25, 0.2, 0.15,
)  # fmt: skip
CLOSED, SILENT, NOT_RENTING = 0.006, 0.024, 0.012
HOUR_S = 3_600


@dataclass(frozen=True)
class Station:
    """One station as the feed describes it."""

    station_id: int
    code: str
    name: str
    place: Degrees
    capacity: int
    town: str
    takes_cards: bool


@dataclass(frozen=True)
class Fleet:
    """The stations of a city and their habits, arrays over stations."""

    seed: int
    stations: tuple[Station, ...]
    fullness: Floats
    pull: Floats
    electric: Floats


@dataclass(frozen=True)
class Stock:
    """What stands in the stations at an instant; `reported` are POSIX seconds."""

    mechanical: Ints
    electric: Ints
    docks: Ints
    installed: Flags
    renting: Flags
    reported: Ints


def build_fleet(city: City) -> Fleet:
    """The stations of a city."""
    count = min(MOST, max(20, round(PER_ARC * len(city.arcs))))
    rng = stream(city.seed, "fleet")
    stations = _stations(city, count)
    return Fleet(
        city.seed,
        stations,
        fullness=between(rng, 0.05, 0.75, count),
        pull=between(rng, -0.45, 0.45, count),
        electric=between(rng, 0.25, 0.75, count),
    )


def stock_at(fleet: Fleet, instant: datetime) -> Stock:
    """What the feed says of every station at an instant."""
    count = len(fleet.stations)
    capacity = np.array([station.capacity for station in fleet.stations])
    share = np.clip(_share(fleet, instant), 0.0, 1.0)
    usable = np.maximum(capacity - _broken(fleet, instant), 0)
    bikes = np.minimum(np.rint(share * capacity), usable).astype(np.int64)
    electric = np.minimum(np.rint(bikes * fleet.electric), bikes).astype(np.int64)
    fixed = stream(fleet.seed, "station-state", instant.date().toordinal() // 30)
    installed = fixed.random(count) >= CLOSED
    renting = installed & (fixed.random(count) >= NOT_RENTING)
    silent = fixed.random(count) < SILENT
    old = fixed.random(count)
    seen = stream(fleet.seed, "reported", int(instant.timestamp()) // 60).integers(0, 480, count)
    reported = np.where(silent, HOUR_S + old * old * 2_000 * 24 * HOUR_S, seen)
    docks = np.where(renting, usable - bikes, 0)
    return Stock(
        bikes - electric, electric, docks, installed, renting,
        (int(instant.timestamp()) - reported).astype(np.int64),
    )  # fmt: skip


def _share(fleet: Fleet, instant: datetime) -> Floats:
    """How full each station is: between the values of two whole hours."""
    local = instant.astimezone(PARIS)
    start = instant - timedelta(minutes=local.minute, seconds=local.second)
    part = (instant - start).total_seconds() / HOUR_S
    before, after = (_hourly(fleet, start + timedelta(hours=n)) for n in (0, 1))
    return before + (after - before) * part


def _hourly(fleet: Fleet, hour: datetime) -> Floats:
    local = hour.astimezone(PARIS)
    quiet = 0.4 if local.weekday() >= 5 else 1.0
    weather, index = at(fleet.seed, hour)
    dry = 1.0 / (1.0 + float(weather.rain_mm[index]))
    noise = stream(fleet.seed, "stock", int(hour.timestamp()) // HOUR_S)
    moved = fleet.pull * AWAY[local.hour] * quiet * (0.5 + 0.5 * dry)
    return fleet.fullness + moved + between(noise, -0.08, 0.08, len(fleet.stations))


def _broken(fleet: Fleet, instant: datetime) -> Ints:
    """Docks out of order this week: capacity is then more than docks and bikes together."""
    rng = stream(fleet.seed, "broken", instant.date().toordinal() // 7)
    count = len(fleet.stations)
    return np.where(rng.random(count) < 0.53, rng.integers(1, 5, count), 0)


def _stations(city: City, count: int) -> tuple[Station, ...]:
    rng = stream(city.seed, "stations")
    names = invent_names(city.seed + 3, count)
    outlines = [district.outline for district in build_districts(city.seed)]
    found, numbers = [], [0] * (len(outlines) + 1)
    for index in range(count):
        outside = float(rng.random()) > 0.68
        number = int(rng.integers(0, len(outlines)))
        if outside:
            radius, angle = 1.02 + 0.4 * float(rng.random()), round(360 * float(rng.random()), 6)
            place, key = on_ellipse(round(radius, 9), angle), len(outlines)
        else:
            x, y = centroid(outlines[number])
            spread = 500 if number < SECTORS[0] else 900
            dx, dy = (spread * (float(rng.random()) - 0.5) for _ in range(2))
            place, key = (x + dx, y + dy), number
        numbers[key] += 1
        prefix = 21 + index % 20 if outside else number + 1
        size = float(rng.random())
        found.append(
            Station(
                station_id=int(rng.integers(10_000, 300_000_000)),
                code=f"{prefix}{numbers[key]:03d}",
                name=f"{SYNTHETIC_PREFIX}{names[index]} - {names[(index * 7 + 3) % count]}",
                place=to_degrees(place),
                capacity=0 if size < 0.002 else 12 + int(56 * size * size),
                town=SUBURBS[index % len(SUBURBS)] if outside else "Paris",
                takes_cards=float(rng.random()) < 0.58,
            )
        )
    return tuple(found)
