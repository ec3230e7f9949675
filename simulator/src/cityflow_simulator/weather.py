"""The weather over the city, one for all of it: values at every whole hour UTC of any day.

Precipitation at an instant is the sum of the hour before it, in mm. Sizes are those of Paris:
some 11 % of the hours are wet, half of the wet ones below 0.4 mm, a year has some 800 mm.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from cityflow_simulator.randomness import Floats, Ints, bell, between, stream

MONTHLY = (4.6, 7.0, 9.8, 13.0, 16.1, 20.1, 21.2, 21.3, 16.6, 13.4, 8.4, 6.0)
DIURNAL = (
    -1.4, -1.7, -2.1, -2.4, -2.6, -2.8, -2.6, -2.2, -1.4, -0.1, 1.0, 1.9,
    2.7, 3.3, 3.5, 3.6, 3.4, 2.9, 2.3, 1.5, 0.8, 0.1, -0.5, -1.0,
)  # fmt: skip
SPELL_DAYS = 5
HOURS = 24
CODES = ((0.05, 51), (0.45, 61), (2.5, 63), (7.5, 65))
SNOW_CODES = ((0.05, 71), (1.0, 73), (3.0, 75))


@dataclass(frozen=True)
class Weather:
    """Arrays over the 24 whole hours of a day UTC."""

    temperature_c: Floats
    precipitation_mm: Floats
    snowfall_cm: Floats
    wind_kmh: Floats
    humidity_pct: Ints
    cloud_pct: Ints
    code: Ints

    @property
    def rain_mm(self) -> Floats:
        """Precipitation that is not snow."""
        return np.where(self.snowfall_cm > 0, 0.0, self.precipitation_mm)


@lru_cache(maxsize=1024)
def weather_of(seed: int, day: date) -> Weather:
    """The weather of one day UTC."""
    rng = stream(seed, "weather", day.toordinal())
    wet = _rain(seed, day, rng)
    sky = np.clip(np.rint(_lasting(seed, "sky", day) * 130 - 10 + 8 * bell(rng, HOURS)), 0, 100)
    cloud = np.where(wet > 0, np.maximum(sky, 70.0), sky)
    today, tomorrow = (_warmth(seed, day + timedelta(days=n)) for n in (0, 1))
    warmth = today + (tomorrow - today) * np.arange(HOURS) / HOURS
    swing = 1.2 - 0.7 * cloud / 100
    heat = np.round(warmth + np.array(DIURNAL) * swing - np.where(wet > 0, 0.8, 0.0), 1)
    gust = _lasting(seed, "wind", day)
    wind = np.round(2.0 + 34.0 * gust * gust * gust + 2.2 * np.abs(bell(rng, HOURS)), 1)
    damp = np.clip(np.rint(92 - 2.4 * (heat - heat.min()) - 14 * (cloud < 40)), 25, 100)
    snow = np.where((heat < 0.8) & (wet > 0), np.round(0.7 * wet, 2), 0.0)
    code = _codes(cloud, wet, snow)
    return Weather(heat, wet, snow, wind, damp.astype(np.int64), cloud.astype(np.int64), code)


def at(seed: int, instant: datetime) -> tuple[Weather, int]:
    """The weather of the day of an instant, and the index of its hour."""
    moment = instant.astimezone(UTC)
    return weather_of(seed, moment.date()), moment.hour


def rain_before(seed: int, instants: tuple[datetime, ...]) -> Floats:
    """Rain in the hour before each instant, mm."""
    found = (at(seed, instant) for instant in instants)
    return np.array([float(weather.rain_mm[hour]) for weather, hour in found])


def warmth_at(seed: int, instants: tuple[datetime, ...]) -> Floats:
    """Temperature at each instant, °C."""
    found = (at(seed, instant) for instant in instants)
    return np.array([float(weather.temperature_c[hour]) for weather, hour in found])


def _lasting(seed: int, purpose: str, day: date) -> float:
    """A number in 0..1 that changes over days: between two knots, with a little of the day."""
    block, offset = divmod(day.toordinal(), SPELL_DAYS)
    before, after = (float(stream(seed, purpose, number).random()) for number in (block, block + 1))
    own = float(stream(seed, f"{purpose}-day", day.toordinal()).random())
    return 0.65 * (before + (after - before) * offset / SPELL_DAYS) + 0.35 * own


def _warmth(seed: int, day: date) -> float:
    """Mean temperature at the beginning of a day."""
    own = float(bell(stream(seed, "warmth-own", day.toordinal()), 1)[0])
    return _season(day) + 11.0 * (_lasting(seed, "warmth", day) - 0.5) + 1.2 * own


def _season(day: date) -> float:
    """Mean temperature of the time of year: between the middles of two months."""
    middle = date(day.year, day.month, 15)
    other = middle + timedelta(days=31 if day >= middle else -31)
    share = abs((day - middle).days) / 30.4
    return MONTHLY[day.month - 1] * (1 - share) + MONTHLY[other.month - 1] * share


def _rain(seed: int, day: date, rng: np.random.Generator) -> Floats:
    """Spells of rain: more of them, and longer, while the sky is heavy."""
    wet = np.zeros(HOURS)
    heavy = _lasting(seed, "sky", day)
    for _ in range(int(3.3 * heavy * float(rng.random()) + 0.5)):
        start, length = int(rng.integers(0, HOURS)), int(rng.integers(1, 9))
        strength = float(between(rng, 0.0, 1.0))
        peak = 0.1 + 3.4 * strength * strength * strength
        shape = between(rng, 0.15, 1.0, HOURS)
        if float(rng.random()) < 0.03:
            peak *= 8
        span = slice(start, min(start + length, HOURS))
        wet[span] += peak * shape[span]
    return np.round(wet, 1)


def _codes(cloud: Floats, wet: Floats, snow: Floats) -> Ints:
    """WMO codes: sky, then rain or snow by its amount."""
    code = np.select([cloud < 12, cloud < 37, cloud < 75], [0, 1, 2], 3)
    for low, number in CODES:
        code = np.where(wet > low, number, code)
    for low, number in SNOW_CODES:
        code = np.where(snow > low, number, code)
    return code.astype(np.int64)
