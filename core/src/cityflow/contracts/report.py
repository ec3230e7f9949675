"""The daily report: the day's published editions on one page, and what is missing and why."""

from datetime import date
from typing import Literal

from pydantic import Field

from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.base import Attribution, Credited, Dataset, DocumentBase, Edition, Model
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.comptages import ComptagesSummary
from cityflow.contracts.register import RegisterSummary
from cityflow.contracts.roads import RoadsSummary
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary

MEASURED = (
    Dataset.COMPTAGES,
    Dataset.ROADS_ANALYSIS,
    Dataset.BIKES,
    Dataset.VELIB,
    Dataset.TRAFFIC,
    Dataset.CHANTIERS,
    Dataset.WEATHER,
)
"""The datasets a report speaks of, in its order."""

CARRIED = (*MEASURED, Dataset.ACROSS, Dataset.REGISTER)
"""Also what it speaks of only where it is published: it is made of the others."""

Reason = Literal["never_processed", "no_data_from_source", "gate_red", "failed"]


class Missing(Model):
    """A dataset the report does not carry, and why."""

    dataset: Dataset = Field(description="Dataset")
    reason: Reason = Field(description="Why it is missing")
    explanation: str = Field(description="The same in words, with what to do")


class SourceState(Credited):
    """What the report holds of one measured dataset, and whom to name for it."""

    dataset: Dataset = Field(description="Dataset")
    status: Literal["published"] | Reason = Field(description="published, or why it is missing")
    edition: Edition | None = Field(description="Edition the report rests on; null if none stands")
    records: int | None = Field(description="Clean records of that edition")
    note: str | None = Field(
        description="What else to know: why it is missing, or why its last run changed nothing"
    )


class DailyReport(DocumentBase):
    """The report of one day, from published editions only."""

    day: date = Field(description="Service day")
    edition: Edition = Field(description="Digest of the editions and notes it is made of")
    editions: dict[str, str] = Field(description="Edition of each dataset that has one")
    method_version: str = Field(description="Version of the report")
    attributions: tuple[Attribution, ...] = Field(
        description="Sources and licences of the datasets with an edition, and of the reference "
        "data they used; of all datasets if none has one"
    )
    sources: tuple[SourceState, ...] = Field(
        description="The six measured datasets and the analysis of the roads, each once; and the "
        "look across them and the register of anomalous ranges where they are published"
    )
    missing: tuple[Missing, ...] = Field(description="Datasets without figures, and why")
    comptages: ComptagesSummary | None = Field(
        description="Road traffic of the day; null if it is missing"
    )
    roads_analysis: RoadsSummary | None = Field(
        default=None, description="Health, congestion and repairs of the roads; null if missing"
    )
    bikes: BikesSummary | None = Field(
        default=None, description="Bike counters of the day; null if they are missing"
    )
    velib: VelibSummary | None = Field(
        default=None, description="Bike-share stations of the day; null if they are missing"
    )
    traffic: TrafficSummary | None = Field(
        default=None, description="Public transport of the day; null if it is missing"
    )
    chantiers: ChantiersSummary | None = Field(
        default=None, description="Road works of the day; null if they are missing"
    )
    weather: WeatherSummary | None = Field(
        default=None, description="Weather of the day; null if it is missing"
    )
    across: AcrossSummary | None = Field(
        default=None, description="Roads beside works, transit and weather; null if not published"
    )
    confirmed: RegisterSummary | None = Field(
        default=None,
        description="What people know to be wrong: ranges of the register; null if there are none",
    )
