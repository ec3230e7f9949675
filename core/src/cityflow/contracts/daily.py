"""What the published daily documents of the small datasets share."""

from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Check, Model, PublishedDocument


class DayQuality(Model):
    """How the day's records were read by the run that published the edition."""

    rows_in: int = Field(ge=0, description="Rows received for this day, all receipts")
    published: int = Field(ge=0, description="Rows kept: one per natural key")
    rejected: int = Field(ge=0, description="Rows that broke the contract, kept apart")
    rejected_by_reason: dict[str, int] = Field(description="Rejected rows by reason")
    duplicates: int = Field(ge=0, description="Rows dropped: identical, or losing a conflict")
    conflicts: int = Field(ge=0, description="Of these, rows that differed from the one kept")
    withdrawn_values: int = Field(ge=0, description="Values a later receipt turned into null")
    values: int = Field(ge=0, description="Measured cells of the kept rows that hold a value")
    checks: tuple[Check, ...] = Field(description="Quality gates of the day")


class DayContext(Model):
    """What the day was measured with, besides its own records."""

    arrondissements: str | None = Field(description="Polygon edition, null if none is held")
    listed: str | None = Field(
        description="Digest of the list in force (counters, stations), null if none is held"
    )
    past: str | None = Field(
        description="Digest of the figures of earlier days it is compared with, null if none"
    )
    referentiel: str | None = Field(
        default=None, description="Edition of the lines of road arcs, null if none is used"
    )


class DaySummary(PublishedDocument):
    """Base of the daily documents of the small datasets."""

    status: Literal["published", "no_data"] = Field(
        description="no_data: the source holds no usable row"
    )
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    context: DayContext = Field(description="Editions and figures used")
    quality: DayQuality = Field(description="How the day was read, and its gates")
