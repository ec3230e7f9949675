"""The published daily analysis of the road loops: health of each loop, congestion, repairs.

Speeds are estimates from flow and occupancy at a point, never measured; null is not zero.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Check, Dataset, Edition, Model, PublishedDocument, Share

HEALTH = (
    "good",
    "occupancy_only",
    "flow_only",
    "feed_down",
    "no_rows",
    "silent",
    "insufficient",
    "stuck_zero",
    "stuck_on",
    "mismatch",
    "constant",
    "implausible",
)
"""The statuses of an arc on a day; the first three are sound."""


class HealthCount(Model):
    """How many arcs have a status."""

    status: str = Field(description="Status of the arc on the day")
    arcs: int = Field(ge=0, description="Arcs with this status")
    arcs_share: Share | None = Field(description="arcs ÷ arcs known on the day")


class RoadsIndex(Model):
    """Congestion over the arc-hours of sound loops that have an index; sums before ratios."""

    index_hours: int = Field(ge=0, description="Arc-hours with a congestion index")
    expected_hours: int = Field(ge=0, description="Arcs with a row × hours the source holds")
    index_coverage: Share | None = Field(description="index_hours ÷ expected_hours")
    capped_hours: int = Field(ge=0, description="Of index_hours, those capped at 6")
    index_vkt_veh_km: float | None = Field(description="Σ flow × length over these arc-hours")
    index_vht_veh_h: float | None = Field(description="Σ flow × length ÷ estimated speed")
    speed_est_kmh: float | None = Field(description="Vehicle-km ÷ vehicle-hours: an estimate")
    tti_area: float | None = Field(description="Congestion index weighted by vehicle-kilometres")
    delay_ref_veh_h: float | None = Field(description="Delay against the reference speed")
    delay_60_veh_h: float | None = Field(description="Delay against 60 % of the reference speed")
    dpn_veh: float | None = Field(
        description="Normalised distance: mean hourly flow weighted by length, veh/h"
    )
    dpn_hours: int = Field(ge=0, description="Arc-hours with sound flow and known length")
    congested_km: float | None = Field(
        description="Length with occupancy ≥ 30 %, mean of the hours that have any sound occupancy"
    )
    congested_hours: int = Field(ge=0, description="Arc-hours of sound occupancy ≥ 30 %")
    occupied_km: float | None = Field(
        description="Length with a sound occupancy, mean of the same hours"
    )


class RoadsHour(RoadsIndex):
    """One hour of the network."""

    hour_end: datetime = Field(description="End of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")


class RoadsArea(RoadsIndex):
    """One arrondissement with an arc that has rows; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")


class Repair(Model):
    """An arc whose loop needs a look."""

    rank: int = Field(ge=1, description="Place by flow_lost_veh, then days_down, then arc_id")
    arc_id: str = Field(description="Arc identifier")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    status: str = Field(description="First of its reasons")
    reasons: str = Field(description="All findings")
    failure_level: Literal["feed", "zone", "axis", "arc"] = Field(
        description="Highest level at which every arc that worked lately has failed"
    )
    days_down: int = Field(ge=0, description="Days in a row, with a feed, that it is not sound")
    last_good: date | None = Field(description="Last sound day, null if none is known")
    typical_flow_veh: float | None = Field(description="Median flow of its sound days")
    flow_lost_veh: float | None = Field(description="Typical flow that this day does not count")


class RoadsContext(Model):
    """The editions and figures used."""

    comptages: Edition = Field(description="Edition of the road counts")
    calibration: Edition | None = Field(description="Calibration of the month, null if none")
    past: str | None = Field(description="Digest of the health of earlier days, null if none")
    health_digest: str = Field(description="Digest of the table `health`, which later days use")
    clean_digest: str = Field(description="Digest of the clean hours, which calibrations use")


class RoadsQuality(Model):
    """Gates of the analysis."""

    checks: tuple[Check, ...] = Field(description="Quality gates of the day")


class RoadsSummary(PublishedDocument):
    """The day's analysis of the road loops."""

    dataset: Literal[Dataset.ROADS_ANALYSIS] = Field(
        default=Dataset.ROADS_ANALYSIS, description="Dataset"
    )
    status: Literal["published", "no_data"] = Field(
        description="no_data: the source holds no usable row"
    )
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    context: RoadsContext = Field(description="Editions and figures used")
    arcs_known: int = Field(ge=0, description="Arcs with a row today or within a year")
    arcs_calibrated: int = Field(ge=0, description="Arcs with a free-flow pace this month")
    health: tuple[HealthCount, ...] = Field(description="Arcs by status, all statuses")
    totals: RoadsIndex = Field(description="The whole network")
    hourly: tuple[RoadsHour, ...] = Field(description="By hour, in time order")
    arrondissements: tuple[RoadsArea, ...] = Field(description="By official polygon")
    repairs_total: int = Field(ge=0, description="Arcs that are not sound")
    repairs: tuple[Repair, ...] = Field(
        description="The first 50 of these by typical flow lost; all are in the table health"
    )
    quality: RoadsQuality = Field(description="Gates of the day")


class CalibrationSummary(PublishedDocument):
    """The free-flow pace of each arc for one calendar month, from the 90 days before it."""

    dataset: Literal["roads_calibration"] = Field(  # type: ignore[assignment]
        default="roads_calibration", description="Dataset"
    )
    status: Literal["published", "no_data"] = Field(description="no_data: no arc is calibrated")
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    first_day: date = Field(description="First day of the window")
    last_day: date = Field(description="Last day of the window")
    days: int = Field(ge=0, description="Days of the window that are published")
    past: str | None = Field(description="Digest of their clean hours, null if none")
    arcs: int = Field(ge=0, description="Arcs with an hour in the window")
    arcs_calibrated: int = Field(ge=0, description="Of these, with a free-flow pace")
