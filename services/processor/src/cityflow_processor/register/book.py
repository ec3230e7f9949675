"""Confirmed ranges, one document each; none is ever deleted, so earlier views can be told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from cityflow.calendar import day_bounds, paris_day
from cityflow.contracts.register import MEASURES, AnomalousRange, RegisterEntry
from cityflow.errors import BadArguments
from cityflow.storage import DocumentId, Store, rules
from cityflow.storage.canonical import digest, dumps
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import NO_DAY, Json
from cityflow.storage.updating import update

_TYPE: Final = "register"
_DIGITS: Final = 12


@dataclass(frozen=True)
class Book:
    """The register of a store."""

    store: Store

    def every(self) -> Iterator[RegisterEntry]:
        """All entries, withdrawn ones too. Raises StoreUnavailable."""
        for document in all_documents(self.store.documents, _TYPE, NO_DAY, NO_DAY):
            yield rules.parse(RegisterEntry, rules.name_of(document.id), document.body)

    def standing(self) -> list[RegisterEntry]:
        """The entries that stand, by dataset, sensor, measure and start."""
        return sorted((one for one in self.every() if one.withdrawn_at is None), key=order)

    def add(self, found: AnomalousRange) -> bool:
        """Confirm a range; False if just this stands already.

        Raises BadArguments if it means nothing, or if its place is taken by another one.
        """
        check(found)
        for one in self.standing():
            if one.range == found:
                return False
            if place(one.range) == place(found):
                raise BadArguments(
                    f"{one.range_id} of {one.range.who} says of the same range: "
                    f"{one.range.problem!r}; remove it first"
                )
        self._put(RegisterEntry(range_id=identity(found), range=found))
        return True

    def withdraw(self, range_id: str, who: str, now: datetime) -> AnomalousRange:
        """Take a range back. Raises BadArguments if none that stands has this name."""
        for one in self.standing():
            if one.range_id == range_id:
                self._put(one.model_copy(update={"withdrawn_by": who, "withdrawn_at": now}))
                return one.range
        raise BadArguments(f"no range {range_id!r} stands; `register list` names them")

    def correct(
        self, found: Sequence[AnomalousRange]
    ) -> tuple[list[AnomalousRange], list[AnomalousRange]]:
        """Have these ranges stand; one that says something else of the same place gives way.

        Those that came, and those that went.
        """
        held = {place(one.range): one for one in self.standing()}
        added, gone = list[AnomalousRange](), list[AnomalousRange]()
        for one in found:
            before = held.get(place(one))
            if before is not None and before.range != one:
                gone.append(self.withdraw(before.range_id, one.who, one.noted_at))
            if before is None or before.range != one:
                self.add(one)
                added.append(one)
        return added, gone

    def _put(self, entry: RegisterEntry) -> None:
        body: Json = entry.model_dump(mode="json")
        update(self.store.documents, DocumentId(_TYPE, NO_DAY, entry.range_id), lambda _: body)


def identity(found: AnomalousRange) -> str:
    """The name of a range: a digest of all that it says."""
    return digest(dumps(found.model_dump(mode="json")))[:_DIGITS]


def place(found: AnomalousRange) -> tuple[str, str, str, str, str]:
    """What no two ranges that stand share: dataset, sensor, measure, start, end."""
    keys = (found.dataset, found.sensor, found.measure, found.start, found.end)
    dataset, sensor, measure, start, end = ("" if key is None else str(key) for key in keys)
    return dataset, sensor, measure, start, end


def order(entry: RegisterEntry) -> tuple[str, str, str, str, str]:
    """What entries are sorted by."""
    return place(entry.range)


def check(found: AnomalousRange) -> None:
    """Raises BadArguments for a range without length, or a measure that its dataset lacks."""
    if found.end is not None and found.end <= found.start:
        raise BadArguments(f"the range ends at {found.end}, not after its start, {found.start}")
    if found.measure is not None and found.measure not in MEASURES[found.dataset]:
        known = ", ".join(MEASURES[found.dataset])
        raise BadArguments(f"{found.dataset} has no measure {found.measure!r}; it has: {known}")


def bearing_on(entries: Sequence[RegisterEntry], day: date) -> list[RegisterEntry]:
    """The entries whose range meets a day."""
    start, end = day_bounds(day)
    return [
        one
        for one in entries
        if one.range.start < end and (one.range.end is None or one.range.end > start)
    ]


def days_of(found: AnomalousRange) -> tuple[date, date]:
    """First and last day that a range meets; the last of an open one is the end of time."""
    if found.end is None:
        return paris_day(found.start), date.max
    return paris_day(found.start), paris_day(found.end - timedelta(microseconds=1))
