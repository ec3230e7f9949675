"""What is held of each feed, day by day, in the ledger, and which days failed when last asked for;
and whether a day looks whole.
"""

from collections.abc import Mapping
from datetime import date
from statistics import median
from typing import Final, Literal

from cityflow.calendar import DAY, hour_ends
from cityflow.contracts import Holding, Setback
from cityflow.storage import DocumentId, Documents, Json, rules
from cityflow.storage.paging import all_documents
from cityflow.storage.updating import update
from cityflow_ingest.tenant import Feed

_DAYS_AROUND: Final = 30
_COMPARED: Final = 15
_FEWEST_COMPARED: Final = 3
_WHOLE: Final = 0.97
"""One hour of a day that is missing everywhere is 4 %, and so seen."""


class Holdings:
    """The holdings of a store."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of(
        self, feed: Feed, first: date | None = None, last: date | None = None
    ) -> dict[date, Holding]:
        """What is held of a feed, by day in order, first ≤ day ≤ last."""
        found = all_documents(self._documents, f"holding/{feed.dataset}", first, last)
        holdings = (_holding(one.id, one.body) for one in found if one.id.key == feed.name)
        return {holding.day: holding for holding in holdings}

    def around(self, feed: Feed, day: date) -> dict[date, Holding]:
        """What is held of a feed in the days that a day is compared with, and of the day."""
        return self.of(feed, day - DAY * _DAYS_AROUND, day + DAY * _DAYS_AROUND)

    def put(self, holding: Holding) -> None:
        """Note a holding, unless a later answer of the source was noted meanwhile."""
        id = DocumentId(f"holding/{holding.dataset}", holding.day, holding.feed)

        def change(held: Json | None) -> Json:
            later = held is not None and _holding(id, held).asked_at > holding.asked_at
            return held if held is not None and later else holding.model_dump(mode="json")

        update(self._documents, id, change)
        self._documents.delete(_setback_id(holding))

    def failed(self, feed: Feed) -> dict[date, Setback]:
        """The days of a feed of which nothing came when they were last asked for."""
        found = all_documents(self._documents, f"setback/{feed.dataset}")
        return {
            one.id.day: rules.parse(Setback, rules.name_of(one.id), one.body)
            for one in found
            if one.id.key == feed.name
        }

    def set_back(self, setback: Setback) -> None:
        """Note that nothing came of a day; a later answer takes the note away."""
        self._documents.put(_setback_id(setback), setback.model_dump(mode="json"))


def _setback_id(about: Holding | Setback) -> DocumentId:
    return DocumentId(f"setback/{about.dataset}", about.day, about.feed)


def _holding(id: DocumentId, body: Json) -> Holding:
    return rules.parse(Holding, rules.name_of(id), body)


def judged(day: date, rows: int, held: Mapping[date, Holding]) -> Literal["held", "short"]:
    """Whether a day has about as many rows an hour as the days around it; `held` if these are few.

    The feed has 24 hours on the day of 25.
    """
    around = sorted(
        (abs((other - day).days), holding.rows / _hours(other))
        for other, holding in held.items()
        if holding.status == "held" and 0 < abs((other - day) / DAY) <= _DAYS_AROUND
    )[:_COMPARED]
    if len(around) < _FEWEST_COMPARED:
        return "held"
    usual = median(rate for _, rate in around)
    return "held" if rows / _hours(day) >= _WHOLE * usual else "short"


def _hours(day: date) -> int:
    return min(24, len(hour_ends(day)))
