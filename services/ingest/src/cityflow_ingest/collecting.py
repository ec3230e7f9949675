"""Many fetches in one command: what fails again and again is left alone, and the others go on."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from cityflow.contracts import Dataset
from cityflow.telemetry import get_logger
from cityflow_ingest.connect import Connected
from cityflow_ingest.fetching import Fetched, Fetcher
from cityflow_ingest.tenant import Feed

MOST_IN_A_ROW: Final = 3
"""Days of a feed that come to nothing in a row before its others are left; one is enough if the
source could not be reached as often.
"""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """The days of a feed to fetch, in this order."""

    feed: Feed
    days: Sequence[date]


@dataclass(frozen=True)
class Skipped:
    """Days of a feed that were not asked for, and why."""

    feed: str
    dataset: Dataset
    days: Sequence[date]
    reason: str


@dataclass
class Collected:
    """What a command fetched, and what it did not even ask for; `lists`: feeds without figures."""

    fetched: list[Fetched] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    lists: frozenset[str] = frozenset()

    def without(self, required: Collection[Dataset]) -> list[Dataset]:
        """The required datasets of which figures were wanted and nothing answered."""
        answered = {
            one.dataset
            for one in self._of_figures()
            if isinstance(one, Fetched) and one.outcome in ("new", "unchanged", "no_data")
        }
        return sorted(({one.dataset for one in self._of_figures()} - answered) & set(required))

    def reasons(self, dataset: Dataset) -> list[str]:
        """Why nothing came of the figures of a dataset."""
        return [one.reason for one in self._of_figures() if one.dataset is dataset and one.reason]

    def _of_figures(self) -> list[Fetched | Skipped]:
        every: list[Fetched | Skipped] = [*self.fetched, *self.skipped]
        return [one for one in every if one.feed not in self.lists]


def collect(
    fetcher: Fetcher,
    sources: Mapping[str, Connected],
    wanted: Sequence[Wanted],
    advance: Callable[[int], None],
) -> Collected:
    """Fetch all that is wanted; `advance` is told how many days are done.

    Raises StoreUnavailable.
    """
    result = Collected(lists=frozenset(one.feed.name for one in wanted if one.feed.is_list))
    for one in wanted:
        for item in _feed(fetcher, sources[one.feed.source], one):
            if isinstance(item, Fetched):
                result.fetched.append(item)
                advance(1)
            else:
                result.skipped.append(item)
                advance(len(item.days))
                _log.warning(
                    "not asked for", feed=item.feed, days=len(item.days), reason=item.reason
                )
    return result


def _feed(fetcher: Fetcher, source: Connected, one: Wanted) -> Iterator[Fetched | Skipped]:
    failed = 0
    for number, day in enumerate(one.days):
        if reason := _why_not(source, failed):
            yield Skipped(one.feed.name, one.feed.dataset, one.days[number:], reason)
            return
        fetched = fetcher.fetch(one.feed, day)
        failed = failed + 1 if fetched.outcome in ("failed", "red") else 0
        yield fetched


def _why_not(source: Connected, failed: int) -> str:
    if source.lacks:
        return f"{source.lacks} is not set"
    if failed >= MOST_IN_A_ROW:
        return f"it failed {failed} times in a row"
    if failed and source.client.given_up >= MOST_IN_A_ROW:
        return f"{source.client.name} cannot be reached"
    return ""
