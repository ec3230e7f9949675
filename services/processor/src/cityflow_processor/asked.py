"""The days that a command is asked for, and which of them there is something to do for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from cityflow.calendar import days as day_range

LONGEST_GAP_DAYS: Final = 31


class Dated(Protocol):
    """What holds rows of some days."""

    @property
    def days(self) -> set[date]:
        """Days of which it holds a row or a reject."""


@dataclass(frozen=True)
class Asked:
    """The days asked for: these only, or a range; none: those that the files hold, with short
    gaps. `changed`: of these only days whose inputs are not those of their last run, or of what
    is derived from editions, those that would come out as another edition.
    """

    first: date | None = None
    last: date | None = None
    only: tuple[date, ...] = ()
    changed: bool = False

    def includes(self, day: date) -> bool:
        """Whether a day, of which there is something, is among those asked for."""
        if self.only:
            return day in self.only
        return (self.first or day) <= day <= (self.last or day)

    def days(self, files: Iterable[Dated]) -> list[date]:
        """The days to process, in order."""
        if self.only:
            return sorted(self.only)
        held = {day for file in files for day in file.days}
        if self.first is None and self.last is None:
            return list(_with_short_gaps(sorted(held)))
        first = self.first or min(held, default=self.last)
        last = self.last or max(held, default=self.first)
        return list(day_range(first, last)) if first and last else []


def _with_short_gaps(held: list[date]) -> Iterator[date]:
    for before, day in zip([None, *held], held, strict=False):
        if before is not None and (day - before).days - 1 <= LONGEST_GAP_DAYS:
            yield from list(day_range(before, day))[1:-1]
        yield day
