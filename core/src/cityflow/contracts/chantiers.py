"""The published daily document of the road works. Null means not known, never zero."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, Share
from cityflow.contracts.daily import DaySummary

WorkState = Literal["announced", "active", "suspended", "finished", "ended"]
WorkImpact = Literal["closed", "dead_end", "one_way", "restricted", "unknown"]


class WorksActive(Model):
    """Works that stand on the road on the day, by what they leave of the traffic."""

    active: int = Field(ge=0, description="Works active on the day, their last day included")
    severe: int = Field(ge=0, description="Of these, of level 2, `très perturbant`")
    closed: int = Field(ge=0, description="Of the active ones, BARRAGE_TOTAL")
    dead_end: int = Field(ge=0, description="Of the active ones, IMPASSE")
    one_way: int = Field(ge=0, description="Of the active ones, SENS_UNIQUE")
    restricted: int = Field(ge=0, description="Of the active ones, RESTREINTE")
    unknown_impact: int = Field(ge=0, description="Of the active ones, without a known impact")
    impact_weight: float | None = Field(
        description="Sum of the weights of their impacts; null if none is known"
    )
    impact_share: Share | None = Field(description="Active works with a known impact ÷ active")
    area_m2: float | None = Field(description="Sum of their geodesic areas, m²; null if none")
    geometry_share: Share | None = Field(description="Active works with a polygon ÷ active")
    exposed_arcs: int | None = Field(
        description="Road arcs within 40 m of one of them; null without a referentiel"
    )


class WorksTotals(WorksActive):
    """All works of the list."""

    listed: int = Field(ge=0, description="Works on the list")
    announced: int = Field(ge=0, description="Begin after the day")
    suspended: int = Field(ge=0, description="Inside their dates, but suspended (statut 3)")
    finished: int = Field(ge=0, description="Inside their dates, but over (statut 5)")
    ended: int = Field(ge=0, description="Ended before the day, still listed")
    overdue: int = Field(ge=0, description="Of the ended ones, still said to be under way")
    starting: int = Field(ge=0, description="Of the active ones, begin on the day")
    ending: int = Field(ge=0, description="Of the active ones, have their last day")


class WorksZone(WorksActive):
    """Active works of one arrondissement; also `outside` and `unknown`."""

    arrondissement: str = Field(description="1–20, `outside` or `unknown`")


class WorkRank(Model):
    """One active work."""

    rank: int = Field(ge=1, description="By weight, then area, then identifier")
    work_id: str = Field(description="Identifier (identifiant)")
    street: str | None = Field(description="Streets as published")
    arrondissement: str = Field(description="1–20, `outside` or `unknown`")
    start: date = Field(description="First day")
    end: date = Field(description="Last day, included")
    impact: WorkImpact = Field(description="What is left of the traffic")
    impact_weight: float | None = Field(description="Weight of the impact; null if unknown")
    level: int | None = Field(description="1 disturbing, 2 very disturbing, as published")
    area_m2: float | None = Field(description="Geodesic area, m²")
    exposed_arcs: int | None = Field(description="Road arcs within 40 m")


class ChantiersSummary(DaySummary):
    """The road works of the day, as the list last received by its end tells them."""

    dataset: Literal[Dataset.CHANTIERS] = Field(default=Dataset.CHANTIERS, description="Dataset")
    snapshot_at: datetime | None = Field(description="When the list was received, UTC")
    snapshot_later: bool = Field(
        description="True if no list is held of the day or before: the next later one is used"
    )
    snapshot_age_h: float | None = Field(
        description="Hours from its receipt to the end of the day; null if it came later"
    )
    totals: WorksTotals = Field(description="All works of the list")
    arrondissements: tuple[WorksZone, ...] = Field(description="Active works by official polygon")
    top_works: tuple[WorkRank, ...] = Field(description="Heaviest active works, at most 50")
