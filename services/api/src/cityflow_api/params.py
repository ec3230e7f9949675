"""What a request may carry: strict types, bounded sizes, no unknown name.

Every query model refuses unknown names; dates are YYYY-MM-DD and nothing else.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from cityflow.calendar import DayType
from cityflow.contracts.base import Edition, Model
from cityflow.contracts.report_tables import SECTIONS
from cityflow.published_values import ARC_ID

_SECTIONS = [table.name for table in SECTIONS]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BBOX = r"^-?[0-9]{1,3}(\.[0-9]{1,12})?(,-?[0-9]{1,3}(\.[0-9]{1,12})?){3}$"


def _strict_date(value: Any) -> Any:
    """Refuse what pydantic would also take for a date: timestamps, instants."""
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is not a date; write YYYY-MM-DD")
    return value


def _box(value: str) -> str:
    west, south, east, north = (float(part) for part in value.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("west,south,east,north in degrees (WGS 84), west ≤ east, south ≤ north")
    return value


Day = Annotated[date, BeforeValidator(_strict_date)]
ArcId = Annotated[
    str, Field(pattern=f"^{ARC_ID.pattern}$", description="Arc identifier of the city")
]
Cursor = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$", description="`next_cursor` of the page before")
]
Box = Annotated[
    str,
    Field(pattern=_BBOX, description="west,south,east,north in degrees (CRS84)"),
    AfterValidator(_box),
]
AnEdition = Annotated[
    Edition, Field(description="This edition instead of the current one; the answer never changes")
]
Place = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9-]{1,32}$", description="1–20, `outside` or `unknown`"),
]


def _section(name: str) -> str:
    if name not in _SECTIONS:
        raise ValueError(f"there are the sections {', '.join(_SECTIONS)}")
    return name


Section = Annotated[
    str, AfterValidator(_section), WithJsonSchema({"type": "string", "enum": _SECTIONS})
]


class NoQuery(Model):
    """No query parameter at all."""


class DayPath(Model):
    """One service day."""

    date: Day = Field(description="Service day (Europe/Paris), YYYY-MM-DD")


class MetricsPath(DayPath):
    """One dataset on one service day."""

    type: str = Field(
        pattern=r"^[a-z_-]{1,32}$", description="Dataset; `comptages` is the road loops"
    )


class ArcPath(Model):
    """One arc."""

    arc_id: ArcId


KindOfDay = Annotated[
    DayType, WithJsonSchema({"type": "string", "enum": [kind.value for kind in DayType]})
]


class ProfileQuery(Model):
    """Which typical day."""

    day_type: KindOfDay | None = Field(
        default=None, description="Type of the day; without it that of the newest day"
    )


class DayArcPath(DayPath):
    """One arc on one service day."""

    arc_id: ArcId


class DaysQuery(Model):
    """Which days to list."""

    first: Day | None = Field(default=None, alias="from", description="First day, YYYY-MM-DD")
    last: Day | None = Field(default=None, alias="to", description="Last day, included")
    limit: int = Field(default=100, ge=1, le=400, description="Days a page")
    cursor: Cursor | None = None


class EditionQuery(Model):
    """Which edition of the day."""

    edition: AnEdition | None = None


class ReportQuery(EditionQuery):
    """Which report, in which form."""

    section: Section | None = Field(
        default=None, description="Only this section, as the CSV file of the edition"
    )

    format: Literal["json", "csv"] | None = Field(
        default=None, description="Instead of Accept; the default is json"
    )


class WalkQuery(EditionQuery):
    """Which page of a table."""

    limit: int = Field(default=100, ge=1, le=5000, description="Rows a page")
    cursor: Cursor | None = None


class ArcsQuery(WalkQuery):
    """Which arcs of the day, in which form."""

    arrondissement: Place | None = None
    bbox: Box | None = None
    format: Literal["json", "geojson", "csv"] | None = Field(
        default=None, description="Instead of Accept; the default is json"
    )


class HoursQuery(WalkQuery):
    """Which hours of the day, raw or filtered, in which form."""

    view: Literal["raw", "filtered"] = Field(
        default="raw",
        description="filtered: values in confirmed ranges of the register are null, the edition is "
        "that of the register; headline figures are raw",
    )
    hour_of_day: int | None = Field(
        default=None, ge=0, le=23, description="Local hour at which the hour starts"
    )
    format: Literal["json", "csv"] | None = Field(
        default=None, description="Instead of Accept; the default is json"
    )


class ArcDaysQuery(Model):
    """Which days of the arc: at most 400, by default the 31 up to the newest."""

    first: Day | None = Field(default=None, alias="from", description="First day, YYYY-MM-DD")
    last: Day | None = Field(default=None, alias="to", description="Last day, included")
