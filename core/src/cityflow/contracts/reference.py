"""Versions of the reference data: each is an edition, under the day of its receipt."""

from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, PublishedDocument


class ReferenceVersion(PublishedDocument):
    """One version of the loop geometry or of the polygons; the edition is a digest of its table."""

    dataset: Literal[Dataset.REFERENTIEL, Dataset.ARRONDISSEMENTS] = Field(description="Dataset")
    status: Literal["published"] = Field(
        default="published", description="A version always has rows"
    )
    table: str = Field(description="Object that holds its table")
    rows: int | None = Field(
        default=None,
        ge=0,
        description="Arcs or polygons; null in versions of before",
    )
    without_geometry: int | None = Field(
        default=None, ge=0, description="Of these, arcs without a line; null as well"
    )
