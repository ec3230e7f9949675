"""Two ways to show progress, one interface: whoever counts need not know who watches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

FIRST_LINE_AFTER_S = 2.0
LINE_EVERY_S = 10.0


class Progress:
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

    def _show(self) -> None:
        raise NotImplementedError


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


@contextmanager
def bar(description: str, total: float | None, unit: str) -> Iterator[Progress]:
    """Progress as a bar on the terminal behind standard error."""
    from rich import progress as rich
    from rich.console import Console

    amount: rich.ProgressColumn = (
        rich.DownloadColumn() if unit == "bytes" else rich.MofNCompleteColumn()
    )
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        amount,
        rich.TextColumn("" if unit == "bytes" else unit),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as drawn:
        task = drawn.add_task(description, total=total)

        class Bar(Progress):
            def _show(self) -> None:
                drawn.update(task, completed=self.done, total=self.total)

        yield Bar(description, total, unit)
