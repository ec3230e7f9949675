"""A published time text becomes the end of an hour in UTC, or a reason why it cannot."""

from datetime import UTC, datetime
from typing import Final

from cityflow.calendar import localise_hour_end
from cityflow.published_values import ISO_STAMP, RESAVED_STAMP
from cityflow_processor.comptages.fields import EARLIEST_YEAR, LATEST_YEAR

BAD_TIME: Final = "bad_time"
NO_SUCH_HOUR: Final = "no_such_local_hour"
NOT_ON_THE_HOUR: Final = "not_on_the_hour"
YEAR_OUT_OF_RANGE: Final = "year_out_of_range"


def parse_hour_end(text: str) -> tuple[int, None] | tuple[None, str]:
    """(hours since 1970 UTC, None), or (None, reason).

    Stamps with an offset or `Z` are taken as they are; naive ones are Paris local time, the
    second occurrence where the hour repeats. `dd/mm/yyyy hh:mm` of re-saved files is accepted.
    """
    stamp = read_stamp(text.strip())
    if stamp is None:
        return None, BAD_TIME
    if not EARLIEST_YEAR <= stamp.year < LATEST_YEAR:
        return None, YEAR_OUT_OF_RANGE
    if stamp.minute or stamp.second or stamp.microsecond:
        return None, NOT_ON_THE_HOUR
    instant = localise_hour_end(stamp) if stamp.tzinfo is None else stamp.astimezone(UTC)
    if instant is None:
        return None, NO_SUCH_HOUR
    seconds = int(instant.timestamp())
    return (None, NOT_ON_THE_HOUR) if seconds % 3600 else (seconds // 3600, None)


def read_stamp(text: str) -> datetime | None:
    """A published stamp as it stands, naive if it has no offset; None if it is none."""
    if resaved := RESAVED_STAMP.fullmatch(text):
        day, month, year, clock = resaved.groups()
        text = f"{year}-{month}-{day}T{clock}"
    elif not ISO_STAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
