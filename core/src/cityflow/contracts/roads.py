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


class RoadsTypical(Model):
    """Sound flow beside the typical flow of the same arc-hours; nothing in editions of method 1."""

    flow_hours: int = Field(default=0, ge=0, description="Arc-hours with a sound flow")
    compared_hours: int = Field(default=0, ge=0, description="Of these, with a typical flow")
    compared_share: Share | None = Field(default=None, description="compared_hours ÷ flow_hours")
    compared_flow_veh: int | None = Field(
        default=None, description="Vehicles of the compared hours"
    )
    typical_flow_veh: float | None = Field(
        default=None, description="Typical flow of the same hours"
    )
    flow_ratio: float | None = Field(
        default=None, description="compared_flow_veh ÷ typical_flow_veh"
    )
    day_type_hours: int = Field(default=0, ge=0, description="Compared with days of the same type")
    group_hours: int = Field(
        default=0, ge=0, description="Compared with days of its group of types"
    )
    usual_hours: int = Field(default=0, ge=0, description="Deviation below 1, or a small change")
    moderate_hours: int = Field(default=0, ge=0, description="Deviation from 1 to 2")
    unusual_hours: int = Field(default=0, ge=0, description="Deviation from 2 to 3")
    exceptional_hours: int = Field(default=0, ge=0, description="Deviation of 3 or more")


class RoadsTotals(RoadsTypical, RoadsIndex):
    """The whole network: congestion, and flow beside the typical day."""


class RoadsHour(RoadsTotals):
    """One hour of the network."""

    hour_end: datetime = Field(description="End of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")


