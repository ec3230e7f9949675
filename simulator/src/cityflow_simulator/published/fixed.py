"""A small dataset held as a whole: reference data, or what a file holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cityflow_simulator.published.dataset import About, Slice


@dataclass(frozen=True)
class Fixed:
    """Records that do not change with time, last taken in at `since`."""

    about: About
    records: pl.DataFrame
    since: datetime

    def slices(self, now: datetime) -> Iterator[Slice]:
        """All records in one slice."""
        name = self.about.time_field
        times = self.records[name].drop_nulls() if name else pl.Series()
        bounds = (times.min(), times.max()) if len(times) == len(self.records) else (None, None)
        yield Slice(len(self.records), lambda: self.records, *bounds)  # type: ignore[arg-type]

    def processed(self, now: datetime) -> datetime:
        """When the records were taken in."""
        return min(self.since, now)
