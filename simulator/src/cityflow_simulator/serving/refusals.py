"""How each service says no: the body and headers of a status, by the path asked for."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import responses

Headers = list[tuple[str, str]]
CALL_LIMIT = 10_000


@dataclass(frozen=True)
class Refusal:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes

    @property
    def line(self) -> str:
        """The status with its phrase."""
        return f"{self.status} {_phrase(self.status)}"


def refusal(path: str, status: int, reset_seconds: int, now: datetime) -> Refusal:
    """What the service behind a path answers with a status."""
    if status == 429:
        return _too_many(path, reset_seconds, now)
    if status > 500 or (status == 500 and not path.startswith("/api/explore")):
        phrase = _phrase(status)
        page = f"<html><head><title>{status} {phrase}</title></head><body>{phrase}</body></html>"
        return Refusal(status, [("Content-Type", "text/html; charset=utf-8")], page.encode())
    if path.startswith("/marketplace"):
        return _json(status, {"message": "Unauthorized" if status == 401 else "Refused"})
    if path.startswith("/v1/"):
        return _json(status, {"error": True, "reason": f"Refused with status {status}"})
    code = {
        401: "Unauthorized",
        403: "ForbiddenAccess",
        404: "NotFound",
        500: "InternalServerError",
    }.get(status, "Error")
    return _json(status, {"message": f"Refused with status {status}", "error_code": code})


def _too_many(path: str, reset_seconds: int, now: datetime) -> Refusal:
    reset = now + timedelta(seconds=reset_seconds)
    if path.startswith("/marketplace"):
        headers = [("ratelimit-remaining", "0"), ("ratelimit-reset", str(reset_seconds)),
                   ("retry-after", str(reset_seconds))]  # fmt: skip
        return _json(429, {"message": "API rate limit exceeded"}, headers)
    if path.startswith("/v1/"):
        reason = "Minutely API request limit exceeded. Please try again in one minute."
        return _json(429, {"error": True, "reason": reason})
    body = {
        "errorcode": 10002,
        "reset_time": reset.isoformat(),
        "limit_time_unit": "day",
        "call_limit": CALL_LIMIT,
        "error": "Too many requests on the domain. Please contact the domain administrator.",
    }
    headers = [
        ("X-RateLimit-Limit", str(CALL_LIMIT)),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(int(reset.timestamp()))),
    ]
    return _json(429, body, headers)


def _phrase(status: int) -> str:
    return responses.get(status, "Status")


def _json(status: int, body: object, headers: Headers | None = None) -> Refusal:
    media = ("Content-Type", "application/json; charset=utf-8")
    return Refusal(status, [media, *(headers or [])], json.dumps(body).encode())
