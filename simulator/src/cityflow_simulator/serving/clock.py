"""The time of the city: an instant that stands still until it is changed, or the real time."""

from datetime import UTC, datetime

from cityflow.errors import BadArguments


class Clock:
    """What every stand-in calls now; changed by the control interface."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self._fixed = fixed

    @property
    def fixed(self) -> bool:
        """Whether the time stands still."""
        return self._fixed is not None

    def now(self) -> datetime:
        """The present instant in UTC, whole seconds."""
        return (self._fixed or datetime.now(UTC)).replace(microsecond=0)

    def set(self, instant: datetime | None) -> None:
        """Stop the clock at an instant, or let it follow the real time."""
        self._fixed = instant


def instant_of(text: str) -> datetime:
    """An ISO instant such as 2025-10-07T08:00:00Z, in UTC. Raises BadArguments."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadArguments(f"{text!r} is no instant; write one as 2025-10-07T08:00:00Z") from error
    if found.tzinfo is None:
        raise BadArguments(f"{text!r} has no time zone; write it as 2025-10-07T08:00:00Z")
    return found.astimezone(UTC)
