"""One arc over many days: from completed months where they are up to date, else day by day."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from cityflow.contracts import Attribution, Pointer
from cityflow.errors import StoreUnavailable
from cityflow.telemetry import get_logger
from cityflow_api.months import Month
from cityflow_api.reading import NO_DATA, Reading

# On a remote store each object is a round trip or three.
_READERS: Final = 8

_log = get_logger(__name__)


@dataclass(frozen=True)
class ArcHistory:
    """The days of one dataset that have an edition, and the months that hold some of them."""

    reading: Reading
    pointers: Sequence[Pointer]
    months: Sequence[Month]

    @classmethod
    def of(cls, reading: Reading, dataset: str, pointers: Sequence[Pointer]) -> "ArcHistory":
        """Find the months of these days."""
        return cls(reading, pointers, list(reading.months.covering(dataset, pointers)))

    def attributions(self) -> tuple[Attribution, ...]:
        """Sources and licences of the days, each once."""
        covered = {day for month in self.months for day in month.days}
        found = [one for month in self.months for one in month.history.attributions]
        loose = [pointer for pointer in self.pointers if pointer.day not in covered]
        if loose or not found:
            found += self.reading.attributions(loose)
        return tuple(dict.fromkeys(found))

    def rows(self, arc_id: str) -> Mapping[date, pl.DataFrame]:
        """The arc's row (a frame of none or one) of each day whose edition holds data."""
        with ThreadPoolExecutor(_READERS) as pool:
            found: dict[date, pl.DataFrame] = {}
            for rows in pool.map(lambda month: self._of_month(month, arc_id), self.months):
                found |= rows
            with_data = (pointer for pointer in self.pointers if pointer.status != NO_DATA)
            loose = [pointer for pointer in with_data if pointer.day not in found]
            read = pool.map(lambda pointer: self._of_day(pointer, arc_id), loose)
            return found | dict(zip((pointer.day for pointer in loose), read, strict=True))

    def _of_month(self, month: Month, arc_id: str) -> Mapping[date, pl.DataFrame]:
        """A row or none for each day it holds; nothing if it cannot be read: its days still can."""
        try:
            rows = self.reading.months.rows(month, arc_id)
        except StoreUnavailable as error:
            table = month.history.table
            _log.warning("month not read, its days are", table=table, reason=str(error))
            return {}
        return {day: rows.get(day, pl.DataFrame()) for day in month.days}

    def _of_day(self, pointer: Pointer, arc_id: str) -> pl.DataFrame:
        frames = self.reading.frames
        return frames.rows_of_arc(pointer.dataset, pointer.day, pointer.edition, arc_id)
