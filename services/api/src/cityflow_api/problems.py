"""Every error leaves as application/problem+json (RFC 9457), with its correlation id."""

from typing import NamedTuple

from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from cityflow.contracts.api import Problem, ProblemError
from cityflow.errors import CityFlowError, StoreUnavailable, TryAgain
from cityflow.telemetry import get_logger
from cityflow_api.failures import BadParameter, NotFound
from cityflow_api.tracing import request_id

MEDIA = "application/problem+json"
_log = get_logger(__name__)


class Kind(NamedTuple):
    """One kind of problem: its status, its name in words, and what a client should do."""

    status: int
    title: str
    advice: str
    retry_after_s: int | None = None


KINDS = {
    "bad-parameter": Kind(
        400, "A parameter cannot be used", "See errors: each names a parameter and what it takes."
    ),
    "bad-request": Kind(400, "The request cannot be read", "Correct the request."),
    "unknown-day": Kind(404, "Nothing is published for this day", "See /v1/days."),
    "unknown-dataset": Kind(404, "There is no such dataset", "The detail lists the names."),
    "unknown-edition": Kind(
        404, "There is no such edition", "Leave `edition` out for the current one."
    ),
    "unknown-arc": Kind(404, "There is no such arc", "See /v1/days/{date}/arcs."),
    "not-found": Kind(404, "There is no such address", "See /openapi.json for all addresses."),
    "method-not-allowed": Kind(405, "The API only reads", "Use GET, HEAD or OPTIONS."),
    "not-acceptable": Kind(
        406, "The answer has no such format", "The detail lists the formats of this address."
    ),
    "too-many-requests": Kind(429, "Too many requests", "Wait as long as Retry-After says.", 60),
    "internal": Kind(
        500, "The API failed", "Report it with the request_id: the log has the cause under it."
    ),
    "store-unavailable": Kind(
        503, "The store cannot be read", "Try again after Retry-After; see /readyz.", 10
    ),
}
_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    429: "too-many-requests",
}


def problem(kind: str, detail: str, errors: tuple[ProblemError, ...] = ()) -> Response:
    """The answer of one problem; 429 and 503 say when to come back."""
    known = KINDS[kind]
    body = Problem(
        type=f"/problems/{kind}",
        title=known.title,
        status=known.status,
        detail=detail,
        instance=request.path,
        request_id=request_id(),
        errors=errors,
    )
    response = Response(body.model_dump_json(), status=known.status, content_type=MEDIA)
    response.headers["Cache-Control"] = "no-store"
    if known.retry_after_s is not None:
        response.headers["Retry-After"] = str(known.retry_after_s)
    return response


def bad_parameters(error: ValidationError) -> Response:
    """The problem of parameters that do not fit their model, each named."""
    location = "path" if error.title.endswith("Path") else "query"
    errors = tuple(
        ProblemError.model_validate(
            {
                "parameter": ".".join(str(part) for part in found["loc"]) or location,
                "location": location,
                "message": _in_words(found["type"], found["msg"]),
            }
        )
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    )
    detail = "; ".join(f"{e.parameter}: {e.message}" for e in errors)
    return problem("bad-parameter", detail, errors)


def register(app: Flask) -> None:
    """Make every failure of the app a problem."""
    app.register_error_handler(BadParameter, _bad_parameter)
    app.register_error_handler(NotFound, lambda error: problem(error.kind, str(error)))
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(TryAgain, _store_unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _internal)


def _in_words(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no parameter of this name here; see /openapi.json"
    return message.removeprefix("Value error, ")


def _bad_parameter(error: BadParameter) -> Response:
    found = ProblemError(parameter=error.parameter, location="query", message=error.message)
    return problem("bad-parameter", str(error), (found,))


def _store_unavailable(error: CityFlowError) -> Response:
    _log.error("store unavailable", error=str(error))
    return problem("store-unavailable", "The store cannot be read at the moment; try again soon")


def _http(error: HTTPException) -> Response:
    """A problem for what Flask and its extensions refuse; their headers (Allow) are kept."""
    code = error.code or 500
    kind = _BY_STATUS.get(code, "bad-request" if code < 500 else "internal")
    own_words = error.description != type(error).description
    detail = error.description if own_words else None
    response = problem(kind, detail or KINDS[kind].advice)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _internal(error: Exception) -> Response:
    _log.error("request failed", exc_info=error)
    return problem("internal", "The API failed; its log has the cause under this request_id")
