"""A real HTTP server on loopback that answers as it is told, however wrong that is."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What goes back. `cut`: bytes after which the connection is closed; `pause`: seconds between
    two bytes; `chunked`: no length is told.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    pause: float = 0
    chunked: bool = True
    delay: float = 0


Answer = Callable[[Request], Reply]


@dataclass
class Server:
    """A running server: `url`, and every request in order."""

    url: str
    requests: list[Request]
    answer: Answer


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    """A server that answers so until the end of the context."""
    state = Server("", [], answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(parts.path, dict(parse_qsl(parts.query)), headers)
            state.requests.append(request)
            try:
                _send(self, state.answer(request))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def trickling(start: bytes, piece: bytes) -> Iterator[str]:
    """The address of a server that begins so, and goes on with this piece for ever."""
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(start)
            while not over.wait(0.05):
                connection.sendall(piece)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],)).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    time.sleep(reply.delay)
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    if reply.chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    elif "Content-Length" not in reply.headers:
        handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    body = reply.body if reply.cut is None else reply.body[: reply.cut]
    step = 1 if reply.pause else 65536
    for start in range(0, len(body), step):
        piece = body[start : start + step]
        frame = b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece
        handler.wfile.write(frame)
        handler.wfile.flush()
        time.sleep(reply.pause)
    if reply.reset:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    if reply.cut is not None or reply.reset:
        handler.close_connection = True
        handler.connection.close()
    elif reply.chunked:
        handler.wfile.write(b"0\r\n\r\n")
