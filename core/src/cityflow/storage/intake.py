"""Reading bytes that arrive: what is stored has the digest that was computed, or nothing is."""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from cityflow.errors import SourceError
from cityflow.storage import atomic

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK: Final = 1 << 20


@contextmanager
def opened(source: Path | BinaryIO, origin: str) -> Iterator[BinaryIO]:
    """A seekable stream of the source; one that cannot seek is kept in a temporary file."""
    with ExitStack() as stack:
        stream = source
        if isinstance(stream, Path):
            with _reading(origin):
                stream = stack.enter_context(stream.open("rb"))
        if not stream.seekable():
            stream = stack.enter_context(_spooled(stream, origin))
        yield stream


def digest_of(stream: BinaryIO, origin: str) -> tuple[str, int]:
    """SHA-256 and size of the rest of a stream, which is then put back where it stood."""
    start, size, sha256 = stream.tell(), 0, hashlib.sha256()
    for block in _blocks(stream, origin):
        sha256.update(block)
        size += len(block)
    stream.seek(start)
    return sha256.hexdigest(), size


def verified(stream: BinaryIO, sha256: str, origin: str) -> BinaryIO:
    """The same stream; its end raises SourceError if the bytes have another digest by then."""
    return cast(BinaryIO, io.BufferedReader(_Verified(stream, sha256, origin), _BLOCK))


class _Verified(io.RawIOBase):
    def __init__(self, stream: BinaryIO, sha256: str, origin: str) -> None:
        self._blocks = _blocks(stream, origin)
        self._expected = sha256
        self._origin = origin
        self._sha256 = hashlib.sha256()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: "WriteableBuffer") -> int:
        self._rest = self._rest or memoryview(next(self._blocks, b""))
        room = memoryview(target).cast("B")
        piece, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(piece)] = piece
        self._sha256.update(piece)
        if not piece and self._sha256.hexdigest() != self._expected:
            raise SourceError(
                f"{self._origin}: changed while it was being read; archive it again when nothing "
                "writes to it"
            )
        return len(piece)


@contextmanager
def _spooled(stream: BinaryIO, origin: str) -> Iterator[BinaryIO]:
    folder = Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=folder) as file:
        for block in _blocks(stream, origin):
            with atomic.faults(folder, "write in"):
                file.write(block)
        file.seek(0)
        yield cast(BinaryIO, file)


def _blocks(stream: BinaryIO, origin: str) -> Iterator[bytes]:
    while True:
        with _reading(origin):
            block = stream.read(_BLOCK)
        if not block:
            return
        yield block


@contextmanager
def _reading(origin: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{origin}: cannot be read ({error.strerror or error}); check the file and its "
            "permissions"
        ) from error
