"""The second process may start before it is known whether it is needed: it has as much to load.

Light to load itself: this comes before anything else.
"""

import atexit
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Final, NamedTuple

CORES_NEEDED: Final = 2
# What a backfill of much data needs.
BACKFILL: Final = "cityflow_processor.backfill"
# Not `-m`: what it sends would be of `__main__`, which is another module here.
# The first process decides what an interrupt means, from the start on.
_PROGRAM: Final = (
    "from signal import SIG_IGN, SIGINT, signal; signal(SIGINT, SIG_IGN); "
    "from cityflow_processor.second import main; main()"
)


class Started(NamedTuple):
    """A second process that loads, or has loaded, and the number of our end of its socket."""

    process: subprocess.Popen[bytes]
    socket: int


_waiting: list[Started] = []


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start(module: str) -> Started:
    """Start a second process, which loads a module and waits. Raises OSError."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        number = theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, str(number), module],
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        return Started(process, ours.detach())


def begin() -> None:
    """Start one that a backfill may need, if there is a processor for it."""
    if cores() < CORES_NEEDED:
        return
    with suppress(OSError):  # the engine tries again when it needs one, and says so
        _waiting.append(start(BACKFILL))
        atexit.register(dismiss)


def take() -> Started | None:
    """The one that waits, which belongs to whoever takes it."""
    return _waiting.pop() if _waiting else None


def dismiss() -> None:
    """End the one that waits: it is not needed."""
    if started := take():
        os.close(started.socket)
        started.process.terminate()
        started.process.wait()
