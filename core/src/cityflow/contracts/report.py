"""The daily report: the day's published editions on one page, and what is missing."""

from datetime import date
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Attribution, Dataset, DocumentBase, Edition, Model
from cityflow.contracts.comptages import ComptagesSummary


class Missing(Model):
    """A dataset the report does not carry, and why."""

    dataset: Dataset = Field(description="Dataset")
    reason: Literal["never_processed", "no_data_from_source", "gate_red", "failed"] = Field(
        description="Why it is missing"
    )
    explanation: str = Field(description="The same in words, with what to do")


class DailyReport(DocumentBase):
    """The report of one day, from published editions only."""

    day: date = Field(description="Service day")
    edition: Edition = Field(description="Digest of the editions it is made of")
    editions: dict[str, str] = Field(description="Edition of each dataset it carries")
    method_version: str = Field(description="Version of the report")
    attributions: tuple[Attribution, ...] = Field(description="Sources and licences")
    missing: tuple[Missing, ...] = Field(description="Datasets without figures, and why")
    comptages: ComptagesSummary | None = Field(description="Road traffic of the day")
