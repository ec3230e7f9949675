"""Pages of an immutable table: a cursor names the edition and the last row that was sent.

Every page of a walk therefore comes from one edition, even if another is published meanwhile.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import date

import polars as pl

from cityflow_api.failures import BadParameter

ROW = "row"
_ROWS = 2**32
_EDITION = re.compile(r"[0-9a-f]{20}")


@dataclass(frozen=True)
class Cursor:
    """Where a walk over the rows of one edition stands."""

    edition: str
    row: int

    def encode(self) -> str:
        """Opaque text for a URL."""
        return _encode([self.edition, self.row])


@dataclass(frozen=True)
class Rows:
    """One page: its rows, how many pass the filters in all, the cursor of the next page."""

    frame: pl.DataFrame
    matched: int
    next_cursor: str | None


def decode(text: str | None) -> Cursor | None:
    """The cursor a client sent back; raises BadParameter for one that was never given out."""
    if text is None:
        return None
    match _decode(text):
        case [str(edition), int(row)] if _EDITION.fullmatch(edition) and 0 <= row < _ROWS:
            return Cursor(edition, row)
    raise BadParameter("cursor", "this cursor was not given out by this route")


def encode_day(day: date) -> str:
    """The cursor of a walk over days: the last day that was sent."""
    return _encode(["day", day.toordinal()])


def decode_day(text: str | None) -> date | None:
    """The day of such a cursor; raises BadParameter."""
    if text is None:
        return None
    match _decode(text):
        case ["day", int(ordinal)] if date.min.toordinal() < ordinal <= date.max.toordinal():
            return date.fromordinal(ordinal)
    raise BadParameter("cursor", "this cursor was not given out by this route")


def cut(frame: pl.DataFrame, edition: str, limit: int, after: Cursor | None) -> Rows:
    """The next `limit` rows of a filtered table whose column `row` numbers the whole table."""
    rest = frame if after is None else frame.filter(pl.col(ROW) > after.row)
    page = rest.head(limit)
    more = rest.height > page.height
    last = Cursor(edition, page[ROW][-1]).encode() if more else None
    return Rows(page.drop(ROW), frame.height, last)


def _encode(value: list[str | int]) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
