"""Which days need a report: those whose editions are not the ones their last report was made of."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from cityflow.contracts import Run
from cityflow.contracts.report import CARRIED
from cityflow.storage import Editions, Runs, Store
from cityflow_reporter.publish import REPORT

Current = Mapping[date, frozenset[str]]
"""Of each day its current editions, as `dataset/edition`."""


def current_editions(store: Store) -> Current:
    """The current editions of all measured datasets. Raises StoreUnavailable."""
    editions = Editions(store)
    found: dict[date, set[str]] = {}
    for dataset in CARRIED:
        for pointer in editions.pointers(dataset.value):
            found.setdefault(pointer.day, set()).add(f"{dataset.value}/{pointer.edition}")
    return {day: frozenset(names) for day, names in sorted(found.items())}


def days_without_report(store: Store, current: Current | None = None) -> list[date]:
    """The days whose editions are new, in order. Raises StoreUnavailable."""
    reported = _last_reports(store)
    editions = current_editions(store) if current is None else current
    return [day for day, names in editions.items() if _inputs(reported.get(day)) != names]


class Turns:
    """Remembers which editions there were the last time."""

    def __init__(self) -> None:
        self._seen: Current | None = None

    def take(self, store: Store, report: Callable[[Sequence[date]], object]) -> None:
        """Have the days reported whose editions are new, in order. Raises StoreUnavailable."""
        current = current_editions(store)
        if current == self._seen:
            return
        report(days_without_report(store, current))
        self._seen = current


def _last_reports(store: Store) -> dict[date, Run]:
    runs = Runs(store).query(date.min, date.max, stage=REPORT, dataset=REPORT)
    ended = (run for run in runs if run.outcome in ("new", "unchanged"))
    return {run.day: run for run in sorted(ended, key=lambda run: run.run_id)}


def _inputs(run: Run | None) -> frozenset[str] | None:
    return None if run is None else frozenset(run.inputs)
