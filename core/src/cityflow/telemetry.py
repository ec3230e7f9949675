"""Logs go to standard error, one event a line, so standard output stays free for results.

Fields follow one vocabulary: ts, level, service, logger, event, then run_id, stage, dataset, day …
Libraries that use the standard `logging` come out in the same form.
"""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

if TYPE_CHECKING:
    from cityflow.settings import Settings

bound = structlog.contextvars.bound_contextvars


def configure_logging(settings: "Settings | str" = "INFO", fmt: str = "text") -> None:
    """Send all logs to standard error at a level, as `text` for people or `json` for machines.

    Give the Settings, or a level and a format. May be called again; the last call counts.
    """
    level = settings if isinstance(settings, str) else settings.log_level
    fmt = fmt if isinstance(settings, str) else settings.log_format
    handler = _StandardError()
    handler.setFormatter(_formatter(fmt))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def is_configured() -> bool:
    """True once configure_logging was called in this process."""
    return any(isinstance(h, _StandardError) for h in logging.getLogger().handlers)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and its fields: `log.info("day published", day=..., rows=...)`.

    Fields of a whole run are added with `with telemetry.bound(run_id=...)`.
    """
    return structlog.stdlib.get_logger(name)


class _StandardError(logging.StreamHandler[Any]):
    """Looks standard error up at each write, so a progress bar or a test may replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


def _formatter(fmt: str) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_renderers(fmt),
        ],
        foreign_pre_chain=_SHARED,
    )


def _renderers(fmt: str) -> list[Processor]:
    if fmt == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            timestamp_key="ts",
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]


def _add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.setdefault("service", Path(sys.argv[0]).stem)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
    _add_service,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=False,
)
