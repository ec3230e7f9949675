"""Disruptions of an invented public transport: lines, stops, and what goes wrong when.

Disruptions are drawn for each day by its number: works with many periods, incidents of hours,
notices of weeks. An end is an estimate and may be put off; what is over leaves within the hour.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Literal

import numpy as np

from cityflow.calendar import PARIS
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.city import City
from cityflow_simulator.names import invent_names
from cityflow_simulator.plane import Degrees, on_ellipse, to_degrees
from cityflow_simulator.randomness import stream

Cause = Literal["TRAVAUX", "PERTURBATION", "INFORMATION"]
Severity = Literal["BLOQUANTE", "PERTURBEE", "INFORMATION"]
MOST_LINES, FEWEST_LINES, PER_ARC = 722, 40, 0.241
MODES = (
    ("Metro", 0.022), ("RapidTransit", 0.03), ("LocalTrain", 0.045), ("Tramway", 0.065),
    ("Bus", 1.0),
)  # fmt: skip
STOPS_A_LINE = 12
FURTHEST = 1.6  # from the centre, where 1 is the city limit
LOOK_BACK_DAYS = 150
STAYS, STAYS_LONGER, LONGER = timedelta(hours=1), timedelta(hours=60), 0.2
REASONS = ("travaux de voirie", "un incident technique", "une manifestation", "un affaissement",
           "la pose d'un échafaudage", "un accident")  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """One stop of a line, and where it is; the area is the station that it belongs to."""

    stop_id: str
    area_id: str
    name: str
    place: Degrees


@dataclass(frozen=True)
class TransitLine:
    """One line and its stops, in order."""

    line_id: str
    name: str
    short_name: str
    mode: str
    network_id: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Period:
    """From a local instant to another, both naive, as published."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Disruption:
    """One disruption, as it is published between `since` and `until` (UTC instants)."""

    disruption_id: str
    cause: Cause
    severity: Severity
    line: int
    section: tuple[int, int] | None
    periods: tuple[Period, ...]
    prolonged: tuple[datetime, timedelta] | None
    since: datetime
    stays: timedelta
    short: bool
    reason: str

    def periods_at(self, now: datetime) -> tuple[Period, ...]:
        """The periods as told at an instant: the last end may have been put off."""
        if self.prolonged is None or now < self.prolonged[0]:
            return self.periods
        last = self.periods[-1]
        return (*self.periods[:-1], Period(last.begin, last.end + self.prolonged[1]))

    def updated(self, now: datetime) -> datetime:
        """When it was last changed, as of `now`."""
        changed = self.prolonged is not None and now >= self.prolonged[0]
        return self.prolonged[0] if self.prolonged and changed else self.since

    def listed(self, now: datetime) -> bool:
        """Whether the feed has it at an instant."""
        end = self.periods_at(now)[-1].end.replace(tzinfo=PARIS)
        return self.since <= now <= end + self.stays


class Transit:
    """The public transport of a city."""

    def __init__(self, city: City) -> None:
        self.seed = city.seed
        count = min(MOST_LINES, max(FEWEST_LINES, round(PER_ARC * len(city.arcs))))
        self.lines = _lines(city.seed, count)
        self._starting = lru_cache(maxsize=1024)(self._begin)

    def listed(self, now: datetime) -> list[Disruption]:
        """What the feed holds at an instant, oldest first."""
        today = now.toordinal()
        every = (one for day in range(today - LOOK_BACK_DAYS, today + 1)
                 for one in self._starting(day))  # fmt: skip
        return [one for one in every if one.listed(now)]

    def _begin(self, ordinal: int) -> tuple[Disruption, ...]:
        """The disruptions first published on a day, by its number."""
        rng = stream(self.seed, "disruptions", ordinal)
        count = int(len(self.lines) * (0.035 + 0.03 * float(rng.random())))
        return tuple(self._one(rng, ordinal, turn) for turn in range(count))

    def _one(self, rng: np.random.Generator, ordinal: int, turn: int) -> Disruption:
        draw = float(rng.random())
        cause: Cause = "TRAVAUX" if draw < 0.5 else "PERTURBATION" if draw < 0.8 else "INFORMATION"
        line = int(rng.integers(0, len(self.lines)))
        start, end = sorted(int(n) for n in rng.integers(0, STOPS_A_LINE, 2))
        since = datetime.combine(
            datetime.fromordinal(ordinal), time(int(rng.integers(4, 23)), int(rng.integers(0, 60)))
        ).replace(tzinfo=PARIS)
        periods = _periods(rng, cause, since.replace(tzinfo=None))
        put_off = timedelta(hours=int(rng.integers(1, 72)))
        last = periods[-1].end.replace(tzinfo=PARIS)
        later = last - timedelta(minutes=int(rng.integers(1, 90)))
        whole = float(rng.random())
        return Disruption(
            disruption_id=_uuid(rng),
            cause=cause,
            severity=_severity(cause, float(rng.random())),
            line=line,
            section=(start, end) if float(rng.random()) < 0.36 else None,
            periods=periods,
            prolonged=(max(later, since), put_off) if whole < 0.2 else None,
            since=since,
            stays=STAYS_LONGER if float(rng.random()) < LONGER else STAYS,
            short=float(rng.random()) < 0.64,
            reason=REASONS[turn % len(REASONS)],
        )


