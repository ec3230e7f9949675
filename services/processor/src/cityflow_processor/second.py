"""A second process beside this one: threads of one process wait for each other's Python.

What goes to it and comes back is pickled over a socket that only the two hold. It opens the same
store by the same settings, and ends with the process that started it.
"""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from subprocess import TimeoutExpired
from typing import Any, Final, NamedTuple, Protocol

from cityflow.errors import CityFlowError
from cityflow.settings import Settings
from cityflow.storage import Store, open_store
from cityflow.telemetry import configure_logging
from cityflow_processor import early
from cityflow_processor.freed import give_back_memory

_PATIENCE_SECONDS: Final = 30.0


class Kind(Protocol):
    """Units of one kind, as `engine.Task` describes them."""

    @property
    def spec(self) -> Any:
        """What the context is made of."""

    @property
    def prepare(self) -> Callable[[Store, Any], Any]:
        """Makes the context that units share."""

    @property
    def work(self) -> Callable[[Store, Any, Any], Any]:
        """Computes one unit."""


class SecondLost(Exception):
    """The second process ended before it gave a result."""


class _Call(NamedTuple):
    """One unit of a run of the engine; `kind` only where the run is new to the other side."""

    run: int
    kind: Kind | None
    item: Any


class _Answer(NamedTuple):
    result: Any
    error: Exception | None


class Second:
    """The second process as the first one sees it. One thread at a time may use it."""

    def __init__(self, settings: Settings, module: str) -> None:
        """Start it, if none waits; it loads the module of its first units while we go on."""
        self._process, number = early.take() or early.start(module)
        self._socket = Connection(number)
        self._socket.send(settings)
        self._run: int | None = None
        self._is_loaded = False

    def wait_loaded(self) -> None:
        """Return when it can compute, or has ended: the first unit will tell."""
        if not self._is_loaded:
            with suppress(EOFError, OSError):
                self._socket.recv()
            self._is_loaded = True

    def compute(self, run: int, kind: Kind, item: Any) -> Any:
        """The result of a unit, or the error that it raised. Raises SecondLost."""
        known, self._run = self._run == run, run
        try:
            self._socket.send(_Call(run, None if known else kind, item))
            answer: _Answer = self._socket.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise SecondLost from error
        if answer.error is not None:
            raise answer.error
        return answer.result

    def close(self) -> None:
        """Let it end, when what it is at is done."""
        self._socket.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _serve(socket: Connection) -> None:
    """Compute what is asked for until nobody asks any more."""
    settings: Settings = socket.recv()
    configure_logging(settings)
    run, kind, context = None, None, None
    with open_store(settings) as store:
        socket.send(None)
        while True:
            call: _Call = socket.recv()
            try:
                if call.run != run:
                    assert call.kind is not None
                    give_back_memory()
                    kind, context = call.kind, call.kind.prepare(store, call.kind.spec)
                    run = call.run
                    gc.freeze()
                assert kind is not None
                answer = _Answer(kind.work(store, context, call.item), None)
            except Exception as error:  # it belongs to whoever asked
                answer = _Answer(None, error)
            socket.send(answer)


def main() -> None:
    """Entry of the second process: the number of its end of the socket, and what to load."""
    # The first process is done, or gone; or the store cannot be opened, which it will say itself.
    with suppress(EOFError, OSError, CityFlowError):
        import_module(sys.argv[2])
        _serve(Connection(int(sys.argv[1])))
    os._exit(0)  # the store is closed: to take the rest apart would keep the first one waiting
