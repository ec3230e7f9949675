"""A file is read with its bytes counted, and what the system refuses is said as a refusal."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cityflow.errors import FileRefused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READABLE: Final = "a file or folder this user may read"
_BLOCK: Final = 1 << 20


class Meter:
    """Tells the watcher of bytes, in all never more than a file's share of the work."""

    def __init__(self, watch: Callable[[int], None], share: int) -> None:
        self._watch, self._left = watch, share

    def add(self, count: int) -> None:
        """So many bytes were read."""
        count = min(count, self._left)
        self._left -= count
        self._watch(count)

    def finish(self) -> None:
        """Nothing more will be read: what was not needed is done too."""
        self.add(self._left)


class _MeteredFile(io.FileIO):
    def __init__(self, path: Path, meter: Meter) -> None:
        super().__init__(path)
        self._meter = meter

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        count = super().readinto(buffer)
        self._meter.add(count or 0)
        return count


@contextmanager
def metered_file(path: Path, name: str, meter: Meter) -> Iterator[BinaryIO]:
    """The file, open for reading; FileRefused if the system does not let us."""
    with refusing_unreadable(name):
        stream = io.BufferedReader(_MeteredFile(path, meter), _BLOCK)
    with stream:
        yield stream


@contextmanager
def refusing_unreadable(name: str) -> Iterator[None]:
    """Turns an error of the system while the source is read into FileRefused."""
    try:
        yield
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror or error})"
        raise FileRefused(name, found, READABLE) from error


def printable(path: Path | str) -> str:
    """The path as text that any output takes, whatever characters and bytes it is made of."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))