class RoadsArea(RoadsTotals):
    """One arrondissement with an arc that has rows; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")


class RoadsExpanded(Model):
    """The flow of the day with imputed hours: an estimate beside the counts, never in them."""

    observed_flow_veh: int = Field(description="Vehicles on hours of sound flow")
    imputed_flow_veh: float = Field(description="Vehicles imputed to hours without one")
    expanded_flow_veh: float = Field(description="Both together")
    observed_hours: int = Field(ge=0, description="Arc-hours with a sound flow")
    imputed_hours: int = Field(ge=0, description="Arc-hours with an imputed one")
    imputed_share: Share | None = Field(description="imputed_hours ÷ both")


class RoadsComparison(Model):
    """The day against another one, on a panel of arcs and in the hours that both have."""

    basis: Literal["last_week", "last_year"] = Field(
        description="The same weekday: 7 or 364 days before"
    )
    compared_day: date = Field(description="The other day")
    compared_day_type: str = Field(description="Its day type: a holiday is not like a weekday")
    panel_arcs: int = Field(ge=0, description="Arcs with a sound flow in 80 % of both days' hours")
    panel_share: Share | None = Field(description="panel_arcs ÷ arcs with a sound flow today")
    panel_hours: int = Field(ge=0, description="Arc-hours that both days have on the panel")
    flow_veh: int = Field(description="Vehicles of these arc-hours today")
    flow_before_veh: int = Field(description="Vehicles of these arc-hours on the other day")
    change: float | None = Field(description="flow_veh ÷ flow_before_veh − 1")


class RoadsAnomaly(Model):
    """Hours in a row on one arc whose flow is exceptional, in one direction."""

    arc_id: str = Field(description="Arc identifier")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    start: datetime = Field(description="Start of the first hour, UTC")
    end: datetime = Field(description="End of the last hour, UTC")
    hours: int = Field(ge=1, description="Hours of the episode")
    direction: Literal["less", "more"] = Field(description="Less or more flow than is typical")
    flow_veh: int = Field(description="Vehicles counted in these hours")
    typical_flow_veh: float = Field(description="Typical flow of these hours")
    change_veh: float = Field(description="flow_veh − typical_flow_veh")
    change_share: float | None = Field(description="flow_veh ÷ typical_flow_veh − 1")
    deviation: float = Field(description="Largest deviation of the episode, in spreads")
    typical_from: Literal["day_type", "group"] = Field(
        description="Days the typical flow is of; group if that of any hour is"
    )


class Bottleneck(Model):
    """An arc at which congestion begins: it is congested, what follows it is free."""

    rank: int = Field(ge=1, description="Place by delay × days active, then hours, then arc_id")
    arc_id: str = Field(description="Arc identifier of the head")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    start: datetime = Field(description="Start of the first hour, UTC")
    end: datetime = Field(description="End of the last hour, UTC")
    hours: int = Field(ge=1, description="Hours at the head, gaps left out")
    extent_arcs: float = Field(description="Congested arcs in a row up to it, median of its hours")
    extent_km: float | None = Field(description="Their length, median of its hours")
    delay_ref_veh_h: float | None = Field(
        description="Delay of these arcs against the reference speed; null without an index"
    )
    delay_hours: int = Field(ge=0, description="Arc-hours with an index behind the delay")
    active_days: int = Field(ge=1, description="Days with it: this and the 19 working days before")


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
    earlier: str | None = Field(
        default=None, description="Digest of flows and bottlenecks of earlier days, null if none"
    )
    flows_digest: str | None = Field(
        default=None, description="Digest of the sound flows, which later days are compared with"
    )
    index_digest: str | None = Field(
        default=None, description="Digest of the congestion indices, which reliability uses"
    )
    heads_digest: str | None = Field(
        default=None, description="Digest of the heads of bottlenecks, which later days count"
    )


class RoadsSpeed(Model):
    """The estimated speed of a network beside what the city measured: a bound of sanity."""

    network: Literal["inside", "ring"] = Field(description="Inside Paris, or the ring road")
    speed_est_kmh: float | None = Field(ge=0, description="VKT ÷ VHT, km/h, estimated")
    index_hours: int = Field(ge=0, description="Arc-hours that it rests on")
    expected_hours: int = Field(ge=0, description="Arc-hours of these arcs")
    index_coverage: float | None = Field(
        ge=0, le=1, description="index_hours ÷ expected_hours, null if none is expected"
    )
    city_low_kmh: float = Field(description="Lowest yearly mean that the city measured, km/h")
    city_high_kmh: float = Field(description="Highest of them, km/h")
    city_years: str = Field(description="Years of these means")


class RoadsFullness(Model):
    """How full the counts of the day are, which the gates of later days compare with."""

    hours: int = Field(ge=0, description="Arc-hours with a flow")
    expected_hours: int = Field(ge=0, description="Hours of the day, of each arc with rows")
    present: int = Field(ge=0, description="Arcs with a flow")
    coverage: float | None = Field(
        default=None, ge=0, le=1, description="hours ÷ expected_hours, null if none is expected"
    )


class RoadsQuality(Model):
    """Fullness and gates of the analysis."""

    fullness: RoadsFullness | None = Field(
        default=None, description="Fullness; null where an earlier method did not say it"
    )
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
    day_type: str | None = Field(
        default=None, description="Type of the day, which its typical day is of"
    )
    totals: RoadsTotals = Field(description="The whole network")
    hourly: tuple[RoadsHour, ...] = Field(description="By hour, in time order")
    arrondissements: tuple[RoadsArea, ...] = Field(description="By official polygon")
    speeds: tuple[RoadsSpeed, ...] = Field(
        default=(), description="Estimated speeds beside what the city measured"
    )
    repairs_total: int = Field(ge=0, description="Arcs that are not sound")
    repairs: tuple[Repair, ...] = Field(
        description="The first 50 of these by typical flow lost; all are in the table health"
    )
    comparisons: tuple[RoadsComparison, ...] = Field(
        default=(), description="Against other days; silent where the panel is too small"
    )
    expanded: RoadsExpanded | None = Field(
        default=None, description="With imputed hours; null unless imputation is switched on"
    )
    anomalies_total: int = Field(default=0, ge=0, description="Anomalies of the day")
    anomalies: tuple[RoadsAnomaly, ...] = Field(
        default=(), description="The first 50 of these by change; all are in the table anomalies"
    )
    bottlenecks_total: int = Field(default=0, ge=0, description="Bottlenecks of the day")
    bottlenecks: tuple[Bottleneck, ...] = Field(
        default=(), description="The first 50 of these by rank; all are in the table bottlenecks"
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
