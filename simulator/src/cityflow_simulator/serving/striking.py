"""Around the application: notes every request, and lets a fault do its work on the answer."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from cityflow_simulator.serving import bodies
from cityflow_simulator.serving.clock import Clock
from cityflow_simulator.serving.explore_routes import FAULT
from cityflow_simulator.serving.faults import Book, Fault
from cityflow_simulator.serving.refusals import Headers, refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL: Final = "/_control"
HOST: Final = "cityflow.host"
_CONTENT: Final = frozenset(
    {"header", "rename_field", "drop_field", "add_field", "stale", "forbidden"}
)
_MOST: Final = 100_000
_KEY: Final = re.compile(r"((?:^|&)apikey=)[^&]*", re.IGNORECASE)

Answering = Callable[[Fault, "WSGIEnvironment", "StartResponse"], Iterable[bytes]]


@dataclass(frozen=True)
class Asked:
    """One request as the control interface lists it."""

    host: int
    path: str
    query: str
    fault: str | None


class Log:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._asked: deque[Asked] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def note(self, asked: Asked) -> None:
        """Add a request."""
        with self._lock:
            self._asked.append(asked)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._asked.clear()

    def entries(self) -> list[dict[str, Any]]:
        """All as plain values."""
        with self._lock:
            return [asdict(asked) for asked in self._asked]


class Striking:
    """A WSGI application that gives what the inner one answers, or what a fault makes of it."""

    def __init__(self, inner: "WSGIApplication", book: Book, clock: Clock, log: Log) -> None:
        self._inner = inner
        self._book = book
        self._clock = clock
        self._log = log
        self._kinds: dict[str, Answering] = {
            "status": self._status,
            "html": _html,
            "empty": _empty,
            "oversize": _oversize,
            "gzip_bomb": _bomb,
            "redirect": _redirect,
        }

    def on(self, host: int) -> "WSGIApplication":
        """The application as listener `host` serves it."""

        def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            return self._answer(host, environ, start)

        return app

    def _answer(
        self, host: int, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        environ[HOST] = host
        if path.startswith(CONTROL):
            return self._inner(environ, start)
        fault = self._book.strike(host, path, unquote_plus(environ["QUERY_STRING"]))
        kind = fault.kind if fault else None
        self._log.note(Asked(host, path, _without_key(environ["QUERY_STRING"]), kind))
        if fault is None:
            return self._inner(environ, start)
        if fault.kind in _CONTENT:
            environ[FAULT] = fault
            return self._inner(environ, start)
        if fault.kind in self._kinds:
            return self._kinds[fault.kind](fault, environ, start)
        return self._on_the_way(fault, environ, start)

    def _on_the_way(
        self, fault: Fault, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """The real answer, of which the fault lets only a part arrive, or slowly."""
        if fault.kind == "slow":
            time.sleep(fault.delay)
            return bodies.slow(self._inner(environ, start), fault.bytes_per_second)
        if fault.kind == "reset":
            pieces = self._inner(environ, start)
            return bodies.reset(pieces, fault.at, environ["werkzeug.socket"])
        if fault.kind == "truncated_gzip":
            return bodies.without_end(self._packed(environ, start))
        drop = fault.clean
        return bodies.cut(self._inner(environ, _without_length(start) if drop else start),
                          fault.at, fault.clean)  # fmt: skip

    def _packed(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterator[bytes]:
        """The answer in gzip, as it comes or made so here."""
        kept: list[Any] = []

        def hold(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            kept[:] = [status, headers]
            return lambda data: None

        pieces = self._inner(environ, hold)
        names = {name.lower(): value for name, value in kept[1]}
        is_packed = names.get("content-type") == "application/gzip" or "content-encoding" in names
        headers = [pair for pair in kept[1] if pair[0].lower() != "content-length"]
        if not is_packed:
            headers.append(("Content-Encoding", "gzip"))
        start(kept[0], headers)
        return iter(pieces) if is_packed else bodies.gzipped(pieces)

    def _status(
        self, fault: Fault, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        now = self._clock.now()
        told = refusal(environ["PATH_INFO"], fault.status, fault.reset_seconds, now)
        start(told.line, [*told.headers, ("Content-Length", str(len(told.body)))])
        return [told.body]


def _without_key(query: str) -> str:
    """A query as it may be shown: a key of the portal stays secret."""
    return _KEY.sub(r"\1…", query)


def _without_length(start: "StartResponse") -> "StartResponse":
    def shorter(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        kept = [pair for pair in headers if pair[0].lower() != "content-length"]
        return start(status, kept, exc_info)

    return shorter


def _html(fault: Fault, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    page = b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>" \
           b"<body><h1>Site en maintenance</h1></body></html>\n"  # fmt: skip
    start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [page]


def _empty(fault: Fault, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/csv; charset=utf-8"), ("Content-Length", "0")])
    return []


def _oversize(fault: Fault, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/csv; charset=utf-8")])
    return bodies.oversize(fault.bytes)


def _bomb(fault: Fault, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    packed = "compressed=true" in environ["QUERY_STRING"]
    media = ("Content-Type", "application/gzip" if packed else "text/csv; charset=utf-8")
    start("200 OK", [media] if packed else [media, ("Content-Encoding", "gzip")])
    return bodies.bomb(fault.bytes)


def _redirect(fault: Fault, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    start("302 Found", [("Location", fault.to), ("Content-Length", "0")])
    return []
