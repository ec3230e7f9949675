"""What is being fetched is a `.part` until it is whole, and a killed fetch leaves none for long.

The writer holds a lock on its part for as long as it lives; a part nobody holds is swept away.
"""

import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from cityflow.errors import StoreUnavailable
from cityflow.storage import process

SUFFIX: Final = ".part"


class Spool:
    """A folder of parts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def sweep(self) -> int:
        """Remove the parts of writers that are gone; how many there were."""
        if not self._folder.is_dir():
            return 0
        return sum(_remove_if_left(path) for path in sorted(self._folder.glob(f"*{SUFFIX}")))

    @contextmanager
    def part(self) -> Iterator[BinaryIO]:
        """An empty file to write to and read from; it is gone at the end."""
        name = f"{os.getpid()}-{process.TOKEN}-{next(self._numbers)}{SUFFIX}"
        path = self._folder / name
        try:
            with self._opened(path) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        finally:
            with suppress(OSError):
                path.unlink()

    def _opened(self, path: Path) -> BinaryIO:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return cast(BinaryIO, path.open("w+b"))
        except OSError as error:
            raise StoreUnavailable(
                f"cannot write in {self._folder}: {error.strerror}; give this user room and "
                "permission there"
            ) from error


def _remove_if_left(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False
