"""The loop of every service that stays: turn after turn until it is asked to end.

A turn may be killed at any moment, so SIGTERM does not wait for it: it ends where it stands, and
the next start finishes the work. What a turn fails of is logged, and the next turn tries again.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

from cityflow.errors import BadArguments, CityFlowError
from cityflow.heartbeat import beat
from cityflow.telemetry import get_logger

Clock = Callable[[], datetime]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = get_logger(__name__)


class _Asked(BaseException):
    """A signal asked the process to end."""


def clock(start: datetime | None = None) -> Clock:
    """The time in UTC; with a start, that instant and what has passed since this call."""
    if start is None:
        return lambda: datetime.now(UTC)
    began, at = time.monotonic(), start.astimezone(UTC)
    return lambda: at + timedelta(seconds=time.monotonic() - began)


def watch(
    turn: Callable[[], None], pause_seconds: float, heartbeat_file: Path | None = None
) -> None:
    """Take turns with a pause in between, until SIGTERM or SIGINT; then return.

    How it goes is noted in the file, for a health check. Raises BadArguments of a turn, which no
    other turn would mend, and whatever is a bug.
    """
    with _asking():
        try:
            _log.info("watching", pause_seconds=pause_seconds)
            while True:
                _take(turn, heartbeat_file)
                time.sleep(pause_seconds)
        except _Asked:
            _log.info("ended as asked")


def _take(turn: Callable[[], None], heartbeat_file: Path | None) -> None:
    beat(heartbeat_file, "working")
    try:
        turn()
    except BadArguments:
        raise
    except CityFlowError as error:
        _log.error("turn failed", reason=str(error), exit_code=error.exit_code)
        beat(heartbeat_file, "failed", str(error), error.exit_code)
    else:
        beat(heartbeat_file, "resting")


@contextmanager
def _asking() -> Iterator[None]:
    """Signals raise _Asked, once: work that ends may not be disturbed again."""

    def ask(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise _Asked

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
