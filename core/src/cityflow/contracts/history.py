"""Completed months: editions made of the editions of their days."""

from datetime import date

from pydantic import Field

from cityflow.contracts.base import Attribution, DocumentBase, Edition


class MonthHistory(DocumentBase):
    """A month in one table; a day of it counts while its edition is still the current one."""

    dataset: str = Field(description="Dataset")
    month: date = Field(description="First day of the month")
    edition: Edition = Field(description="Digest of the inputs, the table's form and its writer")
    inputs: dict[str, Edition] = Field(description="Edition of each day it holds, by day")
    rows: int = Field(ge=0, description="Rows of the table")
    table: str = Field(description="Key of the table")
    attributions: tuple[Attribution, ...] = Field(description="Sources and licences of its days")


def history_of(dataset: str) -> str:
    """The name under which the months of a dataset are published."""
    return f"history/{dataset}"
