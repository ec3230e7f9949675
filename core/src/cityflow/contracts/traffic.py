"""The published daily document of public-transport disruptions. Null is never zero."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, Share
from cityflow.contracts.daily import DaySummary


class TransitSums(Model):
    """Line-hours of the day: of each line the union of its periods, clipped to the day."""

    lines: int = Field(ge=0, description="Lines that the feed named on the day")
    disruptions: int = Field(ge=0, description="Disruptions with a period on the day")
    disrupted_line_h: float = Field(ge=0, description="Line-hours blocked or disrupted")
    blocked_line_h: float = Field(
        ge=0, description="Line-hours with a blocking disruption of the line or a section of it"
    )
    stop_blocked_line_h: float | None = Field(
        default=None,
        description="Line-hours with one of a stop only, not in the blocked ones; null before "
        "method 2, which counted them there",
    )
    planned_line_h: float = Field(ge=0, description="Of the disrupted ones, by works (TRAVAUX)")
    unplanned_line_h: float = Field(ge=0, description="Of these, by incidents (PERTURBATION)")
    information_line_h: float = Field(ge=0, description="Line-hours with a notice only or too")
    line_h: float = Field(ge=0, description="Lines × hours of the day")
    availability: Share | None = Field(
        description="Share of line-hours without a blocking disruption of the line or a section"
    )
    coverage: Share = Field(description="Hours of the day with a snapshot ÷ hours of the day")


class TransitTotals(TransitSums):
    """All lines."""

    planned: int = Field(ge=0, description="Disruptions of the day by works")
    unplanned: int = Field(ge=0, description="Disruptions of the day by incidents")
    without_line: int = Field(ge=0, description="Disruptions of the day that name no line")


class TransitMode(TransitSums):
    """All lines of one mode."""

    mode: str = Field(description="Mode as published: Bus, Metro, RapidTransit, …")


class StopSums(Model):
    """Stops that disruptions name, and their hours: of each the union of its periods."""

    stops: int = Field(ge=0, description="Stops that a disruption of the day names")
    disrupted_stops: int = Field(ge=0, description="Of these, by a blocking or disturbing one")
    blocked_stops: int = Field(ge=0, description="Of these, by a blocking one")
    disrupted_stop_h: float = Field(ge=0, description="Stop-hours blocked or disrupted")
    blocked_stop_h: float = Field(ge=0, description="Stop-hours with a blocking disruption")
    coverage: Share = Field(description="Hours of the day with a snapshot ÷ hours of the day")


class TransitStops(StopSums):
    """All stops."""

    placed: int = Field(ge=0, description="Of `stops`, those of which the place is known")
    placed_share: Share | None = Field(description="placed ÷ stops; null without any")


class TransitZone(StopSums):
    """The stops in one arrondissement; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    label: str = Field(description="Its published name")


class TransitMoment(Model):
    """What was going on at a time of day, by the last snapshot before it."""

    local_time: str = Field(description="08:30 or 18:00, Paris time")
    at: datetime = Field(description="The same instant, UTC")
    snapshot_at: datetime | None = Field(description="Time of that snapshot, UTC; null: none")
    snapshot_age_min: float | None = Field(description="Its age, minutes")
    blocking: int | None = Field(description="Active disruptions that block")
    disrupted: int | None = Field(description="Active disruptions that disturb")
    information: int | None = Field(description="Active notices")
    lines_blocked: int | None = Field(
        description="Lines of which an active one blocks all or a section"
    )
    lines_disrupted: int | None = Field(description="Lines with a blocking or disturbing one")


class TransitLineRank(Model):
    """One line."""

    rank: int = Field(ge=1, description="By blocked, then disrupted hours, then identifier")
    line_id: str = Field(description="Identifier of the line")
    line_name: str | None = Field(description="Name as published")
    mode: str = Field(description="Mode as published")
    disrupted_h: float = Field(ge=0, description="Hours blocked or disrupted")
    blocked_h: float = Field(ge=0, description="Hours with a block of the line or a section")
    availability: Share = Field(description="Share of the day without such a block")


class TrafficSummary(DaySummary):
    """The disruptions of the day, as the snapshots of the day tell them."""

    dataset: Literal[Dataset.TRAFFIC] = Field(default=Dataset.TRAFFIC, description="Dataset")
    hours_in_day: int = Field(ge=23, le=25, description="Hours of this local day: 23, 24 or 25")
    snapshots: int = Field(ge=0, description="Snapshots used, the last one before the day too")
    snapshot_at: datetime | None = Field(description="Time of the last of them, UTC")
    snapshot_later: bool = Field(
        description="True if none is held of the day or before: the next later one is used"
    )
    totals: TransitTotals = Field(description="All lines")
    modes: tuple[TransitMode, ...] = Field(description="By mode")
    stops: TransitStops | None = Field(
        default=None, description="Stops that disruptions name; null before method 3"
    )
    arrondissements: tuple[TransitZone, ...] = Field(
        default=(), description="The same by official polygon; none before method 3"
    )
    moments: tuple[TransitMoment, ...] = Field(description="At 08:30 and 18:00")
    top_lines: tuple[TransitLineRank, ...] = Field(description="Worst lines, at most 50")
