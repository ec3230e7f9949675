"""When a source may be asked again: what its headers and error bodies say about quotas.

A reset is measured from the source's own clock (its Date header), so that clocks may differ; from
ours if by that one it has passed.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple, Self

_EPOCH_FROM: Final = 1_000_000_000
_LATEST: Final = 4_000_000_000
_LONGEST: Final = 86_400.0
"""Quotas are renewed daily at the latest; whoever names a later time is not believed."""
_REMAINING: Final = re.compile(r"(?:x-)?rate-?limit-remaining(?:-(second|minute|hour|day))?", re.I)
_WINDOWS: Final = {"minutely": 60.0, "hourly": 3600.0}


class _Clocks(NamedTuple):
    """The time by the source's clock and by ours."""

    theirs: datetime
    ours: datetime

    @classmethod
    def of(cls, headers: Mapping[str, str], ours: datetime) -> Self:
        return cls(_instant(headers.get("date", "")) or ours, ours)

    def until(self, instant: datetime) -> float:
        left = (instant - self.theirs).total_seconds()
        return left if left > 0 else max(0.0, (instant - self.ours).total_seconds())

    def until_midnight(self) -> float:
        tomorrow = self.theirs + timedelta(days=1)
        midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - self.theirs).total_seconds()


def asked_wait(headers: Mapping[str, str], body: Any, now: datetime) -> float | None:
    """Seconds that a refusal (429, 503) asks to wait, a day at most; None if it names no time.

    `headers` with lower-case names, `body` its JSON if it has one, `now` our own time in UTC.
    """
    clocks = _Clocks.of(headers, now)
    said = body if isinstance(body, dict) else {}
    waits = (
        _wait(headers.get("retry-after", ""), clocks),
        _wait(str(said.get("reset_time", "")), clocks),
        _named_window(str(said.get("reason", "")), clocks),
        _reset(headers, clocks),
    )
    return next((min(wait, _LONGEST) for wait in waits if wait is not None), None)


def used_up_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until there is quota again, a day at most, if an answer says that none is left."""
    clocks = _Clocks.of(headers, now)
    waits = []
    for name, text in headers.items():
        match = _REMAINING.fullmatch(name)
        if match and text.strip() == "0":
            by_day = match[1] == "day"
            waits.append(clocks.until_midnight() if by_day else _reset(headers, clocks))
    return max((min(wait, _LONGEST) for wait in waits if wait is not None), default=None)


def _reset(headers: Mapping[str, str], clocks: _Clocks) -> float | None:
    names = ("x-ratelimit-reset", "ratelimit-reset", "rate-limit-reset")
    waits = (_wait(headers.get(name, ""), clocks) for name in names)
    return next((wait for wait in waits if wait is not None), None)


def _wait(text: str, clocks: _Clocks) -> float | None:
    """Seconds, an instant as seconds of the epoch, or as text."""
    text = text.strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text, re.ASCII):
        value = float(text)
        if value < _EPOCH_FROM:
            return value
        text = datetime.fromtimestamp(min(value, _LATEST), UTC).isoformat()
    instant = _instant(text)
    return None if instant is None else clocks.until(instant)


def _instant(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _named_window(reason: str, clocks: _Clocks) -> float | None:
    """Open-Meteo names the window that is used up: minutely, hourly, daily."""
    first = reason.split(" ", 1)[0].lower()
    return clocks.until_midnight() if first == "daily" else _WINDOWS.get(first)
