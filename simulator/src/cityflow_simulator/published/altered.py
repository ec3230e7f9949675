"""A dataset whose publisher has changed its fields: one is gone, renamed or new."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
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
