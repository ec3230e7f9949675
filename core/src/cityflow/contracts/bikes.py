"""The published daily document of the bike counters.

Counts are bikes on observed hours only; null means not observed, never zero.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, Share
from cityflow.contracts.daily import DaySummary


class BikesObserved(Model):
    """Bikes on observed hours, with coverage, beside what is typical of the same hours."""

    bikes: int | None = Field(description="Bikes counted; null if no hour has a count")
    hours: int = Field(ge=0, description="Counter-hours with a count")
    expected_hours: int = Field(ge=0, description="Counters × hours the day should have")
    coverage: Share | None = Field(description="hours ÷ expected_hours")
    compared_bikes: int | None = Field(description="Bikes of the hours that have a typical count")
    typical_bikes: float | None = Field(description="Typical count of the same hours")
    ratio: float | None = Field(description="compared_bikes ÷ typical_bikes")


class BikesTotals(BikesObserved):
    """All counters of the day."""

    counters: int = Field(ge=0, description="Counters known on the day")
    counters_counting: int = Field(ge=0, description="Of these, with at least one count")
    sites: int = Field(ge=0, description="Sites of these counters")


class BikesYear(Model):
    """Twelve months against the twelve before, on counters that counted in both."""

    panel_counters: int = Field(ge=0, description="Counters with 80 % of the days in both years")
    bikes: int | None = Field(description="Their bikes in the 365 days that end with this one")
    bikes_before: int | None = Field(description="Their bikes in the 365 days before")
    change: float | None = Field(description="bikes ÷ bikes_before − 1")


class BikesHour(BikesObserved):
    """One hour of all counters."""

    mode: str = Field(description="What is counted")
    hour_start: datetime = Field(description="Start of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")


class BikesArea(BikesObserved):
    """One arrondissement that has a counter; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    mode: str = Field(description="What is counted")
    counters: int = Field(ge=0, description="Counters known there")


class BikesCounterRank(Model):
    """One counter in the ranking by bikes."""

    rank: int = Field(ge=1, description="Place; ties are broken by counter_id")
    counter_id: str = Field(description="Counter identifier")
    mode: str = Field(description="What is counted")
    counter_name: str | None = Field(description="Name as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    bikes: int = Field(description="Bikes counted on observed hours")
    coverage: Share | None = Field(description="Hours with a count ÷ expected hours")
    ratio: float | None = Field(description="Against its typical count of the same hours")


class BikesFinding(Model):
    """A counter that needs a look: out, stuck, spiking, suspect or drifting."""

    counter_id: str = Field(description="Counter identifier")
    mode: str = Field(description="What is counted")
    counter_name: str | None = Field(description="Name as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    status: str = Field(description="First of its reasons")
    reasons: str = Field(description="All findings")
    outage_days: int = Field(ge=0, description="Days in a row without a count")
    typical_bikes: float | None = Field(description="Typical count of the hours compared")


class BikesSummary(DaySummary):
    """The day's bike counts: totals on observed hours, coverage beside every figure."""

    dataset: Literal[Dataset.BIKES] = Field(default=Dataset.BIKES, description="Dataset")
    hours_in_day: int = Field(ge=23, le=25, description="Hours of this local day: 23, 24 or 25")
    baseline: Literal["day_type", "group", "none"] = Field(
        description="Days the typical is of: the same day type, its group, or too few"
    )
    totals: BikesTotals = Field(description="All counters")
    year: BikesYear = Field(description="Rolling twelve months on a fixed panel")
    hourly: tuple[BikesHour, ...] = Field(description="Profile by hour, in time order")
    arrondissements: tuple[BikesArea, ...] = Field(description="By official polygon")
    top_counters: tuple[BikesCounterRank, ...] = Field(description="Ten counters with most bikes")
    findings_total: int = Field(ge=0, description="Counters that need a look")
    findings: tuple[BikesFinding, ...] = Field(
        description="The first 50 of these by typical bikes lost; all are in the table counters"
    )
