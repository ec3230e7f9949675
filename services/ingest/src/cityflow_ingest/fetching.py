"""One feed of one day: asked for, verified, archived as received, and written to the ledger.

A kill between any two steps leaves at most bytes whose holding is not noted: they are asked for
again, and found to be held.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import BinaryIO, Final, Literal

from cityflow.contracts import Check, Dataset, Holding, Retry, Run, Setback, Severity
from cityflow.errors import CityFlowError, SourceError
from cityflow.storage import NewRaw, RawZone, Runs, Store
from cityflow.telemetry import get_logger
from cityflow.watching import Clock
from cityflow_ingest.asking import Asker, Got
from cityflow_ingest.availability import Availability
from cityflow_ingest.columns import compare_columns
from cityflow_ingest.connect import Connected
from cityflow_ingest.holdings import Holdings, judged
from cityflow_ingest.spool import Spool
from cityflow_ingest.tenant import Feed

Outcome = Literal["new", "unchanged", "no_data", "red", "failed"]
STAGE: Final = "ingest"

_log = get_logger(__name__)


@dataclass(frozen=True)
class Fetched:
    """What became of one feed of one day. `reason` says why there is nothing, if there is not."""

    feed: str
    dataset: Dataset
    day: date
    outcome: Outcome
    rows: int | None = None
    bytes: int = 0
    key: str | None = None
    checks: tuple[Check, ...] = ()
    retries: tuple[Retry, ...] = ()
    reason: str = ""


class Fetcher:
    """Fetches into one store. Every attempt stands in the ledger, with each failed request."""

    def __init__(
        self, store: Store, sources: Mapping[str, Connected], spool: Spool, clock: Clock
    ) -> None:
        self._zone, self._runs = RawZone(store), Runs(store)
        self._holdings = Holdings(store.documents)
        self._availability = Availability(store.documents)
        self._clients = {name: one.client for name, one in sources.items()}
        self._askers = {name: Asker(one) for name, one in sources.items()}
        self._spool, self._clock = spool, clock

    def fetch(self, feed: Feed, day: date) -> Fetched:
        """Fetch a feed of a day. Raises StoreUnavailable; what the source lacks is an outcome."""
        run = self._runs.start(STAGE, feed.dataset, day, self._clock())
        client = self._clients[feed.source]
        try:
            fetched = self._fetch(feed, day)
        except CityFlowError as error:
            with suppress(CityFlowError):
                self._runs.finish(run, "failed", self._clock(), feed=feed.name, error=str(error))
            raise
        now = self._clock()
        self._availability.note(feed.source, client.take_tally(), client.resting, now)
        fetched = replace(fetched, retries=client.take_retries())
        self._note_failure(feed, fetched, now)
        self._finish(run, fetched)
        _report(fetched)
        return fetched

    def _fetch(self, feed: Feed, day: date) -> Fetched:
        asker = self._askers[feed.source]
        nothing = Fetched(feed.name, feed.dataset, day, "failed")
        try:
            schema = asker.schema(feed)
            if schema.severity is Severity.RED:
                return _red(nothing, schema)
            with self._spool.part() as file:
                got = asker.content(feed, day, file)
                if got is None:
                    return self._no_data(feed, nothing, schema)
                columns = compare_columns(feed, got.survey.examined.columns)
                if columns.severity is Severity.RED:
                    return _red(nothing, columns)
                worse = schema if schema.severity is Severity.YELLOW else columns
                return self._keep(feed, day, got, worse, file)
        except SourceError as error:
            return replace(nothing, reason=str(error))

    def _no_data(self, feed: Feed, nothing: Fetched, schema: Check) -> Fetched:
        """The source has no record; what was held of the day is kept."""
        before = self._holdings.around(feed, nothing.day).get(nothing.day)
        self._hold(nothing, before, before.status if before else "missing")
        checks: tuple[Check, ...] = (schema,)
        if before and before.rows:
            message = f"the source no longer has this day; {before.rows:,} rows are held"
            checks = (schema, Check(name="volume", severity=Severity.YELLOW, message=message))
        return replace(nothing, outcome="no_data", rows=0, checks=checks, reason="no record")

    def _keep(self, feed: Feed, day: date, got: Got, schema: Check, file: BinaryIO) -> Fetched:
        held = self._holdings.around(feed, day)
        file.seek(0)
        archived = self._zone.archive(file, self._new_raw(feed, got))
        rows = got.survey.records
        status = judged(day, rows, held) if feed.days else "held"
        fetched = Fetched(
            feed.name,
            feed.dataset,
            day,
            "new" if archived.new else "unchanged",
            rows,
            archived.bytes,
            archived.key,
            (schema, _volume(rows, status)),
        )
        self._hold(fetched, held.get(day), status)
        return fetched

    def _hold(
        self, fetched: Fetched, before: Holding | None, status: Literal["held", "short", "missing"]
    ) -> None:
        now = self._clock()
        same = fetched.key is None or (before is not None and before.key == fetched.key)
        holding = Holding(
            dataset=fetched.dataset,
            feed=fetched.feed,
            day=fetched.day,
            status=status,
            rows=fetched.rows if fetched.rows is not None else before.rows if before else 0,
            key=fetched.key or (before.key if before else None),
            asked_at=now,
            changed_at=(before.changed_at if before else None) if same else now,
        )
        self._holdings.put(holding)

    def _note_failure(self, feed: Feed, fetched: Fetched, now: datetime) -> None:
        if feed.days and fetched.outcome in ("failed", "red"):
            self._holdings.set_back(
                Setback(
                    dataset=fetched.dataset,
                    feed=fetched.feed,
                    day=fetched.day,
                    failed_at=now,
                    reason=fetched.reason,
                )
            )

    def _new_raw(self, feed: Feed, got: Got) -> NewRaw:
        examined = got.survey.examined
        return NewRaw(
            dataset=feed.dataset,
            extension=examined.extension,
            media=examined.media,
            packing=examined.packing,
            synthetic=examined.synthetic,
            origin=got.answer.url,
            position=0,
            received_at=self._clock(),
            content_sha256=got.survey.content_sha256,
            url=got.answer.url,
            params=got.ask.params,
            status=got.answer.status,
            headers=got.answer.headers,
        )

    def _finish(self, run: Run, fetched: Fetched) -> None:
        self._runs.finish(
            run,
            fetched.outcome,
            self._clock(),
            feed=fetched.feed,
            rows=fetched.rows,
            outputs=(fetched.key,) if fetched.key else (),
            checks=fetched.checks,
            retries=fetched.retries,
            error=fetched.reason if fetched.outcome in ("red", "failed") else None,
        )


def _red(nothing: Fetched, check: Check) -> Fetched:
    return replace(nothing, outcome="red", checks=(check,), reason=check.message)


def _volume(rows: int, status: Literal["held", "short"]) -> Check:
    if status == "held":
        return Check(name="volume", severity=Severity.GREEN, message=f"{rows:,} rows")
    message = f"{rows:,} rows, clearly fewer an hour than on the days around"
    return Check(name="volume", severity=Severity.YELLOW, message=message)


def _report(fetched: Fetched) -> None:
    about = {"feed": fetched.feed, "day": str(fetched.day), "retries": len(fetched.retries)}
    if fetched.outcome in ("red", "failed"):
        _log.error("not fetched", outcome=fetched.outcome, reason=fetched.reason, **about)
    else:
        _log.info("fetched", outcome=fetched.outcome, rows=fetched.rows, **about)
