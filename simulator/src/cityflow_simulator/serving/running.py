"""The stand-ins as a process: from the first open port to a signal to end."""

import signal
import sys
from threading import Event
from types import FrameType

from cityflow_simulator.serving.app import StandIns


def serve_until_told(stand_ins: StandIns) -> None:
    """Serve until SIGTERM or Ctrl-C; one line on standard output names each address.

    Raises BadArguments if a port is taken.
    """
    told = Event()

    def end(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    stand_ins.open()
    for listener in stand_ins.listeners:
        sys.stdout.write(f"{listener.url}\n")
    sys.stdout.flush()
    told.wait()
    stand_ins.close()
