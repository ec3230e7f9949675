"""The published daily document across datasets: roads beside works, transit and weather.

Null means not known, never zero; a comparison without enough days is silent.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Check, Dataset, Edition, Model, PublishedDocument, Share
from cityflow.contracts.chantiers import WorkImpact
from cityflow.contracts.weather import Category, Impact


class AcrossContext(Model):
    """Editions of the day that it is made of; null where none is published."""

    roads_analysis: Edition = Field(description="Edition of the road analysis")
    chantiers: Edition | None = Field(description="Edition of the road works")
    traffic: Edition | None = Field(description="Edition of the transit disruptions")
    weather: Edition | None = Field(description="Edition of the weather")
    earlier: str | None = Field(description="Digest of the earlier days it looks at, null if none")


class AcrossWeather(Model):
    """The weather of the day at its place of reference."""

    category: Category = Field(description="Kind of day")
    mobility_impact: Impact = Field(description="What it does to getting about, by category")
    temperature_c: float | None = Field(description="Mean temperature, °C")
    precipitation_mm: float | None = Field(description="Precipitation, mm")


class AcrossTransit(Model):
    """Public transport of the day, of the whole city: lines lie in no arrondissement, stops do."""

    availability: Share | None = Field(
        description="Share of line-hours without a blocking disruption of the line or a section"
    )
    disrupted_line_h: float = Field(ge=0, description="Line-hours blocked or disrupted")
    disrupted_stops: int | None = Field(
        default=None,
        description="Stops named by a blocking or disturbing disruption; null: not told",
    )
    blocked_stops: int | None = Field(default=None, description="Of these, by a blocking one")
    placed_share: Share | None = Field(
        default=None, description="Of all stops named, the share of those whose place is known"
    )
    coverage: Share = Field(description="Hours of the day with a snapshot ÷ hours of the day")


class LikeForLike(Model):
    """Volumes of arcs beside those of days of similar weather, on the arcs that have both."""

    volume_arcs: int = Field(ge=0, description="Arcs with a volume of the day")
    compared_arcs: int = Field(ge=0, description="Of these, with enough similar days")
    compared_share: Share | None = Field(description="compared_arcs ÷ volume_arcs")
    compared_veh: int | None = Field(description="Volume of the compared arcs, veh")
    similar_veh: float | None = Field(description="Their median volumes on similar days, veh")
    like_ratio: float | None = Field(description="compared_veh ÷ similar_veh; null: silent")


class AcrossCity(LikeForLike):
    """The whole city."""

    similar_days: int = Field(ge=0, description="Earlier days of similar weather and day type")
    works_active: int | None = Field(description="Works active on the day")
    exposed_arcs: int | None = Field(description="Road arcs within 40 m of one of them")
    works_compared: int = Field(ge=0, description="Pairs of work and arc with a before and after")
    tti_area: float | None = Field(description="Congestion index weighted by vehicle-kilometres")
    index_coverage: Share | None = Field(description="Arc-hours with an index ÷ expected")


class AcrossZone(LikeForLike):
    """One arrondissement; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    tti_area: float | None = Field(description="Congestion index weighted by vehicle-kilometres")
    index_coverage: Share | None = Field(description="Arc-hours with an index ÷ expected")
    works_active: int | None = Field(description="Works active on the day; null: no list")
    impact_weight: float | None = Field(description="Sum of the weights of their impacts")
    exposed_arcs: int | None = Field(description="Road arcs within 40 m of one of them")
    disrupted_stops: int | None = Field(
        default=None,
        description="Stops of transit in it, named by a blocking or disturbing disruption; "
        "null: not told",
    )
    blocked_stops: int | None = Field(default=None, description="Of these, by a blocking one")
    disrupted_stop_h: float | None = Field(
        default=None, description="Their stop-hours blocked or disrupted"
    )


class WorkEffect(Model):
    """An arc near a work, before it and during it, beside the rest of its arrondissement."""

    work_id: str = Field(description="Identifier of the work")
    arc_id: str = Field(description="Exposed arc")
    label: str | None = Field(description="Street label as published")
    arrondissement: str = Field(description="Of the arc: 1–20, `outside` or `unknown`")
    start: date = Field(description="First day of the work")
    impact: WorkImpact = Field(description="What it leaves of the traffic")
    before_days: int = Field(ge=0, description="Days of the 28 before it that were used")
    during_days: int = Field(ge=0, description="Days of the last 28 of it that were used")
    before_veh: float | None = Field(description="Median volume before, veh a day; null: silent")
    during_veh: float | None = Field(description="Median volume during, veh a day; null: silent")
    work_ratio: float | None = Field(description="during_veh ÷ before_veh")
    control_arcs: int = Field(ge=0, description="Arcs of the arrondissement near no active work")
    control_ratio: float | None = Field(description="The same ratio of these; null: too few")
    work_change: float | None = Field(description="work_ratio ÷ control_ratio − 1")


class AcrossQuality(Model):
    """Gates of the day."""

    checks: tuple[Check, ...] = Field(description="Quality gates of the day")


class AcrossSummary(PublishedDocument):
    """Roads, works, public transport and weather of one day side by side."""

    dataset: Literal[Dataset.ACROSS] = Field(default=Dataset.ACROSS, description="Dataset")
    status: Literal["published", "no_data"] = Field(
        description="no_data: no arc of the roads is known on the day"
    )
    method_version: str = Field(description="Version of the formulas")
    thresholds_version: str = Field(description="Version of the thresholds table")
    writer_version: str = Field(description="Version of the table writer")
    context: AcrossContext = Field(description="Editions and figures used")
    weather: AcrossWeather | None = Field(description="Null if none is published")
    transit: AcrossTransit | None = Field(description="Null if none is published")
    similar: tuple[date, ...] = Field(description="The days of similar weather, in order")
    city: AcrossCity = Field(description="All arcs")
    arrondissements: tuple[AcrossZone, ...] = Field(description="By official polygon")
    works: tuple[WorkEffect, ...] = Field(
        description="The 20 largest changes near works; all pairs are in the table works"
    )
    quality: AcrossQuality = Field(description="Gates of the day")
