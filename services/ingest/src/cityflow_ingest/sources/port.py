"""The port of all sources: which requests fetch a feed, and what its answers say.

An adapter is pure: it builds requests and reads small answers; how they travel is not its concern.
"""

from datetime import date
from typing import Any, Protocol

from cityflow_ingest.tenant import Feed
from cityflow_ingest.wire.faults import Ask


class Source(Protocol):
    """One kind of source."""

    def fields(self, feed: Feed) -> Ask | None:
        """The request that tells which fields are published, if the source can tell."""

    def fields_in(self, answer: Any) -> frozenset[str]:
        """The names of the fields in that answer. Raises Fault."""

    def count(self, feed: Feed, day: date) -> Ask | None:
        """The request that tells how many records there are, if the source can tell."""

    def count_in(self, answer: Any) -> int:
        """The number of records in that answer. Raises Fault."""

    def expected(self, feed: Feed, day: date) -> int | None:
        """The number of records, where it is known without asking."""

    def content(self, feed: Feed, day: date, published: frozenset[str]) -> Ask:
        """The request for the records themselves; `published`: the fields there are, if known."""
