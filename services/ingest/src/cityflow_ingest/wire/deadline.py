"""The time for one answer, headers and all: a timeout of the socket ends silence, not a trickle."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from cityflow_ingest.wire.faults import Fault

_GRACE_SECONDS: Final = 0.5
"""Who reads a body looks at the time too, and can say how much of it came."""


class _Deadline:
    """Hangs up on the answer that is being read when its time is over."""

    def __init__(self) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def watch(self, connection: socket.socket | None) -> None:
        """The answer comes over this connection."""
        with self._lock:
            self._socket = connection
            if self.is_over:
                self._hang_up()

    def end(self) -> None:
        """The time is over."""
        with self._lock:
            self.is_over = True
            self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            # That of TLS would first drop the layer that the reader is in.
            with suppress(OSError):  # it was closed before
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_CURRENT: Final[ContextVar[_Deadline | None]] = ContextVar("deadline", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Answers over connections of a TimedAdapter end by then. Raises Fault if one did not."""
    deadline = _Deadline()
    timer = threading.Timer(seconds + _GRACE_SECONDS, deadline.end)
    timer.daemon = True
    token = _CURRENT.set(deadline)
    timer.start()
    try:
        yield
    except Fault as fault:
        if not deadline.is_over or fault.kind == "too slow" or fault.kind.startswith("HTTP "):
            raise
        raise _too_slow() from None
    else:
        # What was hung up on may look complete.
        if deadline.is_over:
            raise _too_slow()
    finally:
        timer.cancel()
        _CURRENT.reset(token)


def _too_slow() -> Fault:
    return Fault("too slow", "the time for one answer was over")


class TimedAdapter(HTTPAdapter):
    """Connections that `time_limit` ends."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the connections, those of no proxy."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Those of a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Watched(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if (deadline := _CURRENT.get()) is not None:
            deadline.watch(self.sock)
        return super().getresponse()


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


_POOLS: Final = {"http": _Pool, "https": _TlsPool}