def _severity(cause: Cause, draw: float) -> Severity:
    if cause == "INFORMATION":
        return "INFORMATION"
    return "BLOQUANTE" if draw < (0.55 if cause == "TRAVAUX" else 0.2) else "PERTURBEE"


def _periods(rng: np.random.Generator, cause: Cause, since: datetime) -> tuple[Period, ...]:
    """Hours for an incident; days, or nights again and again, for works and notices."""
    if cause == "PERTURBATION":
        length = float(rng.random())
        begin = since + timedelta(minutes=int(rng.integers(0, 5)))
        minutes = int(60_000 * length * length * length * length)
        return (Period(begin, begin + timedelta(minutes=minutes)),)
    ahead = timedelta(days=int(40 * float(rng.random()) * float(rng.random())))
    begin = datetime.combine((since + ahead).date(), time(int(rng.integers(0, 24)), 0))
    begin = max(begin, since)
    span = float(rng.random())
    if float(rng.random()) < 0.75:
        return (Period(begin, begin + timedelta(hours=6, days=int(70 * span * span))),)
    nights, hours = 1 + int(131 * span * span * span), int(rng.integers(2, 9))
    return tuple(
        Period(begin + timedelta(days=night), begin + timedelta(days=night, hours=hours))
        for night in range(nights)
    )


def _uuid(rng: np.random.Generator) -> str:
    digits = "".join(f"{int(n):04x}" for n in rng.integers(0, 65_536, 4))
    return f"{digits[:8]}-{digits[8:12]}-11f0-{digits[12:]}-0a58a9feac02"


def _places(seed: int, line: int) -> list[Degrees]:
    """Stops along a straight line through the city and its surroundings, equally far apart."""
    rng = stream(seed, "transit-stops", line)
    ends = [on_ellipse(FURTHEST * float(rng.random()), 360 * float(rng.random())) for _ in "ab"]
    (from_x, from_y), (to_x, to_y) = ends
    shares = [stop / (STOPS_A_LINE - 1) for stop in range(STOPS_A_LINE)]
    return [
        to_degrees((from_x + share * (to_x - from_x), from_y + share * (to_y - from_y)))
        for share in shares
    ]


def _lines(seed: int, count: int) -> tuple[TransitLine, ...]:
    rng = stream(seed, "transit-lines")
    numbers = rng.permutation(3_000)[:count].tolist()
    names = invent_names(seed + 4, count + STOPS_A_LINE)
    found = []
    for index in range(count):
        mode = next(mode for mode, share in MODES if index / count < share)
        first = 60_000 + int(numbers[index]) * STOPS_A_LINE
        stops = tuple(
            Stop(
                f"stop_point:IDFM:{first + stop}",
                f"stop_area:IDFM:{first + stop}",
                f"{SYNTHETIC_PREFIX}{names[index + stop].replace('_', ' ')}",
                place,
            )
            for stop, place in enumerate(_places(seed, index))
        )
        short = str(index + 1) if mode == "Metro" else f"{mode[0]}{index + 1}"
        found.append(
            TransitLine(
                line_id=f"line:IDFM:C{1_000 + int(numbers[index]):05d}",
                name=f"{SYNTHETIC_PREFIX}{short}",
                short_name=short,
                mode=mode,
                network_id=f"network:IDFM:Operator_{100 + index % 9}",
                stops=stops,
            )
        )
    return tuple(found)
