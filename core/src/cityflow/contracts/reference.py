"""Versions of the reference data: each is an edition, under the day of its receipt."""

from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, PublishedDocument


class ReferenceZone(Model):
    """Arcs of the loop geometry in one arrondissement; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    label: str = Field(description="Its published name")
    arcs: int = Field(ge=0, description="Arcs whose point lies in it")
    without_geometry: int = Field(ge=0, description="Of these, arcs without a line")
    length_m: float | None = Field(
        ge=0, description="Length of those with a line, m; null if it has arcs and none has one"
    )


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
    polygons: str | None = Field(
        default=None,
        description="Edition of the polygons that loop geometry lies by: those in force on its day "
        "of receipt; null of polygons themselves, and where none is held",
    )
    length_m: float | None = Field(
        default=None, ge=0, description="Length of all arcs with a line, m; null of polygons"
    )
    arrondissements: tuple[ReferenceZone, ...] = Field(
        default=(), description="Loop geometry by arrondissement; none of polygons"
    )
