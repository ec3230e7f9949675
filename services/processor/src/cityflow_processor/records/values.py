"""Published texts as typed values, or the reason why they are none."""

import re
from datetime import UTC, date, datetime
from typing import Final

from cityflow.calendar import localise_hour_end
from cityflow.geo import LonLat
from cityflow.published_values import NUMBER
from cityflow_processor.comptages.fields import EARLIEST_YEAR, LATEST_YEAR
from cityflow_processor.comptages.geography import parse_point
from cityflow_processor.comptages.stamps import (
    BAD_TIME,
    NO_SUCH_HOUR,
    NOT_ON_THE_HOUR,
    YEAR_OUT_OF_RANGE,
    read_stamp,
)

MOST: Final = 10**12
MAX_TEXT: Final = 500
_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.ASCII)


class Unusable(Exception):
    """A value that breaks its contract: a stable reason, and what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def instant(text: str | None) -> datetime:
    """The UTC instant of a stamp; naive ones are Paris local time, the second where it repeats.

    Raises Unusable.
    """
    stamp = read_stamp(text or "")
    if stamp is None:
        raise Unusable(BAD_TIME, f"{text!r} is not a time")
    if not EARLIEST_YEAR <= stamp.year < LATEST_YEAR:
        raise Unusable(YEAR_OUT_OF_RANGE, f"the year {stamp.year}")
    found = localise_hour_end(stamp) if stamp.tzinfo is None else stamp.astimezone(UTC)
    if found is None:
        raise Unusable(NO_SUCH_HOUR, f"{text} does not exist in Paris: clocks skipped it")
    return found


def on_the_hour(text: str | None) -> datetime:
    """The same of a stamp that begins or ends an hour. Raises Unusable."""
    found = instant(text)
    if found.minute or found.second or found.microsecond:
        raise Unusable(NOT_ON_THE_HOUR, f"{text} is not on the hour")
    return found


def number(text: str | None, name: str) -> float | None:
    """A number, None for an empty cell or NaN. Raises Unusable."""
    if text is None or text.casefold() in ("nan", "null"):
        return None
    if not NUMBER.fullmatch(text):
        raise Unusable(f"bad_{name}", f"{text!r} is not a number")
    value = float(text.replace(",", "."))
    if not abs(value) <= MOST:
        raise Unusable(f"implausible_{name}", f"{text} is beyond anything that can be measured")
    return value


def count(text: str | None, name: str) -> int | None:
    """A whole number from zero, None for an empty cell. Raises Unusable."""
    value = number(text, name)
    if value is None:
        return None
    if value < 0:
        raise Unusable(f"negative_{name}", f"{text} is below zero")
    if value != int(value):
        raise Unusable(f"fractional_{name}", f"{text} is not whole")
    return int(value)


def day(text: str | None) -> date | None:
    """A date, or the date of a time as it is written; None for anything else."""
    match = _DAY.fullmatch(text or "")
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def point(text: str | None) -> LonLat | None:
    """(lon, lat) of a published `lat, lon`."""
    return parse_point(text)


def short(text: str | None) -> str | None:
    """A text cut to what a summary can hold."""
    return text[:MAX_TEXT] if text else None
