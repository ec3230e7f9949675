"""The files behind the paths of a command, always in the same order: as given, then by name."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cityflow.errors import BadArguments

_Folder = tuple[int, int]


@dataclass(frozen=True)
class Candidate:
    """A file to archive, and its size; `flaw` says why it cannot even be opened."""

    path: Path
    bytes: int = 0
    flaw: str = ""


def find_files(paths: Sequence[Path]) -> list[Candidate]:
    """Files as given; of folders all files below, links followed, hidden ones left out.

    Raises BadArguments for a path that does not exist. What exists but cannot be looked at is
    returned with its flaw.
    """
    return [candidate for path in paths for candidate in _behind(path)]


def _behind(path: Path) -> Iterator[Candidate]:
    try:
        status = path.stat()
    except PermissionError:
        yield Candidate(path, flaw="a path without permission to look at it")
        return
    except OSError as error:
        raise BadArguments(f"{path}: {error.strerror}; give files or folders that exist") from error
    if not stat.S_ISDIR(status.st_mode):
        yield _file(path, status)
        return
    below = list(_walk(path, frozenset({_identity(status)})))
    yield from below or [Candidate(path, flaw="a folder without files")]


def _walk(folder: Path, above: frozenset[_Folder]) -> Iterator[Candidate]:
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        yield Candidate(folder, flaw=f"a folder that cannot be read ({error.strerror})")
        return
    for name in names:
        yield from _entry(folder / name, above)


def _entry(path: Path, above: frozenset[_Folder]) -> Iterator[Candidate]:
    try:
        status = path.stat()
    except OSError as error:
        yield Candidate(path, flaw=f"a file that cannot be looked at ({error.strerror})")
        return
    if not stat.S_ISDIR(status.st_mode):
        yield _file(path, status)
    elif _identity(status) not in above:
        yield from _walk(path, above | {_identity(status)})


def _file(path: Path, status: os.stat_result) -> Candidate:
    # Opening a pipe would wait for a writer for ever.
    flaw = "" if stat.S_ISREG(status.st_mode) else "a pipe, socket or device"
    return Candidate(path, status.st_size, flaw)


def _identity(status: os.stat_result) -> _Folder:
    return status.st_dev, status.st_ino
