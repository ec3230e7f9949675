"""The part of fetching that talks: fields, count and content of a feed, whole or a SourceError."""

from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from cityflow.contracts import Check, Severity
from cityflow_ingest.columns import compare_fields
from cityflow_ingest.connect import Connected
from cityflow_ingest.survey import Survey, survey
from cityflow_ingest.tenant import Feed
from cityflow_ingest.wire.faults import Ask, Fault
from cityflow_ingest.wire.host import MEGABYTE, Answer, Host


@dataclass(frozen=True)
class Got:
    """An answer that is whole, and how it was asked for."""

    ask: Ask
    answer: Answer
    survey: Survey


class Asker:
    """Asks one source for its feeds."""

    def __init__(self, connected: Connected) -> None:
        self._source, self._client = connected.source, connected.client
        self._scrubber = connected.scrubber
        self._published: dict[str, frozenset[str]] = {}

    def schema(self, feed: Feed) -> Check:
        """What is to be said of the published fields; asked once. Raises SourceError."""
        ask = self._source.fields(feed)
        if ask is None:
            message = "the source does not tell its columns"
            return Check(name="schema", severity=Severity.GREEN, message=message)
        if feed.name not in self._published:
            read = self._source.fields_in
            fields = self._client.attempt(lambda host: read(host.json(ask)))
            self._published[feed.name] = fields
        return compare_fields(feed, self._published[feed.name])

    def content(self, feed: Feed, day: date, file: BinaryIO) -> Got | None:
        """The records of a day, whole, in the file; None if there is none. Raises SourceError."""
        published = self._published.get(feed.name, frozenset())
        ask = self._source.content(feed, day, published)

        def work(host: Host) -> Got | None:
            expected = self._expected(feed, day, host)
            return None if expected == 0 else self._save(feed, ask, host, file, expected)

        return self._client.attempt(work)

    def _save(self, feed: Feed, ask: Ask, host: Host, file: BinaryIO, expected: int | None) -> Got:
        file.seek(0)
        file.truncate()
        answer = host.save(ask, file, int(feed.max_mb * MEGABYTE))
        if not answer.bytes:
            raise Fault("empty answer")
        found = survey(file, feed, self._scrubber.found_in)
        if expected is not None and found.records != expected:
            detail = f"{found.records:,} records came, the source counts {expected:,}"
            raise Fault("wrong number of records", detail)
        return Got(ask, answer, found)

    def _expected(self, feed: Feed, day: date, host: Host) -> int | None:
        """The number of records, by the count of the very host that is asked for them."""
        ask = self._source.count(feed, day)
        if ask is None:
            return self._source.expected(feed, day)
        return self._source.count_in(host.json(ask))
