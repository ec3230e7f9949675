"""What a portal holds: datasets that give their records slice by slice, as of an instant.

A slice knows how many records it has and, if the dataset has a time field, the first and last
instant, so that a query skips what it does not touch and counts without loading.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from cityflow_simulator.published.fields import Field

LICENCE = "Open Database License (ODbL)"
LICENCE_URL = "http://opendatacommons.org/licenses/odbl/"


@dataclass(frozen=True)
class Slice:
    """Some records in published order; `first` and `last` are None where no time is known."""

    rows: int
    load: Callable[[], pl.DataFrame]
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class About:
    """What the catalogue says of a dataset; `time_field` orders its slices."""

    dataset_id: str
    title: str
    fields: tuple[Field, ...]
    time_field: str | None = None
    publisher: str = "CityFlow, a synthetic city"
    licence: str = LICENCE
    forbidden: bool = False
    synthetic: bool = True


class Dataset(Protocol):
    """One published dataset."""

    @property
    def about(self) -> About:
        """Its entry in the catalogue."""
        ...

    def slices(self, now: datetime) -> Iterator[Slice]:
        """All records that are published at the instant `now`, in order."""
        ...

    def processed(self, now: datetime) -> datetime:
        """When the portal last took in new records, as of `now`."""
        ...
