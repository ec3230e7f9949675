"""Logs go to standard error, one event a line, so standard output stays free for results.

Fields follow one vocabulary: ts, level, service, logger, event, then run_id, stage, dataset, day …
Libraries that use the standard `logging` come out in the same form.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger, ProcessorFormatter

    from cityflow.settings import Settings


def configure_logging(settings: "Settings | str" = "INFO", fmt: str = "text") -> None:
    """Send all logs to standard error at a level, as `text` for people or `json` for machines.

    Give the Settings, or a level and a format. May be called again; the last call counts.
    """
    level = settings if isinstance(settings, str) else settings.log_level
    fmt = fmt if isinstance(settings, str) else settings.log_format
    handler = _StandardError()
    handler.setFormatter(_Formatter(fmt))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def is_configured() -> bool:
    """True once configure_logging was called in this process."""
    return any(isinstance(h, _StandardError) for h in logging.getLogger().handlers)


def get_logger(name: str) -> "BoundLogger":
    """A logger that takes an event and its fields: `log.info("day published", day=..., rows=...)`.

    Fields of a whole run are added with `with bound(run_id=...)`.
    """
    return cast("BoundLogger", _Logger(name))


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add these fields to all lines that are logged meanwhile."""
    from cityflow import _structured

    with _structured.bound(**fields):
        yield


class _Logger:
    """Loads what makes lines with the first one: that takes longer than many a command."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        from cityflow import _structured

        return getattr(_structured.logger(self._name), method)


class _Formatter(logging.Formatter):
    """The same of the lines of other libraries."""

    def __init__(self, fmt: str) -> None:
        super().__init__()
        self._name = fmt
        self._made: ProcessorFormatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its end."""
        if self._made is None:
            from cityflow import _structured

            self._made = _structured.formatter(self._name)
        return self._made.format(record)


class _StandardError(logging.StreamHandler[Any]):
    """Looks standard error up at each write, so a progress bar or a test may replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr
