"""A dataset its publisher has changed: a field gone, renamed or new; not renewed; forbidden."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import polars as pl

from cityflow_simulator.published.dataset import About, Dataset, Slice
from cityflow_simulator.published.fields import Field

Change = Literal["drop_field", "rename_field", "add_field"]


@dataclass(frozen=True)
class Altered:
    """A dataset with one field changed; `new` is the name that a renamed or added field gets."""

    inner: Dataset
    change: Change
    field: str
    new: str

    @property
    def about(self) -> About:
        """The entry with the changed fields."""
        about = self.inner.about
        fields = about.fields
        if self.change == "add_field":
            return replace(about, fields=(*fields, Field(self.new, self.new)))
        kept = tuple(self._renamed(field) for field in fields)
        time_field = None if about.time_field == self.field else about.time_field
        return replace(about, fields=tuple(filter(None, kept)), time_field=time_field)

    def slices(self, now: datetime) -> Iterator[Slice]:
        """The same records with the changed fields."""
        timed = self.about.time_field is not None
        for part in self.inner.slices(now):
            bounds = (part.first, part.last) if timed else (None, None)
            yield Slice(part.rows, partial(self._changed, part), *bounds)

    def processed(self, now: datetime) -> datetime:
        """As before the change."""
        return self.inner.processed(now)

    def _renamed(self, field: Field) -> Field | None:
        if field.name != self.field:
            return field
        gone = self.change == "drop_field"
        return None if gone else replace(field, name=self.new, label=self.new)

    def _changed(self, part: Slice) -> pl.DataFrame:
        frame = part.load()
        match self.change:
            case "add_field":
                return frame.with_columns(pl.lit(None, pl.String).alias(self.new))
            case "drop_field":
                return frame.drop(self.field, strict=False)
            case "rename_field":
                return frame.rename({self.field: self.new}, strict=False)


@dataclass(frozen=True)
class Stale:
    """A dataset that has not been renewed for some days."""

    inner: Dataset
    days: int

    @property
    def about(self) -> About:
        """The entry as it is."""
        return self.inner.about

    def slices(self, now: datetime) -> Iterator[Slice]:
        """The records as they were that many days ago."""
        return self.inner.slices(now - timedelta(days=self.days))

    def processed(self, now: datetime) -> datetime:
        """As it was that many days ago."""
        return self.inner.processed(now - timedelta(days=self.days))


@dataclass(frozen=True)
class Forbidden:
    """A dataset whose licence keeps its records back."""

    inner: Dataset

    @property
    def about(self) -> About:
        """The entry, marked."""
        return replace(self.inner.about, forbidden=True)

    def slices(self, now: datetime) -> Iterator[Slice]:
        """No record."""
        return iter(())

    def processed(self, now: datetime) -> datetime:
        """As it is."""
        return self.inner.processed(now)
