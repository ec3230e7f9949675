"""What faults do to an answer on its way: each takes and gives the pieces of a body."""

import gzip
import socket
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

BLOCK: Final = 1_000_000
LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Cut(ConnectionAbortedError):
    """The connection ends here: nothing more is sent, not even the end of the chunks."""


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The body as one gzip stream, alike every time."""
    packer = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def slow(pieces: Iterable[bytes], bytes_per_second: int) -> Iterator[bytes]:
    """The body a tenth of a second's worth at a time."""
    step = max(1, bytes_per_second // 10)
    for piece in pieces:
        for start in range(0, len(piece), step):
            yield piece[start : start + step]
            time.sleep(0.1)


def cut(pieces: Iterable[bytes], at: int, clean: bool) -> Iterator[bytes]:
    """The first `at` bytes; then a seemly end if `clean`, else a broken connection."""
    yield from _first(pieces, at)
    if not clean:
        raise Cut


def reset(pieces: Iterable[bytes], at: int, connection: socket.socket) -> Iterator[bytes]:
    """The first `at` bytes, then a TCP reset."""
    yield from _first(pieces, at)
    hang_up(connection)
    raise Cut


def hang_up(connection: socket.socket) -> None:
    """Let the server end this connection by a reset: see `server.Listener`."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)


def without_end(pieces: Iterable[bytes], dropped: int = 12) -> Iterator[bytes]:
    """All but the last `dropped` bytes: a gzip stream loses its sum and the end of its data."""
    held = b""
    for piece in pieces:
        held += piece
        if len(held) > dropped:
            yield held[:-dropped]
            held = held[-dropped:]


def oversize(size: int) -> Iterator[bytes]:
    """`size` bytes of rows that never end."""
    block = b"0;0;0;0;0;0;0\n" * (BLOCK // 14)
    for start in range(0, size, len(block)):
        yield block[: size - start]


def bomb(size: int) -> Iterator[bytes]:
    """A gzip stream of a thousandth of `size`, which unpacks to at least `size` zero bytes."""
    member = gzip.compress(bytes(10 * BLOCK), 9, mtime=0)
    for _ in range(0, size, 10 * BLOCK):
        yield member


def _first(pieces: Iterable[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        if len(piece) >= count:
            yield piece[:count]
            return
        yield piece
        count -= len(piece)
