"""A published format is told by its columns, by their normal names, and by their values."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from cityflow import published_values
from cityflow.contracts import Dataset
from cityflow.published_names import normalise

Media = Literal["csv", "json", "geojson"]
Container = Literal["table", "features", "stations", "disruptions", "days", "document"]
"""Where records stand: a CSV or a list of JSON records; the features of GeoJSON; GBFS stations;
disruptions; a name for each day; or the whole JSON object as one record."""


@dataclass(frozen=True)
class Kind:
    """What a value looks like, as text; the empty text stands for null."""

    title: str
    pattern: re.Pattern[str]


ANY: Final = Kind("anything", re.compile(r".*", re.DOTALL))
TEXT: Final = Kind("a text", re.compile(r".+", re.DOTALL))
NUMBER: Final = Kind("a number", published_values.NUMBER)
NUMBER_OR_NULL: Final = Kind(
    "a number or nothing", re.compile(f"({published_values.NUMBER.pattern})?", re.ASCII)
)
STAMP: Final = Kind("an hour such as 2025-11-04T17:00:00+01:00", published_values.STAMP)
STAMP_OR_DAY: Final = Kind(
    "a day or an instant",
    re.compile(
        rf"\d{{4}}-\d\d-\d\d|{published_values.STAMP.pattern}", published_values.STAMP.flags
    ),
)
DAY: Final = Kind("a day such as 2026-05-01", re.compile(r"\d{4}-\d\d-\d\d"))
COMPACT_DAY: Final = Kind("a day such as 20231231", re.compile(r"\d{8}"))
GEOMETRY: Final = Kind(
    "a GeoJSON geometry or nothing", re.compile(r"(.*coordinates.*)?", re.DOTALL)
)
POLYGON: Final = Kind("a GeoJSON polygon", re.compile(r".*Polygon.*", re.DOTALL))


@dataclass(frozen=True)
class Column:
    """A required column: its technical name first, then its labels; and what its values are."""

    names: tuple[str, ...]
    kind: Kind = ANY

    @cached_property
    def keys(self) -> frozenset[str]:
        """Its names as they are compared."""
        return frozenset(normalise(name) for name in self.names)

    def __str__(self) -> str:
        return self.names[0] if len(self.names) == 1 else f"{self.names[0]} ({self.names[1]})"


@dataclass(frozen=True)
class Format:
    """One published format of a dataset.

    A head is of this format if it has every required column and none of `without`; at least one of
    its records must have plausible values. `several`: an archive may hold many such files.
    """

    dataset: Dataset
    title: str
    container: Container
    media: tuple[Media, ...]
    required: tuple[Column, ...]
    without: frozenset[str] = frozenset()
    several: bool = False

    def missing(self, keys: frozenset[str]) -> tuple[Column, ...]:
        """The required columns that are not among these."""
        return tuple(column for column in self.required if not column.keys & keys)

    def fits(self, container: Container, keys: frozenset[str]) -> bool:
        """Whether a head of these columns is of this format."""
        return container == self.container and not self.missing(keys) and not self.without & keys

    def __str__(self) -> str:
        return f"{self.dataset} ({self.title})"


@dataclass(frozen=True)
class LookAlike:
    """Something published that is none of our formats, told by these columns (any name of each)."""

    title: str
    columns: tuple[frozenset[str], ...]

    def fits(self, keys: frozenset[str]) -> bool:
        """Whether it has them all."""
        return all(names & keys for names in self.columns)
