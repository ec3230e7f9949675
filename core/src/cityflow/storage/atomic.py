"""Writing files so that a reader, a kill or a power cut sees the old file or the new, never a part.

The content goes to a hidden file in the target's own folder, is flushed, then takes the name.
"""

import errno
import fcntl
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from cityflow.errors import StoreUnavailable
from cityflow.storage import process

HIDDEN: Final = "."

_BLOCK: Final = 1 << 20
_MARK: Final = ".tmp~"
_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_OLD_SECONDS: Final = 24 * 3600
_ADVICE: Final = {
    errno.ENOSPC: "free disk space, then run again",
    errno.EDQUOT: "free disk space or raise the quota, then run again",
    errno.EACCES: "give this user permission there",
    errno.EPERM: "give this user permission there",
    errno.EROFS: "mount it writable, or choose another folder",
}

_numbers = itertools.count()


@contextmanager
def faults(path: Path, doing: str) -> Iterator[None]:
    """Turn what the system refuses into one clear StoreUnavailable."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "check the disk and the path")
        raise StoreUnavailable(f"cannot {doing} {path}: {error.strerror}; {advice}") from error


@contextmanager
def staged(folder: Path, data: bytes | BinaryIO, *, durable: bool) -> Iterator[Path]:
    """A hidden file in `folder` that holds the data; what is left of it goes at the end."""
    path = folder / f"{_MARK}{process.owner()}~{process.TOKEN}~{next(_numbers)}"
    try:
        _fill(path, data, durable)
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


def name_once(temporary: Path, path: Path) -> bool:
    """Give a staged file its name unless that is taken; True if it was given."""
    with faults(path, "write"):
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _name_once_without_links(temporary, path)
        return True


def sync(path: Path) -> None:
    """Flush a file or a folder to the disk."""
    with faults(path, "flush"):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove hidden files that a killed writer left in a folder."""
    for path in folder.iterdir():
        if path.name.startswith(_MARK) and _is_stale(path):
            with suppress(FileNotFoundError):
                path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among all threads and processes that lock this folder; a kill releases it."""
    with faults(folder, "lock"):
        descriptor = os.open(folder / ".lock", os.O_RDONLY | os.O_CREAT, 0o666)
    try:
        with faults(folder, "lock"):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _name_once_without_links(temporary: Path, path: Path) -> bool:
    with locked(path.parent):
        if path.exists():
            return False
        temporary.replace(path)
        return True


def _fill(path: Path, data: bytes | BinaryIO, durable: bool) -> None:
    with faults(path.parent, "write in"):
        file = path.open("xb", buffering=0)
    with file:
        for block in _blocks(data):
            with faults(path.parent, "write in"):
                _write(file.fileno(), block)
        if durable:
            with faults(path.parent, "flush"):
                os.fsync(file.fileno())


def _blocks(data: bytes | BinaryIO) -> Iterable[bytes]:
    if isinstance(data, bytes):
        return (data,)
    return iter(lambda: data.read(_BLOCK), b"")


def _write(descriptor: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _is_stale(path: Path) -> bool:
    owner, _, rest = path.name.removeprefix(_MARK).partition("~")
    if process.is_gone(owner, rest.partition("~")[0]):
        return True
    try:
        return time.time() - path.stat().st_mtime > _OLD_SECONDS
    except FileNotFoundError:
        return False
