"""Two ways to show progress, one interface: whoever counts need not know who watches."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import rich.console
    import rich.progress

FIRST_LINE_AFTER_S = 2.0
LINE_EVERY_S = 10.0


class Progress(ABC):
    """What is done of a step, out of `total` (None: not known yet; may be set at any time)."""

    def __init__(self, description: str, total: float | None, unit: str) -> None:
        self.description = description
        self.total = total
        self.unit = unit
        self.done: float = 0
        self._lock = Lock()

    def advance(self, n: float = 1) -> None:
        """Count `n` more units; may be called from any thread."""
        with self._lock:
            self.done += n
            self._show()

    @abstractmethod
    def _show(self) -> None:
        """Tell of it, now or later."""


class _Lines(Progress):
    """A log line now and then, for files and log collectors."""

    def __init__(self, description: str, total: float | None, unit: str) -> None:
        super().__init__(description, total, unit)
        self._due = time.monotonic() + FIRST_LINE_AFTER_S
        self._shown = False

    def _show(self) -> None:
        if time.monotonic() >= self._due:
            self._write()

    def _write(self) -> None:
        from cityflow.telemetry import get_logger

        get_logger(__name__).info(
            self.description, done=self.done, total=self.total, unit=self.unit
        )
        self._due = time.monotonic() + LINE_EVERY_S
        self._shown = True

    def finish(self) -> None:
        if self._shown:
            self._write()


@contextmanager
def lines(description: str, total: float | None, unit: str) -> Iterator[Progress]:
    """Progress as log lines: after 2 s, then every 10 s, and at the end if any was written."""
    shown = _Lines(description, total, unit)
    try:
        yield shown
    finally:
        shown.finish()


class _Bar(Progress):
    """A bar drawn by rich."""

    def __init__(self, drawn: "rich.progress.Progress", *args: Any) -> None:
        super().__init__(*args)
        self._drawn = drawn
        self._task = drawn.add_task(self.description, total=self.total)

    def _show(self) -> None:
        self._drawn.update(self._task, completed=self.done, total=self.total)


@contextmanager
def bar(description: str, total: float | None, unit: str) -> Iterator[Progress]:
    """Progress as a bar on the terminal behind standard error."""
    with _drawing(unit) as drawn:
        yield _Bar(drawn, description, total, unit)


def _drawing(unit: str) -> "rich.progress.Progress":
    from rich import progress

    in_bytes = unit == "bytes"
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn() if in_bytes else progress.MofNCompleteColumn(),
        progress.TransferSpeedColumn() if in_bytes else progress.TextColumn(unit),
        progress.TimeRemainingColumn(),
        console=_terminal(),
    )


@cache
def _terminal() -> "rich.console.Console":
    """One console for all bars, so that a bar inside another stands below it."""
    from rich.console import Console

    return Console(stderr=True)
