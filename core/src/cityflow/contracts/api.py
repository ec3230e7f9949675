"""What the HTTP API answers: envelopes that carry attribution, and problems (RFC 9457).

Figures are those of the published tables, never recomputed; null means not observed.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, JsonValue

from cityflow.contracts.base import Attribution, Credited, Dataset, Edition, Model, Share
from cityflow.contracts.comptages import State

Status = Literal["published", "no_data"]


class Answer(Credited):
    """Base of every answer on one dataset."""


class Health(Model):
    """The process is up; says nothing of the store."""

    status: Literal["ok"] = Field(description="The process answers")
    service: Literal["cityflow-api"] = Field(description="Name of the service")
    version: str = Field(description="Version of the service")
    attributions: tuple[Attribution, ...] = Field(description="Sources and licences of the data")


class DatasetDay(Model):
    """What is published for one dataset on one day."""

    dataset: Dataset = Field(description="Dataset")
    edition: Edition = Field(description="Current edition")
    status: Status = Field(description="no_data: the source holds no usable row")
    records: int = Field(ge=0, description="Clean records of the edition")
    published_at: datetime = Field(description="When it was published, UTC")


class ReportDay(Model):
    """The daily report published for one day."""

    edition: Edition = Field(description="Current edition")
    published_at: datetime = Field(description="When it was published, UTC")


class NewestDay(DatasetDay):
    """The newest published day of one dataset."""

    day: date = Field(description="Service day, a calendar day of Europe/Paris")


class Readiness(Model):
    """The store is reachable, and how new the data in it is."""

    status: Literal["ready"] = Field(description="The store answers")
    newest_day: date | None = Field(description="Newest published day; null if there is none")
    newest: tuple[NewestDay, ...] = Field(description="The same for each dataset that has one")
    attributions: tuple[Attribution, ...] = Field(description="Sources and licences of the data")


class DayEntry(Model):
    """One service day: its datasets and its report."""

    day: date = Field(description="Service day, a calendar day of Europe/Paris")
    datasets: tuple[DatasetDay, ...] = Field(description="Published datasets, by name")
    report: ReportDay | None = Field(description="Daily report; null if there is none")


class DayList(Model):
    """Published days, newest first, one page."""

    attributions: tuple[Attribution, ...] = Field(description="Sources and licences of these days")
    days: tuple[DayEntry, ...] = Field(description="Days with at least one edition, newest first")
    next_cursor: str | None = Field(description="Send as `cursor` for the next page; null: last")


class ArcFigures(Model):
    """One arc on one day: a row of the table `arcs` without its geometry."""

    arc_id: str = Field(description="Arc identifier of the city")
    label: str | None = Field(description="Street label as published")
    node_from_id: str | None = Field(description="Upstream node")
    node_to_id: str | None = Field(description="Downstream node")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    length_m: float | None = Field(description="Geodesic length, m")
    geometry_source: str = Field(description="counts, referentiel or none")
    flow_veh: int | None = Field(description="Vehicles on observed hours")
    flow_hours: int = Field(ge=0, description="Hours with a flow")
    occupancy_hours: int = Field(ge=0, description="Hours with an occupancy")
    expected_hours: int = Field(ge=0, description="Hours the day should have")
    flow_coverage: Share = Field(description="flow_hours ÷ expected_hours")
    occupancy_coverage: Share = Field(description="occupancy_hours ÷ expected_hours")
    occupancy_mean_pct: float | None = Field(description="Mean occupancy of observed hours, %")
    peak_hour: int | None = Field(description="Local start hour of the largest flow, 0–23")
    peak_hour_end: datetime | None = Field(description="End of that hour, UTC")
    peak_flow_veh: int | None = Field(description="Flow of that hour, vehicles")
    vkt_veh_km: float | None = Field(description="Vehicle-kilometres, flow × length")
    saturated_hours: int = Field(ge=0, description="Hours with occupancy ≥ 30 %")
    blocked_hours: int = Field(ge=0, description="Hours with occupancy ≥ 50 %")
    arc_status: str = Field(description="Most frequent published status (Etat arc)")
    available_from: date | None = Field(description="Date debut dispo data, as published")
    available_to: date | None = Field(description="Date fin dispo data, as published")


class ArcRow(ArcFigures):
    """One arc on one day, with its geometry."""

    geometry: dict[str, JsonValue] | None = Field(description="GeoJSON geometry, WGS 84 lon/lat")


class EditionAnswer(Answer):
    """Base of answers from one edition of one day."""

    day: date = Field(description="Service day, a calendar day of Europe/Paris")
    edition: Edition = Field(description="Edition the rows come from")
    status: Status = Field(description="no_data: the source holds no usable row, the list is empty")


class ArcPage(EditionAnswer):
    """Arcs of a day by arc_id, one page."""

    matched: int = Field(ge=0, description="Arcs that pass the filters, all pages")
    arcs: tuple[ArcRow, ...] = Field(description="Arcs of this page")
    next_cursor: str | None = Field(description="Send as `cursor` for the next page; null: last")


class ApiLink(Model):
    """A link of a GeoJSON collection (OGC API Features)."""

    rel: Literal["self", "next", "license"] = Field(description="Relation")
    href: str = Field(description="Address")


class ArcFeature(Model):
    """One arc as a GeoJSON feature."""

    type: Literal["Feature"] = Field(description="GeoJSON type")
    id: str = Field(description="Arc identifier")
    geometry: dict[str, JsonValue] | None = Field(description="GeoJSON geometry, WGS 84 lon/lat")
    properties: ArcFigures = Field(description="The arc's figures")


class ArcCollection(EditionAnswer):
    """Arcs of a day as a GeoJSON FeatureCollection, one page."""

    type: Literal["FeatureCollection"] = Field(description="GeoJSON type")
    number_matched: int = Field(
        ge=0, alias="numberMatched", description="Arcs that pass the filters, all pages"
    )
    number_returned: int = Field(ge=0, alias="numberReturned", description="Arcs of this page")
    links: tuple[ApiLink, ...] = Field(description="self, next (if there is one), license")
    features: tuple[ArcFeature, ...] = Field(description="Arcs of this page")


class ArcHourRow(Model):
    """One arc in one hour: a row of the table `arc_hours`."""

    arc_id: str = Field(description="Arc identifier")
    hour_end: datetime = Field(description="End of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")
    flow_veh: int | None = Field(description="Vehicles counted in the hour")
    occupancy_pct: float | None = Field(description="Share of time the loop is occupied, %")
    state: State = Field(description="State by occupancy; unknown where it is null")


class ArcHourPage(EditionAnswer):
    """Arc-hours of a day by (arc_id, hour_end), one page."""

    matched: int = Field(ge=0, description="Rows that pass the filters, all pages")
    hours: tuple[ArcHourRow, ...] = Field(description="Rows of this page")
    next_cursor: str | None = Field(description="Send as `cursor` for the next page; null: last")


class CounterHourRow(Model):
    """One bike counter in one hour: a row of the table `counter_hours`."""

    counter_id: str = Field(description="Counter (one direction of a site)")
    mode: str = Field(description="What it counts; a new mode is a new series")
    hour_start: datetime = Field(description="Start of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")
    bikes: int | None = Field(description="Bikes counted in the hour")
    typical_bikes: float | None = Field(description="Median of like days, same hour")
    deviation: float | None = Field(description="(bikes − median) ÷ (1.4826·MAD + 1)")
    band: Literal["usual", "moderate", "unusual", "exceptional"] | None = Field(
        description="Band of the deviation"
    )
    is_spike: int = Field(
        ge=0, le=1, description="1 if above three times all that was seen at this hour"
    )


class CounterHourPage(EditionAnswer):
    """Counter-hours of a day by (counter_id, mode, hour_start), one page."""

    matched: int = Field(ge=0, description="Rows that pass the filters, all pages")
    hours: tuple[CounterHourRow, ...] = Field(description="Rows of this page")
    next_cursor: str | None = Field(description="Send as `cursor` for the next page; null: last")


class ArcDay(Model):
    """One published day of one arc."""

    day: date = Field(description="Service day, a calendar day of Europe/Paris")
    edition: Edition = Field(description="Edition the figures come from")
    status: Literal["observed", "absent", "no_data"] = Field(
        description="absent: the arc has no row that day; no_data: no arc has one"
    )
    figures: ArcFigures | None = Field(description="The arc's row with its coverage; null: none")


class ArcDays(Answer):
    """One arc over days, oldest first. Days without an edition are not listed."""

    arc_id: str = Field(description="Arc identifier")
    first: date = Field(description="First day asked for")
    last: date = Field(description="Last day asked for, included")
    days: tuple[ArcDay, ...] = Field(description="Published days of the range, oldest first")


class ArcProfileHour(Model):
    """One hour of an arc beside what is typical of it: a row of the table `hours` of the roads."""

    hour_end: datetime = Field(description="End of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")
    flow_veh: int = Field(description="Vehicles counted in the hour")
    typical_flow_veh: float | None = Field(description="Median of alike days; null: too few")
    spread_veh: float | None = Field(description="Spread of these days, from their MAD")
    typical_days: int = Field(ge=0, description="Days with a sound flow that were looked at")
    typical_from: Literal["day_type", "group", "none"] = Field(description="Fallback chain")
    deviation: float | None = Field(description="Change ÷ (spread + 1 veh)")
    band: Literal["usual", "moderate", "unusual", "exceptional"] | None = Field(
        description="Band of the deviation"
    )


class ArcProfile(EditionAnswer):
    """The hours of sound flow of one arc on the newest day (of a type) beside its typical day."""

    arc_id: str = Field(description="Arc identifier")
    day_type: str = Field(description="Type of the day, which its typical day is of")
    hours: tuple[ArcProfileHour, ...] = Field(
        description="In time order; empty where the arc has no sound flow"
    )


class ProblemError(Model):
    """One parameter that cannot be used."""

    parameter: str = Field(description="Name of the parameter", examples=["limit"])
    location: Literal["path", "query", "header"] = Field(description="Where it stands")
    message: str = Field(description="What is wrong with it, and what is expected")


class Problem(Model):
    """Every error (RFC 9457, application/problem+json)."""

    type: str = Field(description="Address of the page that explains this kind of problem")
    title: str = Field(description="The kind of problem, in words")
    status: int = Field(ge=400, le=599, description="HTTP status")
    detail: str = Field(description="What was wrong this time, and what to do")
    instance: str = Field(description="Path that was asked for")
    request_id: str = Field(description="Correlation id, also in X-Request-Id and in the log")
    errors: tuple[ProblemError, ...] = Field(default=(), description="Parameters at fault")
