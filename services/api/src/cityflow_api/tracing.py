"""Every request has one correlation id: in the log, in X-Request-Id, in every problem."""

import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from cityflow.telemetry import get_logger

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9_.-]{8,64}", re.ASCII)
_log = get_logger(__name__)


def request_id() -> str:
    """The id of this request."""
    found: str = g.request_id
    return found


def register(app: Flask) -> None:
    """Give ids, and log each request once with its status and duration."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    _log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        bytes=response.content_length,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
    )
    return response


def _forget(_: BaseException | None) -> None:
    """What this thread logs between requests is of none."""
    structlog.contextvars.clear_contextvars()
