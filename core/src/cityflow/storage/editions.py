"""Write, audit, publish: readers follow a pointer that one conditional write moves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from cityflow.contracts import Pointer
from cityflow.storage.ports import Store

Published = Literal["new", "unchanged", "lost_race"]


@dataclass(frozen=True)
class Candidate:
    """An audited edition ready to be published.

    `expected` is `current_version()` as it was before the work began: another publication
    since then makes this one lose the race.
    """

    dataset: str
    day: date
    edition: str
    document: Mapping[str, Any]
    status: Literal["published", "no_data"]
    records: int
    run_id: str
    now: datetime
    expected: int


class Editions:
    """Published editions of all datasets (and `report`)."""

    def __init__(self, store: Store) -> None:
        self._documents = store.documents

    def current(self, dataset: str, day: date) -> Pointer | None:
        """The current edition's pointer, or None."""
        raise NotImplementedError

    def current_version(self, dataset: str, day: date) -> int:
        """Version of the pointer, 0 if there is none."""
        raise NotImplementedError

    def pointers(
        self, dataset: str, first: date | None = None, last: date | None = None
    ) -> Iterator[Pointer]:
        """Pointers of a range of days, by day."""
        raise NotImplementedError

    def document(self, dataset: str, day: date, edition: str) -> dict[str, Any] | None:
        """The immutable published document, or None."""
        raise NotImplementedError

    def publish(self, candidate: Candidate) -> Published:
        """Publish by one conditional write."""
        raise NotImplementedError
