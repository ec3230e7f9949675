"""A whole turn of `backfill --watch`: what arrived, and then what is derived from it.

Days derived from editions look at earlier days, so what arrives for one day may bear on many. A
turn goes through the later days in order and makes anew those that would come out otherwise now.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.base import SCHEMA_VERSION
from cityflow.settings import Settings
from cityflow.storage import DocumentId, Editions, Store
from cityflow.storage.canonical import digest, dumps
from cityflow.storage.ports import NO_DAY
from cityflow.storage.updating import update
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import ACROSS, ANALYSIS, DERIVED, NAMES, REGISTER, chosen, process
from cityflow_processor.days import DATASET
from cityflow_processor.result import Result
from cityflow_processor.turns import Turns, report

Standing = Mapping[str, Mapping[str, str]]
"""Current editions by dataset and day."""

MADE_OF: Final = {
    ANALYSIS: (DATASET,),
    REGISTER: (DATASET, Dataset.BIKES.value),
    ACROSS: (DATASET, Dataset.CHANTIERS.value, Dataset.TRAFFIC.value, Dataset.WEATHER.value),
}
"""What is derived, in this order, and the datasets with files that it follows from."""
_SOURCES: Final = sorted({name for names in MADE_OF.values() for name in names})
_DONE: Final = DocumentId("processed", NO_DAY, "derived")


class Watched:
    """Remembers what was there the last time, and of which editions everything was derived."""

    def __init__(self, settings: Settings, dataset: str | None = None) -> None:
        self._settings = settings
        self._dataset = dataset
        self._turns = {
            name: Turns(partial(self._process, name), name) for name in NAMES if name not in DERIVED
        }
        self._derived_of: Standing | None = None
        self._is_derived = False

    def take(self, store: Store) -> list[Result]:
        """Process what is pending, and renew what is derived from it. Raises StoreUnavailable.

        A turn that fails leaves both to the next one; one that is killed, to the next start.
        """
        was_derived, self._is_derived = self._is_derived, False
        names = [name for name in chosen(store, self._dataset) if name in self._turns]
        results = [result for name in names for result in self._turns[name].take(store)]
        if results or not was_derived:
            results += self._derive(store)
        self._is_derived = True
        return results

    def _derive(self, store: Store) -> list[Result]:
        now, results = _standing(store), []
        sign = digest(dumps(now))
        if _noted(store) != sign:
            for name in chosen(store, None):
                first = _first_change(self._derived_of, now, MADE_OF.get(name, ()))
                if first is None:
                    continue
                results.append(self._process(name, store, Asked(first, changed=True)))
                if results[-1].days:
                    report(results[-1])
            body = {"schema_version": SCHEMA_VERSION, "derived_of": sign}
            update(store.documents, _DONE, lambda _: body)
        self._derived_of = now
        return results

    def _process(self, dataset: str, store: Store, asked: Asked) -> Result:
        return process(store, self._settings, dataset, asked)


def _standing(store: Store) -> Standing:
    editions = Editions(store)
    return {
        name: {str(one.day): one.edition for one in editions.pointers(name)} for name in _SOURCES
    }


def _first_change(before: Standing | None, now: Standing, names: tuple[str, ...]) -> date | None:
    """The first day that one of these datasets has another edition of; all days if not known."""
    changed = [
        day
        for name in names
        for day, edition in now[name].items()
        if before is None or before[name].get(day) != edition
    ]
    return date.fromisoformat(min(changed)) if changed else None


def _noted(store: Store) -> str | None:
    held = store.documents.get(_DONE)
    return str(held.body["derived_of"]) if held else None
