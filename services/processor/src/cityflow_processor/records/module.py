"""A dataset as a module: read, clean, measure, audit; what each step takes and gives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, Literal

import polars as pl

from cityflow.contracts import Check, Dataset
from cityflow.contracts.daily import DaySummary
from cityflow.contracts.tables import Table
from cityflow_processor.records.arcs import Arcs
from cityflow_processor.records.districts import Districts

Value = str | int | float | date | datetime | None
Kind = Literal["dated", "snapshot", "list"]
"""A file of rows that each belong to a day; of a state as it was received; of what there is."""


@dataclass(frozen=True)
class Source:
    """One raw file, unpacked. `received_at` is its first receipt, UTC."""

    name: str
    media: Literal["csv", "json", "geojson"]
    stream: BinaryIO
    received_at: datetime


@dataclass(frozen=True)
class Record:
    """A row that keeps its contract: values in the columns of its table.

    `day` is its service day; in a snapshot or a list it is not looked at.
    """

    row: int
    day: date | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Reject:
    """A row that broke its contract, with its day if that could be read."""

    row: int
    day: date | None
    reason: str
    detail: str
    raw_text: str


Outcome = Record | Reject


@dataclass(frozen=True)
class Contents:
    """What a raw file holds, read row by row. `taken_at`: when a snapshot says it was made."""

    kind: Kind
    table: Table
    outcomes: Iterator[Outcome]
    taken_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """Columns of a published table on earlier days that a day is measured against."""

    table: str
    columns: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True)
class Context:
    """What a day is measured with, besides its own records.

    `listed` is the list in force, empty if none is held; `past` has the frames that were looked
    for, by table, with a column `day`. `taken_at` and `taken_later`: when the snapshot of the day
    was received, and whether that was after its end.
    """

    districts: Districts
    listed: pl.DataFrame
    past: Mapping[str, pl.DataFrame]
    taken_at: datetime | None = None
    taken_later: bool = False
    arcs: Arcs = field(default_factory=Arcs)


@dataclass(frozen=True)
class Measured:
    """Tables of an edition by name, blocks of its summary, and what the dataset's gates say."""

    tables: Mapping[str, pl.DataFrame]
    blocks: Mapping[str, Any]
    checks: Sequence[Check] = ()


def _looks_at_nothing(day: date, published: Sequence[date]) -> tuple[Look, ...]:
    return ()


@dataclass(frozen=True)
class Module:
    """One dataset. Every function is pure; versions are part of each edition's identity.

    A day of snapshots uses one of them, or every one of the day and the last before it.
    """

    dataset: Dataset
    reader_version: str
    method_version: str
    thresholds_version: str
    clean: Table
    tables: tuple[Table, ...]
    summary: type[DaySummary]
    read: Callable[[Source], Contents]
    measure: Callable[[date, pl.DataFrame, Context], Measured]
    value_columns: tuple[str, ...]
    is_snapshot: bool = False
    uses_every_snapshot: bool = False
    listed: Table | None = None
    look_back: Callable[[date, Sequence[date]], Sequence[Look]] = field(default=_looks_at_nothing)
    uses_districts: bool = True
    uses_arcs: bool = False

    @property
    def looks_back(self) -> bool:
        """Whether a day is measured against earlier ones, which must then be published first."""
        return self.look_back is not _looks_at_nothing

    @property
    def takes_last_snapshot(self) -> bool:
        """Whether a day is made of one snapshot, dated by its receipt."""
        return self.is_snapshot and not self.uses_every_snapshot

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.dataset.value
