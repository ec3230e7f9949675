"""The published daily document of the bike-share stations. Null is not zero."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, Share
from cityflow.contracts.daily import DaySummary


class VelibState(Model):
    """Stations by their last report of the day; bikes and docks of live ones."""

    stations: int = Field(ge=0, description="Stations")
    live: int = Field(ge=0, description="Of these, live: neither stale nor closed")
    live_share: Share | None = Field(description="live ÷ stations: the coverage of the figures")
    bikes: int | None = Field(description="Bikes at live stations")
    docks: int | None = Field(description="Free docks at live stations")
    empty: int = Field(ge=0, description="Live stations without a bike")
    full: int = Field(ge=0, description="Live stations without a free dock")
    empty_share: Share | None = Field(description="empty ÷ live")
    full_share: Share | None = Field(description="full ÷ live")


class VelibTotals(VelibState):
    """All stations."""

    stale: int = Field(ge=0, description="Stations an hour or more behind the newest report")
    closed: int = Field(ge=0, description="Stations not installed, or neither giving nor taking")
    mechanical: int | None = Field(description="Of the bikes, without a motor")
    ebikes: int | None = Field(description="Of the bikes, electric")
    reports: int = Field(ge=0, description="Reports of the day")


class VelibArea(VelibState):
    """One arrondissement with a station; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")


class VelibSummary(DaySummary):
    """The bike-share stations as they reported on the day."""

    dataset: Literal[Dataset.VELIB] = Field(default=Dataset.VELIB, description="Dataset")
    newest_report_at: datetime | None = Field(description="Newest report of any station, UTC")
    totals: VelibTotals = Field(description="All stations")
    arrondissements: tuple[VelibArea, ...] = Field(description="By official polygon")
