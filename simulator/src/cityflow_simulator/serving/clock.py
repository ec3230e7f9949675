"""The time of the city: an instant that stands still or goes on, or the real time."""

import time
from datetime import UTC, datetime, timedelta

from cityflow.errors import BadArguments


class Clock:
    """What every stand-in calls now; changed by the control interface."""

    def __init__(self, start: datetime | None = None, *, running: bool = False) -> None:
        self._running = running
        self.set(start)

    @property
    def fixed(self) -> bool:
        """Whether the time stands still."""
        return self._start is not None and not self._running

    def now(self) -> datetime:
        """The present instant in UTC, whole seconds."""
        if self._start is None:
            return datetime.now(UTC).replace(microsecond=0)
        passed = time.monotonic() - self._since if self._running else 0.0
        return (self._start + timedelta(seconds=passed)).replace(microsecond=0)

    def set(self, instant: datetime | None) -> None:
        """Set the clock to an instant, where it stops unless it runs; None: the real time."""
        self._start, self._since = instant, time.monotonic()


def instant_of(text: str) -> datetime:
    """An ISO instant such as 2025-10-07T08:00:00Z, in UTC. Raises BadArguments."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadArguments(f"{text!r} is no instant; write one as 2025-10-07T08:00:00Z") from error
    if found.tzinfo is None:
        raise BadArguments(f"{text!r} has no time zone; write it as 2025-10-07T08:00:00Z")
    return found.astimezone(UTC)
