"""What is published, as the API's readers ask for it. Readers follow pointers, or name an edition.

Nothing here writes: the store is only read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Attribution, Dataset, Pointer
from cityflow.contracts.api import Status
from cityflow.contracts.base import Credited, credit_of
from cityflow.contracts.report import CARRIED, MEASURED
from cityflow.storage import Editions, Store
from cityflow_api.caching import Cache
from cityflow_api.failures import NotFound
from cityflow_api.frames import Frames, empty
from cityflow_api.months import Months

REPORT = "report"
REGISTER: Final = Dataset.REGISTER.value
NO_DATA: Final = "no_data"
FACTS_HELD = 20_000


@dataclass(frozen=True)
class Facts:
    """What every answer repeats of an edition: its status, and whom to name."""

    status: Status
    credit: Credited


@dataclass(frozen=True)
class Found:
    """One edition of one day. `pinned`: the request named it, so the answer never changes."""

    dataset: str
    day: date
    edition: str
    pinned: bool


class Reading:
    """Published days, documents and tables."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self.store = store
        self.frames = Frames(store)
        self.months = Months(store)
        self._facts: Cache[tuple[str, date, str], Facts] = Cache(FACTS_HELD)

    def find(self, dataset: str, day: date, edition: str | None) -> Found:
        """The edition asked for, or the current one; raises NotFound with a hint."""
        if edition is not None:
            return Found(dataset, day, edition, pinned=True)
        pointer = self._editions().current(dataset, day)
        if pointer is None:
            raise NotFound("unknown-day", self._no_day(dataset, day))
        return Found(dataset, day, pointer.edition, pinned=False)

    def document(self, found: Found) -> dict[str, Any]:
        """The edition's published document; raises NotFound if that edition was never published."""
        body = self._editions().document(found.dataset, found.day, found.edition)
        if body is None:
            raise NotFound("unknown-edition", self._no_edition(found))
        return body

    def facts(self, found: Found) -> Facts:
        """Status and attribution of the edition; raises NotFound like `document`."""
        key = (found.dataset, found.day, found.edition)
        return self._facts.get(key, lambda: _facts(self.document(found)))

    def table(self, found: Found, name: str) -> pl.DataFrame:
        """A table of the edition; no row if the source held none that day."""
        if self.facts(found).status == NO_DATA:
            return empty(found.dataset, name)
        return self.frames.table(found.dataset, found.day, found.edition, name)

    def attributions(self, pointers: Iterable[Pointer]) -> tuple[Attribution, ...]:
        """Sources and licences of these editions, each once; of the road loops if there is none."""
        found = chain.from_iterable(
            self.facts(Found(p.dataset, p.day, p.edition, pinned=False)).credit.attributions
            for p in pointers
            if p.dataset != REPORT
        )
        return tuple(dict.fromkeys(found)) or (attribution_for(Dataset.COMPTAGES, synthetic=False),)

    def filters(self, dataset: str, day: date) -> bool:
        """Whether a confirmed range of the register bears on the counts of a dataset on a day."""
        pointer = self._editions().current(REGISTER, day)
        if pointer is None:
            return False
        found = Found(REGISTER, day, pointer.edition, pinned=False)
        return self.document(found)["context"][dataset] is not None

    def newest(self, dataset: str) -> Pointer | None:
        """Pointer of the newest published day."""
        page = self.store().documents.query(f"pointer/{dataset}", limit=1, descending=True)
        return Pointer.model_validate(page.items[0].body) if page.items else None

    def newest_of_each(self) -> list[Pointer]:
        """The newest published day of each measured dataset that has one."""
        found = (self.newest(dataset) for dataset in MEASURED)
        return [pointer for pointer in found if pointer is not None]

    def pointers(self, dataset: str, first: date, last: date) -> list[Pointer]:
        """Pointers of a range of days, oldest first."""
        return list(self._editions().pointers(dataset, first, last))

    def days(self, first: date | None, last: date | None, count: int) -> dict[date, list[Pointer]]:
        """The newest `count` days that have an edition or a report, newest first."""
        by_day: dict[date, list[Pointer]] = {}
        for kind in (*sorted(CARRIED), REPORT):
            page = self.store().documents.query(
                f"pointer/{kind}", first, last, limit=count, descending=True
            )
            for item in page.items:
                pointer = Pointer.model_validate(item.body)
                by_day.setdefault(pointer.day, []).append(pointer)
        return {day: by_day[day] for day in sorted(by_day, reverse=True)[:count]}

    def _editions(self) -> Editions:
        return Editions(self.store())

    def _no_day(self, dataset: str, day: date) -> str:
        newest = self.newest(dataset)
        hint = f"the newest day is {newest.day}" if newest else "no day of it is published yet"
        return f"No {dataset} edition of {day} is published: {hint}; /v1/days lists all days"

    def _no_edition(self, found: Found) -> str:
        pointer = self._editions().current(found.dataset, found.day)
        if pointer is None:
            return self._no_day(found.dataset, found.day)
        return (
            f"No {found.dataset} edition {found.edition} of {found.day} was published: "
            f"the current one is {pointer.edition}"
        )


def _facts(document: dict[str, Any]) -> Facts:
    # Versions of reference data of before do not say that they are published.
    return Facts(document.get("status", "published"), credit_of(document))
