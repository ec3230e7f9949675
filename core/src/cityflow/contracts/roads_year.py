"""What the year before a month tells of the road arcs: volumes, reliability, rhythm."""

from datetime import date
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Model, PublishedDocument, Share


class YearComparison(Model):
    """Twelve months against the twelve before, on a fixed panel of arcs."""

    first_day: date = Field(description="First day of the later twelve months")
    last_day: date = Field(description="Last day of them")
    panel_arcs: int = Field(ge=0, description="Arcs with a sound flow in 80 % of both years' hours")
    panel_share: Share = Field(description="panel_arcs ÷ arcs with 80 % of the later year's hours")
    mean_flow_veh: float = Field(description="Mean of their mean hourly flows, veh/h")
    mean_flow_before_veh: float = Field(description="The same of the year before")
    change: float | None = Field(description="mean_flow_veh ÷ mean_flow_before_veh − 1")


class PeriodReliability(Model):
    """One window and period of the network."""

    window_days: int = Field(description="Days before the month")
    period: str = Field(description="Weekdays or weekend, and local hours")
    arcs: int = Field(ge=0, description="Arcs with ten hours or more")
    reliable_arcs: int = Field(ge=0, description="Of these, with an LOTTR below 1.5")
    reliable_share: Share | None = Field(description="reliable_arcs ÷ arcs")
    median_buffer_index: float | None = Field(description="Median of their buffer indices")
    median_planning_index: float | None = Field(description="Median of their planning indices")


class RoadsYearSummary(PublishedDocument):
    """The road arcs at the beginning of a month, from the days before it."""

    dataset: Literal["roads_year"] = Field(  # type: ignore[assignment]
        default="roads_year", description="Dataset"
    )
    status: Literal["published", "no_data"] = Field(description="no_data: no day has a sound flow")
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    past: str | None = Field(description="Digest of what is used of the days and months before")
    months_digest: str = Field(description="Digest of the month's volumes, which later ones use")
    month_days: int = Field(ge=0, description="Days of the month before that have data")
    year_days: int = Field(ge=0, description="Days with data of the 365 days before")
    arcs: int = Field(ge=0, description="Arcs with a volume in the year")
    arcs_madt: int = Field(ge=0, description="Arcs with a mean daily volume of the month before")
    arcs_aadt: int = Field(ge=0, description="Arcs with an annual mean: 11 months or more")
    rhythms: dict[str, int] = Field(description="Arcs by class of rhythm")
    reliability: tuple[PeriodReliability, ...] = Field(description="By window and period")
    year: YearComparison | None = Field(
        description="Rolling twelve months; null where the panel is too small"
    )
