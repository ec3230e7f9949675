"""Documents of the ledger: receipts of raw bytes, runs, leases."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Check, DocumentBase, Model


class Receipt(Model):
    """One arrival of bytes. Receipts are ordered by (received_at, position, digest)."""

    received_at: datetime = Field(description="When, UTC")
    position: int = Field(ge=0, description="Position among the files of one command")
    origin: str = Field(description="File name or URL it came from, without folders or secrets")


class RawMeta(DocumentBase):
    """Provenance beside a raw object: what the bytes are and every time they arrived."""

    dataset: str = Field(description="Dataset recognised from the content")
    sha256: str = Field(description="Digest of the bytes as received")
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


class Counts(Model):
    """rows_in = published + rejected + duplicates + out_of_range, always."""

    rows_in: int = Field(default=0, ge=0, description="Rows of the files that were considered")
    published: int = Field(default=0, ge=0, description="Rows kept in editions")
    rejected: int = Field(default=0, ge=0, description="Rows that broke the contract")
    duplicates: int = Field(default=0, ge=0, description="Identical rows and losers of conflicts")
    out_of_range: int = Field(default=0, ge=0, description="Rows of days that were not asked for")


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
    error: str | None = Field(default=None, description="Why it failed")


class Lease(DocumentBase):
    """Saves double work; correctness never rests on it."""

    owner: str = Field(description="host:pid")
    fence: int = Field(ge=1, description="Grows with each owner")
    beat: int = Field(ge=0, description="Grows while the owner lives")
