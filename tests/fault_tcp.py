"""A proxy on loopback that loses answers and cuts connections of a server behind it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fault_proxy import LOOPBACK, reset_connection


class TcpProxy:
    """A proxy of bytes. Armed, it resets a connection as soon as the server's answer comes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self._armed: list[bytes] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, sign: bytes) -> None:
        """Lose the answer to the next message that holds these bytes."""
        with self._lock:
            self._armed.append(sign)

    @property
    def armed(self) -> int:
        """How many answers are still to be lost."""
        return len(self._armed)

    def cut_all(self) -> None:
        """Reset every connection now."""
        with self._lock:
            opened, self._open = self._open, set()
        for each in opened:
            reset_connection(each)

    def close(self) -> None:
        """Accept nobody any more and drop all."""
        self._listener.close()
        self.cut_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((LOOPBACK, self._port), timeout=10)
        except OSError:
            reset_connection(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        lost = threading.Event()
        back = threading.Thread(target=self._relay, args=(server, client, lost), daemon=True)
        back.start()
        with suppress(OSError):
            while data := client.recv(1 << 16):
                if self._is_armed(data):
                    lost.set()
                server.sendall(data)
        server.close()

    def _is_armed(self, data: bytes) -> bool:
        with self._lock:
            for sign in self._armed:
                if sign in data:
                    self._armed.remove(sign)
                    return True
        return False

    def _relay(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if lost.is_set():
                    break
                client.sendall(data)
        reset_connection(client)


@contextmanager
def tcp_proxy(port: int) -> Iterator[TcpProxy]:
    """A proxy before a port of loopback, from now until the end."""
    proxy = TcpProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
