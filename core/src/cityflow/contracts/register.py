"""The register of anomalous ranges: what people know to be wrong, and the views without it."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from cityflow.contracts.base import (
    Check,
    Dataset,
    DocumentBase,
    Edition,
    Model,
    PublishedDocument,
    Share,
)

Registered = Literal["comptages", "bikes"]
Measure = Literal["flow_veh", "occupancy_pct", "bikes"]
MEASURES: Final[dict[Registered, tuple[Measure, ...]]] = {
    "comptages": ("flow_veh", "occupancy_pct"),
    "bikes": ("bikes",),
}
"""What can be wrong, by dataset: the columns of its hourly table."""

Said = Annotated[str, Field(min_length=1, max_length=200)]


class AnomalousRange(Model):
    """Values that are not to be believed. The range is half-open: its end is outside."""

    dataset: Registered = Field(description="Dataset of the sensor: comptages or bikes")
    sensor: str | None = Field(description="Arc or counter identifier; null: all of the dataset")
    measure: Measure | None = Field(description="Column that is wrong; null: all of them")
    start: datetime = Field(description="First instant, UTC")
    end: datetime | None = Field(description="First instant after it, UTC; null: until further on")
    problem: Said = Field(description="What is wrong")
    who: Said = Field(description="Who says so")
    noted_at: datetime = Field(description="When, UTC")


class RegisterEntry(DocumentBase):
    """One confirmed range. It never changes but for being withdrawn; no entry is deleted."""

    range_id: str = Field(description="Digest of the range")
    range: AnomalousRange = Field(description="The range")
    withdrawn_by: str | None = Field(default=None, description="Who took it back")
    withdrawn_at: datetime | None = Field(default=None, description="When, UTC; null: it stands")


class RegisterContext(Model):
    """The raw editions that a day's views are made of; null where no range bears on one."""

    comptages: Edition | None = Field(description="Edition of the road counts")
    bikes: Edition | None = Field(description="Edition of the bike counters")


class FilteredView(Model):
    """What one measure loses in the filtered view; the raw figures are the headline ones."""

    dataset: Registered = Field(description="Dataset")
    measure: Measure = Field(description="Column of its hourly table")
    sensors: int = Field(ge=0, description="Sensors of which a value is left out")
    raw_values: int = Field(ge=0, description="Values in the raw view")
    filtered_values: int = Field(ge=0, description="Values in the filtered view")
    filtered_share: Share | None = Field(description="filtered_values ÷ raw_values")
    raw_sum: int | None = Field(description="Sum of the raw values; null of an occupancy or none")
    filtered_sum: int | None = Field(description="Sum of those of the filtered view")


class RegisterQuality(Model):
    """Gates of the views."""

    checks: tuple[Check, ...] = Field(description="Quality gates of the day")


class RegisterSummary(PublishedDocument):
    """The confirmed ranges that bear on a day, and what they take from its hourly tables."""

    dataset: Literal[Dataset.REGISTER] = Field(default=Dataset.REGISTER, description="Dataset")
    status: Literal["published", "no_data"] = Field(
        description="published; also where no range bears on the day any more"
    )
    method_version: str = Field(description="Version of the rules")
    writer_version: str = Field(description="Version of the table writer")
    context: RegisterContext = Field(description="Editions used")
    ranges_total: int = Field(ge=0, description="Confirmed ranges that bear on the day")
    ranges: tuple[AnomalousRange, ...] = Field(
        description="The first 50 of them; all are in the table of clean records"
    )
    views: tuple[FilteredView, ...] = Field(description="What is left out, by measure")
    quality: RegisterQuality = Field(description="Gates of the day")
