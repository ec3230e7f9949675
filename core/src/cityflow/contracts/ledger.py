"""Documents of the ledger: receipts of raw bytes, what is held of each source, runs, leases."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from cityflow.contracts.base import Check, DocumentBase, Model


class Receipt(Model):
    """One arrival of bytes. Receipts are ordered by (received_at, position, digest)."""

    received_at: datetime = Field(description="When, UTC")
    position: int = Field(ge=0, description="Position among the files of one command")
    origin: str = Field(description="File name or URL it came from, without folders or secrets")
    sha256: str | None = Field(
        default=None, description="Digest of what arrived, if only its content was the same"
    )

    @property
    def age(self) -> tuple[datetime, int, str]:
        """What receipts are ordered by."""
        return self.received_at, self.position, self.origin


class RawMeta(DocumentBase):
    """Provenance beside a raw object: what the bytes are and every time they arrived."""

    dataset: str = Field(description="Dataset recognised from the content")
    sha256: str = Field(description="Digest of the bytes as received")
    content_sha256: str | None = Field(
        default=None, description="Digest of the unpacked content of what was fetched"
    )
    bytes: int = Field(ge=0, description="Size as received")
    extension: str = Field(description="Extension of the raw object", examples=["csv", "csv.gz"])
    media: Literal["csv", "json", "geojson"] = Field(description="Format of the content")
    packing: Literal["plain", "gzip", "zip"] = Field(description="How the content is packed")
    synthetic: bool = Field(description="True if the content says it was generated")
    url: str | None = Field(default=None, description="Where it was fetched from")
    params: dict[str, str] = Field(default_factory=dict, description="Request parameters")
    status: int | None = Field(default=None, description="HTTP status")
    headers: dict[str, str] = Field(default_factory=dict, description="Response headers kept")
    receipts: tuple[Receipt, ...] = Field(description="Every arrival, oldest first")

    def received(self, receipts: Iterable[Receipt]) -> Self:
        """The same with these arrivals, each counted once."""
        every = sorted({*self.receipts, *receipts}, key=lambda receipt: receipt.age)
        return self.model_copy(update={"receipts": tuple(every)})


class OutsideFile(DocumentBase):
    """A file that is read where it lies, outside the store: registered, not copied."""

    path: str = Field(description="Where it lies, absolute")
    meta: RawMeta = Field(description="What it is; verified by size and digest before each use")


class Holding(DocumentBase):
    """What is held of one feed for one day, and when its source was asked for it."""

    dataset: str = Field(description="Dataset")
    feed: str = Field(description="Identifier of what the source publishes")
    day: date = Field(description="Service day; of a snapshot the day it was taken")
    status: Literal["held", "short", "missing"] = Field(
        description="short: clearly fewer rows than on the days around it; missing: none"
    )
    rows: int = Field(ge=0, description="Rows of the latest version")
    key: str | None = Field(default=None, description="Raw object of the latest version")
    asked_at: datetime = Field(description="When the source last answered for this day, UTC")
    changed_at: datetime | None = Field(default=None, description="When its content last changed")


class Setback(DocumentBase):
    """A day of a feed of which nothing came when it was last asked for; dropped when it comes."""

    dataset: str = Field(description="Dataset")
    feed: str = Field(description="Identifier of what the source publishes")
    day: date = Field(description="Service day; of a snapshot the day it was taken")
    failed_at: datetime = Field(description="When it was last asked for in vain, UTC")
    reason: str = Field(description="What went wrong then")


class SourceDay(DocumentBase):
    """How a source answered on one UTC day."""

    source: str = Field(description="Source, as the city's configuration names it")
    day: date = Field(description="UTC day of the requests")
    answered: int = Field(default=0, ge=0, description="Requests that were answered")
    failed: int = Field(default=0, ge=0, description="Requests that came to nothing")
    reasons: dict[str, int] = Field(default_factory=dict, description="Failures by reason")
    last_success_at: datetime | None = Field(default=None, description="Last answer, UTC")
    last_failure_at: datetime | None = Field(default=None, description="Last failure, UTC")
    not_before: dict[str, datetime] = Field(
        default_factory=dict, description="Hosts whose quota is used up, and until when"
    )


class Counts(Model):
    """rows_in = published + rejected + duplicates + out_of_range, always."""

    rows_in: int = Field(default=0, ge=0, description="Rows of the files that were considered")
    published: int = Field(default=0, ge=0, description="Rows kept: one per arc and hour")
    rejected: int = Field(default=0, ge=0, description="Rows that broke the contract")
    duplicates: int = Field(default=0, ge=0, description="Identical rows and losers of conflicts")
    out_of_range: int = Field(default=0, ge=0, description="Rows of other days, or of no hour")


class Retry(Model):
    """A request that came to nothing, and what was done then."""

    host: str = Field(description="Host that was asked")
    reason: str = Field(description="What went wrong")
    not_before: datetime | None = Field(
        default=None, description="When the host said that it may be asked again, if it did, UTC"
    )
    then: str = Field(description="What was done", examples=["waited 1.2 s", "gave up"])


class Run(DocumentBase):
    """One attempt at (stage, dataset, day)."""

    run_id: str = Field(description="Unique, sortable by start")
    stage: Literal["ingest", "process", "report"] = Field(description="Stage")
    dataset: str = Field(description="Dataset, or `report`")
    day: date = Field(description="Service day")
    owner: str = Field(description="host:pid of the process")
    started_at: datetime = Field(description="UTC")
    ended_at: datetime | None = Field(default=None, description="UTC; null while it runs")
    outcome: Literal[
        "running", "new", "unchanged", "no_data", "red", "failed", "lost_race", "interrupted"
    ] = Field(description="How it ended")
    edition: str | None = Field(default=None, description="Edition published or confirmed")
    inputs: tuple[str, ...] = Field(default=(), description="Raw digests and context editions read")
    outputs: tuple[str, ...] = Field(default=(), description="Object keys written")
    counts: Counts | None = Field(default=None, description="Rows of the day")
    checks: tuple[Check, ...] = Field(default=(), description="Quality gates")
    feed: str | None = Field(default=None, description="What was fetched, of stage `ingest`")
    rows: int | None = Field(default=None, ge=0, description="Rows fetched, of stage `ingest`")
    retries: tuple[Retry, ...] = Field(default=(), description="Requests that came to nothing")
    error: str | None = Field(default=None, description="Why it failed")


class Lease(DocumentBase):
    """Saves double work; correctness never rests on it."""

    owner: str = Field(description="host:pid")
    fence: int = Field(ge=1, description="Grows with each owner")
    beat: int = Field(ge=0, description="Grows while the owner lives")
