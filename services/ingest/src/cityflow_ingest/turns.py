"""`daily --watch`: what is due, turn after turn; a feed that fails is given time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cityflow_ingest.collecting import Collected, Wanted

FIRST_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=2)


class Patience:
    """Remembers which feeds failed, and waits twice as long each time they do again."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[timedelta, datetime]] = {}

    def of(self, wanted: Sequence[Wanted], now: datetime) -> list[Wanted]:
        """What may be asked for now."""
        return [one for one in wanted if self._not_before(one.feed.name) <= now]

    def note(self, collected: Collected, now: datetime) -> None:
        """Learn from a turn: a feed of which a day failed or was skipped is left for a while."""
        failed = {one.feed for one in collected.fetched if one.outcome in ("failed", "red")}
        failed |= {one.feed for one in collected.skipped}
        for feed in {one.feed for one in collected.fetched} | failed:
            before = self._waits.pop(feed, None)
            if feed in failed:
                wait = min(before[0] * 2, LONGEST_WAIT) if before else FIRST_WAIT
                self._waits[feed] = wait, now + wait

    def _not_before(self, feed: str) -> datetime:
        return self._waits[feed][1] if feed in self._waits else _LONG_AGO


_LONG_AGO: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
