"""A proxy on loopback that breaks requests to a stand-in of AWS, which lives on behind it.

Connections are cut for real: the client gets a reset.
"""

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

import time_machine

LOOPBACK: Final = "127.0.0.1"
MOST_SKEW: Final = timedelta(minutes=5)
THROTTLED: Final = (
    b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}'
)
SLOW_DOWN: Final = b"<Error><Code>SlowDown</Code><Message>slow</Message></Error>"
CONFLICT: Final = b"<Error><Code>ConditionalRequestConflict</Code><Message>x</Message></Error>"
EXPIRED: Final = (
    b'{"__type":"com.amazon.coral.service#InvalidSignatureException",'
    b'"message":"Signature expired: 20250101T000000Z is now earlier than 20250101T030000Z"}'
)
SKEWED: Final = b"<Error><Code>RequestTimeTooSkewed</Code><Message>off</Message></Error>"


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def action(self) -> str:
        """`PutItem`, or for S3 `PUT`, with the name of its subresource: `POST uploads`."""
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        query = urlsplit(self.path).query.partition("=")[0].partition("&")[0]
        return f"{self.method} {query}".strip()


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Forward = Callable[[Request], Answer]
Fault = Callable[[Request, Forward], "Answer | None"]
"""Gives what the client hears; None: its connection is reset."""


def reset(request: Request, forward: Forward) -> None:
    """The server never hears of it."""


def unheard(request: Request, forward: Forward) -> None:
    """The server does it, its answer is lost."""
    forward(request)


def cut(request: Request, forward: Forward) -> Answer:
    """Half of the answer's body, then nothing."""
    answer = forward(request)
    return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def damaged(request: Request, forward: Forward) -> Answer:
    """One bit of the answer's body is another."""
    answer = forward(request)
    body = bytearray(answer.body)
    if body:
        body[len(body) // 2] ^= 1
    return Answer(answer.status, answer.headers, bytes(body))


def throttled(request: Request, forward: Forward) -> Answer:
    """DynamoDB's ThrottlingException, or S3's SlowDown."""
    if "X-Amz-Target" in request.headers:
        return Answer(400, [("Content-Type", "application/x-amz-json-1.0")], THROTTLED)
    return Answer(503, [("Content-Type", "application/xml")], SLOW_DOWN)


def conflict(request: Request, forward: Forward) -> Answer:
    """S3's 409: another conditional write is under way."""
    return Answer(409, [("Content-Type", "application/xml")], CONFLICT)


def broken(request: Request, forward: Forward) -> Answer:
    """An error of the server's own."""
    return Answer(500, [], b"")


def late(seconds: float) -> Fault:
    """The answer comes, but later."""

    def fault(request: Request, forward: Forward) -> Answer:
        time.sleep(seconds)
        return forward(request)

    return fault


def skewed(request: Request, forward: Forward) -> Answer:
    """As AWS: who signs with a wrong clock is refused."""
    signed = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    now = _true_now()
    if abs(now - signed) <= MOST_SKEW:
        return forward(request)
    date = ("Date", format_datetime(now, usegmt=True))
    if "X-Amz-Target" in request.headers:
        return Answer(400, [("Content-Type", "application/x-amz-json-1.0"), date], EXPIRED)
    return Answer(403, [("Content-Type", "application/xml"), date], SKEWED)


def _true_now() -> datetime:
    """The time, while the client of a test travels in it."""
    hatch = time_machine.escape_hatch
    return hatch.datetime.datetime.now(UTC) if hatch.is_travelling() else datetime.now(UTC)


@dataclass
class Plan:
    """A fault, on which actions, and how often it still happens."""

    fault: Fault
    actions: tuple[str, ...]
    times: int


@dataclass
class HttpProxy:
    """A proxy of one server. Requests pass unless a plan, or chance, breaks them."""

    upstream: str
    url: str = ""
    seen: list[str] = field(default_factory=list)
    hear: Callable[[Request], None] = lambda request: None
    _plans: list[Plan] = field(default_factory=list)
    _chaos: tuple[random.Random, float, tuple[Fault, ...]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, fault: Fault, *actions: str, times: int = 1) -> Plan:
        """Break the next requests with one of these actions (none: any)."""
        plan = Plan(fault, actions, times)
        with self._lock:
            self._plans.append(plan)
        return plan

    def chaos(self, dice: random.Random, share: float, *faults: Fault) -> None:
        """Break a share of all requests from now on."""
        self._chaos = (dice, share, faults)

    def calm(self) -> None:
        """Break nothing any more."""
        with self._lock:
            self._plans.clear()
            self._chaos = None

    def fault_for(self, request: Request) -> Fault | None:
        """What happens to a request."""
        with self._lock:
            self.seen.append(request.action)
            self.hear(request)
            for plan in self._plans:
                if plan.times and (not plan.actions or request.action in plan.actions):
                    plan.times -= 1
                    return plan.fault
            if self._chaos and self._chaos[0].random() < self._chaos[1]:
                return self._chaos[0].choice(self._chaos[2])
        return None

    def forward(self, request: Request) -> Answer:
        """The server's own answer."""
        where = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


@contextmanager
def http_proxy(upstream: str) -> Iterator[HttpProxy]:
    """A proxy before a server, from now until the end."""
    proxy = HttpProxy(upstream)

    class Handler(_Handler):
        owner = proxy

    server = _Server((LOOPBACK, 0), Handler)
    proxy.url = f"http://{LOOPBACK}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: HttpProxy

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        fault = self.owner.fault_for(request)
        answer = fault(request, self.owner.forward) if fault else self.owner.forward(request)
        if answer is None:
            reset_connection(self.connection)
            self.close_connection = True
        else:
            self.send(answer)

    def send(self, answer: Answer) -> None:
        said = {name.lower(): value for name, value in answer.headers}
        length = said.get("content-length", str(len(answer.body)))
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(answer.body)
        if self.command != "HEAD" and len(answer.body) < int(length):
            self.wfile.flush()
            reset_connection(self.connection)
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

    def handle(self) -> None:
        with suppress(OSError):  # the client went away
            super().handle()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def reset_connection(connection: socket.socket) -> None:
    """Close it so that the other side gets a reset."""
    with suppress(OSError):  # it may be closed
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()
