"""Periods in naive Paris time, as half-open spans of seconds since 1970; their union on a day.

Where a time is repeated in autumn a begin is the first and an end the second of the two; a time
that spring skips is the moment of the change. So a period never loses an hour that it names.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from cityflow.calendar import PARIS
from cityflow_processor.records.values import Unusable

Span = tuple[int, int]
_STAMP: Final = re.compile(r"\d{8}T\d{6}", re.ASCII)
_KEPT: Final = 65_536
_FORM: Final = "%Y%m%dT%H%M%SZ"


def naive(text: object) -> datetime:
    """A published `YYYYMMDDTHHMMSS`. Raises Unusable."""
    if isinstance(text, str) and _STAMP.fullmatch(text):
        try:
            return datetime.strptime(text, "%Y%m%dT%H%M%S")
        except ValueError:
            pass
    raise Unusable("bad_period", f"{text!r} is not a time")


def localise(wall: datetime, *, is_end: bool) -> datetime:
    """The UTC instant of a naive Paris time, as the module says."""
    instant = wall.replace(tzinfo=PARIS, fold=int(is_end)).astimezone(UTC)
    if instant.astimezone(PARIS).replace(tzinfo=None, fold=0) == wall:
        return instant
    return wall.replace(minute=0, second=0, tzinfo=PARIS, fold=0).astimezone(UTC)


def spans_of(periods: Any) -> tuple[Span, ...]:
    """Spans of a list of {begin, end}, in order. Raises Unusable."""
    if not isinstance(periods, list) or not periods:
        raise Unusable("no_period", "no application period")
    found = set()
    for one in periods:
        if not isinstance(one, dict):
            raise Unusable("bad_period", f"{one!r} is not a period")
        found.add(_span(str(one.get("begin")), str(one.get("end"))))
    return tuple(sorted(found))


def written(spans: Iterable[Span]) -> str:
    """The spans as text."""
    return " ".join(map(_text, spans))


def parsed(text: str) -> tuple[Span, ...]:
    """The spans of a text that `written` gave."""
    stamps = re.split("[ /]", text)
    times = [_seconds(datetime.strptime(t, _FORM).replace(tzinfo=UTC)) for t in stamps]
    return tuple(zip(times[::2], times[1::2], strict=True))


def union(spans: Iterable[Span], within: Span) -> int:
    """Seconds that at least one of the spans covers, inside another."""
    total, reached = 0, within[0]
    for start, end in sorted(spans):
        first, last = max(start, reached), min(end, within[1])
        if last > first:
            total += last - first
            reached = last
    return total


@lru_cache(maxsize=_KEPT)
def _span(begin_text: str, end_text: str) -> Span:
    """One period; snapshots tell the same ones again and again."""
    begin, end = naive(begin_text), naive(end_text)
    if end < begin:
        raise Unusable("ends_before_begin", f"from {begin} to {end}")
    start = _seconds(localise(begin, is_end=False))
    return start, max(start, _seconds(localise(end, is_end=True)))


@lru_cache(maxsize=_KEPT)
def _text(span: Span) -> str:
    return "/".join(f"{datetime.fromtimestamp(t, UTC):{_FORM}}" for t in span)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
