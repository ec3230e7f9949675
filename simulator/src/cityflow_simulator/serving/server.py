"""Listeners on loopback ports, one thread a request; each can be closed and opened again.

Answers without a length go out in chunks, so an answer that breaks off can be told from a whole
one; a connection marked by `bodies.hang_up` ends with a reset.
"""

import socket
import threading
from functools import partial
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from cityflow.errors import BadArguments
from cityflow_simulator.serving.bodies import LINGER_NOT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Handler(WSGIRequestHandler):
    """HTTP/1.1, and no line on the terminal for each request: the control interface lists them."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket) and _is_doomed(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)


def _is_doomed(connection: socket.socket) -> bool:
    try:
        return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == LINGER_NOT
    except OSError:
        return False


class Listener:
    """One host of the stand-ins: an address that answers while it is open."""

    def __init__(self, host: str, port: int, app: "WSGIApplication") -> None:
        self._host = host
        self._app = app
        self._server: ThreadedWSGIServer | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether anybody listens."""
        return self._server is not None

    def open(self) -> None:
        """Listen; port 0 becomes a free port. Raises BadArguments if the port is taken."""
        if self._server is not None:
            return
        # werkzeug ends the process itself when it cannot bind; a socket of our own is asked first
        with socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self.port))
            except OSError as error:
                raise BadArguments(
                    f"{self.url}: {error.strerror}; choose another --host or --port"
                ) from error
            probe.listen(128)
            self._server = _Server(
                self._host, self.port, self._app, handler=_Handler, fd=probe.fileno()
            )
        self._server.daemon_threads = True
        self.port = self._server.port
        serve = partial(self._server.serve_forever, poll_interval=0.05)
        threading.Thread(target=serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening: whoever calls now finds a closed port."""
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()
