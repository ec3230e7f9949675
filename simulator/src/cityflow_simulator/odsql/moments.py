"""The span of time that a date literal names: a day if only a day is written, else a second.

So `t > date'2026-08-29'` skips the whole of the 29th. A literal without an offset is local to the
time zone of the request; of a repeated hour it is the first.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cityflow_simulator.odsql.tree import OdsqlError

_WRITTEN: Final = re.compile(
    r"(?P<year>\d{4})(?:[-/](?P<month>\d\d?)(?:[-/](?P<day>\d\d?)"
    r"(?:[T ](?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.\d+)?)?)?"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)?)?)?)?"
)


def span_of(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of the span and first one after it, in UTC. Raises OdsqlError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise OdsqlError(f"Invalid date literal: {text}")
    parts = {name: int(found[name]) for name in ("year", "month", "day", "hour", "minute", "second")
             if found[name]}  # fmt: skip
    try:
        start = datetime(
            parts["year"], parts.get("month", 1), parts.get("day", 1),
            parts.get("hour", 0), parts.get("minute", 0), parts.get("second", 0),
        )  # fmt: skip
        end = _after(start, parts)
        where = datetime.fromisoformat(f"2000-01-01T00:00{found['offset'] or 'Z'}").tzinfo
    except (ValueError, OverflowError) as error:
        raise OdsqlError(f"Invalid date literal: {text}") from error
    local = where if found["offset"] else zone
    return start.replace(tzinfo=local).astimezone(UTC), end.replace(tzinfo=local).astimezone(UTC)


def _after(start: datetime, parts: dict[str, int]) -> datetime:
    """The first moment after what is written: a year, a month, a day, an hour, …"""
    if "hour" in parts:
        unit = "seconds" if "second" in parts else "minutes" if "minute" in parts else "hours"
        return start + timedelta(**{unit: 1})
    if "day" in parts:
        return start + timedelta(days=1)
    if "month" in parts:
        return (start + timedelta(days=31)).replace(day=1)
    return start.replace(year=start.year + 1)
