"""What was there when a run began: no run undoes what another, with newer files, has published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from cityflow.storage import Editions, RawEntry, RawZone, Store

REFERENCES: Final = ("arrondissements", "referentiel")


@dataclass(frozen=True)
class Listing:
    """Current editions of a dataset, and then the raw files there were, by last receipt."""

    dataset: str
    editions: Mapping[date, str]
    files: Sequence[RawEntry]
    references: Sequence[RawEntry]

    @classmethod
    def take(cls, store: Store, dataset: str) -> "Listing":
        """Look now. Raises StoreUnavailable."""
        editions = {one.day: one.edition for one in Editions(store).pointers(dataset)}
        return cls(dataset, editions, *_raw(store, dataset))

    def is_behind(self, store: Store, day: date) -> bool:
        """Whether another run has published the day since, when other files may have been there."""
        pointer = Editions(store).current(self.dataset, day)
        if pointer is None or pointer.edition == self.editions.get(day):
            return False
        return _raw(store, self.dataset) != (self.files, self.references)


def _raw(store: Store, dataset: str) -> tuple[list[RawEntry], list[RawEntry]]:
    zone = RawZone(store)
    return zone.entries(dataset), [entry for name in REFERENCES for entry in zone.entries(name)]
