"""The published daily document of the road loops.

Flows are vehicles counted on observed hours only, occupancy is a time share in percent.
Null means not observed; it is never zero. Coverage is observed ÷ expected hours.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Check, Model, PublishedDocument, Share


class State(StrEnum):
    """Traffic state, a function of occupancy: <15, <30, <50, ≥50 %; unknown if it is null."""

    UNKNOWN = "unknown"
    FLUID = "fluid"
    PRE_SATURATED = "pre_saturated"
    SATURATED = "saturated"
    BLOCKED = "blocked"


class Observed(Model):
    """Totals over observed hours, with the coverage they rest on."""

    arcs: int = Field(ge=0, description="Arcs with at least one row")
    expected_hours: int = Field(ge=0, description="arcs × hours the day should have, arc-hours")
    flow_veh: int | None = Field(description="Vehicles counted; null if no hour has a flow")
    flow_hours: int = Field(ge=0, description="Arc-hours with a flow")
    flow_coverage: Share | None = Field(description="flow_hours ÷ expected_hours")
    occupancy_mean_pct: float | None = Field(description="Mean occupancy of observed arc-hours, %")
    occupancy_hours: int = Field(ge=0, description="Arc-hours with an occupancy")
    occupancy_coverage: Share | None = Field(description="occupancy_hours ÷ expected_hours")
    saturated_hours: int = Field(ge=0, description="Arc-hours with occupancy ≥ 30 %")
    blocked_hours: int = Field(ge=0, description="Arc-hours with occupancy ≥ 50 %")


class DayTotals(Observed):
    """Totals of the whole network."""

    arcs_with_flow: int = Field(ge=0, description="Arcs with at least one hour of flow")
    arcs_occupancy_only: int = Field(ge=0, description="Arcs with occupancy but no flow all day")
    arcs_silent: int = Field(ge=0, description="Arcs with rows but neither flow nor occupancy")
    vkt_veh_km: float | None = Field(
        description="Vehicle-kilometres on arcs of known length, observed hours"
    )
    vkt_flow_share: Share | None = Field(
        description="Share of the counted vehicles that are on arcs of known length"
    )


class StateCounts(Model):
    """Arc-hours in each state; the shares are of the arc-hours whose state is known."""

    unknown: int = Field(ge=0, description="Arc-hours with a row but no occupancy")
    fluid: int = Field(ge=0, description="Occupancy < 15 %")
    pre_saturated: int = Field(ge=0, description="15 ≤ occupancy < 30 %")
    saturated: int = Field(ge=0, description="30 ≤ occupancy < 50 %")
    blocked: int = Field(ge=0, description="Occupancy ≥ 50 %")
    fluid_share: Share | None = Field(description="fluid ÷ known states")
    pre_saturated_share: Share | None = Field(description="pre_saturated ÷ known states")
    saturated_share: Share | None = Field(description="saturated ÷ known states")
    blocked_share: Share | None = Field(description="blocked ÷ known states")


class Hour(Observed):
    """One hour of the network. `expected_hours` is here the number of arcs of the day."""

    hour_end: datetime = Field(description="End of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")
    states: StateCounts = Field(description="State of the arcs in this hour")


class ArcRank(Model):
    """One arc in a ranking, with its coverage."""

    rank: int = Field(ge=1, description="Place; ties are broken by arc_id")
    arc_id: str = Field(description="Arc identifier of the city")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    flow_veh: int | None = Field(description="Vehicles counted on observed hours")
    flow_coverage: Share = Field(description="Hours with flow ÷ expected hours")
    occupancy_mean_pct: float | None = Field(description="Mean occupancy of observed hours, %")
    occupancy_coverage: Share = Field(description="Hours with occupancy ÷ expected hours")
    saturated_hours: int = Field(ge=0, description="Hours with occupancy ≥ 30 %")
    blocked_hours: int = Field(ge=0, description="Hours with occupancy ≥ 50 %")


class AreaTotals(Observed):
    """Totals of one arrondissement by the published polygons; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` Paris, or `unknown` (no geometry)")
    label: str = Field(description="Name of the arrondissement as published")
    vkt_veh_km: float | None = Field(description="Vehicle-kilometres on arcs of known length")


class CongestionAlert(Model):
    """Occupancy at or above 30 % for two or more consecutive hours on one arc."""

    arc_id: str = Field(description="Arc identifier")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    start: datetime = Field(description="Start of the first hour, UTC")
    end: datetime = Field(description="End of the last hour, UTC")
    hours: int = Field(ge=2, description="Consecutive hours at or above 30 %")
    peak_occupancy_pct: float = Field(description="Highest hourly occupancy, %")
    peak_hour_end: datetime = Field(description="End of the (first) peak hour, UTC")
    severity: Literal["saturated", "blocked"] = Field(
        description="blocked: two or more consecutive hours of it are at or above 50 %"
    )


class Context(Model):
    """The reference editions this edition used."""

    referentiel: str | None = Field(description="Loop geometry edition, null if none is held")
    arrondissements: str | None = Field(description="Polygon edition, null if none is held")
    lengths_from: str = Field(description="Where arc geometry came from, counts by source")


class ReadingQuality(Model):
    """How the day's records were read by the run that published the edition."""

    rows_in: int = Field(ge=0, description="Rows received for this day, all receipts")
    published: int = Field(ge=0, description="Rows kept: one per arc and hour")
    rejected: int = Field(ge=0, description="Rows that broke the contract, kept apart")
    rejected_by_reason: dict[str, int] = Field(description="Rejected rows by reason")
    duplicates: int = Field(ge=0, description="Rows dropped: identical, or losing a conflict")
    conflicts: int = Field(ge=0, description="Of these, rows that differed from the one kept")
    withdrawn_values: int = Field(ge=0, description="Values a later receipt turned into null")
    state_mismatches: int = Field(
        ge=0, description="Rows whose published state is not f(occupancy)"
    )
    arc_status_hours: dict[str, int] = Field(description="Rows by published arc status (Etat arc)")
    checks: tuple[Check, ...] = Field(description="Quality gates of the day")


class ComptagesSummary(PublishedDocument):
    """The day's road traffic: totals on observed hours, coverage beside every figure."""

    dataset: Literal["comptages"] = Field(  # type: ignore[assignment]
        default="comptages", description="Dataset"
    )
    status: Literal["published", "no_data"] = Field(
        description="no_data: the source holds no usable row"
    )
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    hours_in_day: int = Field(ge=23, le=25, description="Hours of this local day: 23, 24 or 25")
    hours_expected: int = Field(ge=23, le=25, description="Hours the source holds of them")
    context: Context = Field(description="Reference editions used")
    totals: DayTotals = Field(description="Network totals")
    hourly: tuple[Hour, ...] = Field(description="Profile by hour, in time order")
    top_arcs_by_flow: tuple[ArcRank, ...] = Field(description="Ten arcs with the largest flow")
    top_arcs_by_saturated_hours: tuple[ArcRank, ...] = Field(
        description="Ten arcs with most hours at or above 30 %"
    )
    arrondissements: tuple[AreaTotals, ...] = Field(description="By published polygon")
    alerts_total: int = Field(ge=0, description="Number of congestion alerts of the day")
    alerts: tuple[CongestionAlert, ...] = Field(
        description="The longest and heaviest alerts, at most 100; all are in the alerts table"
    )
    quality: ReadingQuality = Field(description="How the day was read, and its gates")
