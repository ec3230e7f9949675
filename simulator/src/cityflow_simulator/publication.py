"""When a day is published, and in which versions: late, cut short, corrected.

A day appears some days after it ends and may be renewed while it settles. The last version is the
day itself; an earlier one is cut short, has holes, or counts too few. A day that appears late is
never renewed, so whoever asks for missing days again finds it whole.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from cityflow_simulator.randomness import stream

Flaw = Literal["short", "holes", "low"]
FLAWS: tuple[Flaw, ...] = ("short", "holes", "low")
WINDOW_MONTHS = 13


@dataclass(frozen=True)
class Lateness:
    """Shares of days that appear late, and of days that are renewed."""

    late_days: float = 0.06
    revised_days: float = 0.12


@dataclass(frozen=True)
class Rhythm:
    """How a dataset is published: `lag_days` after the day, at an hour UTC; later it settles."""

    purpose: str
    lag_days: int
    at: time
    settles_days: int


ROADS_RHYTHM = Rhythm("roads-published", lag_days=2, at=time(1, 2, 50), settles_days=12)
BIKES_RHYTHM = Rhythm("bikes-published", lag_days=1, at=time(6, 10, 5), settles_days=26)
LATEST_DAYS = 25


@dataclass(frozen=True)
class Schedule:
    """When each version of each day of a dataset appears."""

    seed: int
    rhythm: Rhythm
    lateness: Lateness

    def versions(self, day: date) -> tuple[datetime, ...]:
        """The instants, UTC, at which the versions of a day appear, in order; at least one."""
        return _versions(self, day)

    def version(self, day: date, now: datetime) -> int | None:
        """The number of the version that stands at `now`, from 0; None before the first."""
        appeared = sum(appears <= now for appears in self.versions(day))
        return appeared - 1 if appeared else None

    def is_final(self, day: date, version: int) -> bool:
        """Whether a version is the day itself."""
        return version == len(self.versions(day)) - 1

    def flaw(self, day: date, version: int) -> Flaw | None:
        """What is wrong with a version; None for the last."""
        if self.is_final(day, version):
            return None
        rng = stream(self.seed, f"{self.rhythm.purpose}-flaw", day.toordinal(), version)
        return FLAWS[int(rng.integers(0, len(FLAWS)))]

    def processed(self, now: datetime) -> datetime:
        """The last daily batch before `now`."""
        today = datetime.combine(now.astimezone(UTC).date(), self.rhythm.at, UTC)
        return today if today <= now else today - timedelta(days=1)

    def days(self, now: datetime) -> list[date]:
        """The days of the rolling window that have been published, in order."""
        last = now.astimezone(UTC).date()
        first = last - timedelta(days=round(WINDOW_MONTHS * 365.25 / 12))
        span = (last - first).days
        every = (first + timedelta(days=n) for n in range(span))
        return [day for day in every if self.version(day, now) is not None]


@lru_cache(maxsize=4096)
def _versions(schedule: Schedule, day: date) -> tuple[datetime, ...]:
    rng = stream(schedule.seed, schedule.rhythm.purpose, day.toordinal())
    chance = float(rng.random())
    delay, gap, times = (int(rng.integers(*limits)) for limits in
                         ((1, LATEST_DAYS), (1, schedule.rhythm.settles_days), (1, 3)))  # fmt: skip
    on_time = datetime.combine(day, schedule.rhythm.at, UTC) + timedelta(schedule.rhythm.lag_days)
    if chance < schedule.lateness.late_days:
        return (on_time + timedelta(days=delay),)
    if chance < schedule.lateness.late_days + schedule.lateness.revised_days:
        later = {max(1, gap * turn // times) for turn in range(1, times + 1)}
        return (on_time, *(on_time + timedelta(days=days) for days in sorted(later)))
    return (on_time,)
