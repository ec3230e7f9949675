"""Services side by side until Ctrl-C; no process started here outlives it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

LOOPBACK = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 60.0, 5.0


class CannotServe(Exception):
    """A service cannot start or has ended; the message says why and what to do."""


@dataclass(frozen=True)
class Service:
    """A program that answers `health` on a port of loopback; `setting` names the port."""

    program: str
    setting: str
    port: int
    health: str

    @property
    def name(self) -> str:
        """Its command without the folder."""
        return Path(self.program).name


Running = Mapping[Service, subprocess.Popen[bytes]]


def refuse_busy(services: Sequence[Service]) -> None:
    """Raise CannotServe if a port is taken; ask before any work is done in vain."""
    with ExitStack() as stack:
        for service in services:
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, service.port))
                probe.listen()
            except OSError as error:
                raise CannotServe(
                    f"port {service.port} for {service.name}: {error.strerror}; "
                    f"choose another: make demo {service.setting}={service.port + 10}"
                ) from error


def serve(
    services: Sequence[Service], environment: Mapping[str, str], ready: Callable[[], None]
) -> None:
    """Start the services, call `ready` once all answer, and wait for KeyboardInterrupt.

    Raises CannotServe when one does not start or ends by itself. All are ended on every way out.
    """
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        running = {
            service: stack.enter_context(_process(service.program, environment))
            for service in services
        }
        for service in services:
            _await(service, running)
        ready()
        while True:
            _refuse_ended(running)
            time.sleep(0.2)


@contextmanager
def _process(program: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    # A session of its own: Ctrl-C reaches only the demo, which then ends the whole group.
    process = subprocess.Popen([program], env=environment, start_new_session=True)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, then end its whole group, whatever is left of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _await(service: Service, running: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(service):
        _refuse_ended(running)
        if time.monotonic() > deadline:
            raise CannotServe(f"{service.name} does not answer after {START_SECONDS:.0f} s")
        time.sleep(0.1)


def _answers(service: Service) -> bool:
    connection = HTTPConnection(LOOPBACK, service.port, timeout=2)
    try:
        connection.request("GET", service.health)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _refuse_ended(running: Running) -> None:
    for service, process in running.items():
        if process.poll() is not None:
            raise CannotServe(f"{service.name} ended with exit code {process.returncode}")
