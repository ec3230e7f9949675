"""What a long copy has finished, so that the next run need not read it again.

One JSON line for each object, written after the object stands. A line that a kill cut is no line.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, NamedTuple, Self

from cityflow.storage import atomic

_FOLDER: Final = ".cityflow"


class Content(NamedTuple):
    """What was copied: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Journal:
    """The finished objects of one copy; use it as a context manager.

    With `resume` what an earlier run noted counts as done, else it is forgotten.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self._path = path
        self._lock = Lock()
        self._done: dict[str, Content] = dict(_read(path)) if resume else {}
        with atomic.faults(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a" if resume else "w", encoding="utf-8")
        if resume:
            self._write("")  # ends a line that was cut

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def done(self) -> dict[str, Content]:
        """Finished objects by key."""
        return self._done

    def note(self, key: str, content: Content) -> None:
        """Write down that an object stands there. Thread-safe."""
        with self._lock:
            self._done[key] = content
            self._write(json.dumps([key, *content]))

    def forget(self) -> None:
        """All is done: the journal goes."""
        self._file.close()
        with atomic.faults(self._path, "remove"):
            self._path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        with atomic.faults(self._path, "write"):
            self._file.write(f"{line}\n")
            self._file.flush()


def journal_path(output_dir: Path, name: str) -> Path:
    """Where the journal of a copy of this name lies: hidden, so that it is no object."""
    return output_dir / _FOLDER / f"{name}.jsonl"


def _read(path: Path) -> Iterator[tuple[str, Content]]:
    with atomic.faults(path, "read"):
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return
    for line in lines:
        try:
            key, size, sha256 = json.loads(line)
        except (ValueError, TypeError):
            continue
        yield key, Content(size, sha256)
