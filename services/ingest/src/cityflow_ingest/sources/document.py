"""One address, one document: PRIM, GBFS, public holidays."""

from datetime import date
from typing import Any

from cityflow.calendar import DAY
from cityflow_ingest.tenant import Feed
from cityflow_ingest.wire.faults import Ask


class Document:
    """A source that publishes documents and says nothing about them."""

    def fields(self, feed: Feed) -> Ask | None:
        """Only the document itself shows them."""
        return None

    def fields_in(self, answer: Any) -> frozenset[str]:
        """None are told."""
        return frozenset()

    def count(self, feed: Feed, day: date) -> Ask | None:
        """It is not told."""
        return None

    def count_in(self, answer: Any) -> int:
        """None is told."""
        return 0

    def expected(self, feed: Feed, day: date) -> int | None:
        """It is not known."""
        return None

    def content(self, feed: Feed, day: date, published: frozenset[str]) -> Ask:
        """The path and the query of the feed, with the day in their places."""
        places = {
            "day": day.isoformat(),
            "day_before": (day - DAY).isoformat(),
            "year": str(day.year),
            "next_year": str(day.year + 1),
        }
        query = {name: text.format_map(places) for name, text in feed.query.items()}
        return Ask(feed.path.format_map(places), query)
