"""`backfill --watch`: whatever has arrived since the last turn is processed, and nothing else."""

from collections.abc import Callable

from cityflow.storage import Store
from cityflow.telemetry import get_logger
from cityflow_processor.asked import Asked
from cityflow_processor.days import DATASET
from cityflow_processor.pending import Arrived, note_done, pending_days
from cityflow_processor.result import Result

_log = get_logger(__name__)


class Turns:
    """Remembers what was there the last time."""

    def __init__(self, process: Callable[[Store, Asked], Result], dataset: str = DATASET) -> None:
        self._process = process
        self._dataset = dataset
        self._seen: str | None = None

    def take(self, store: Store) -> list[Result]:
        """Process what is pending; nothing if nothing is. Raises StoreUnavailable."""
        arrived = Arrived.take(store, self._dataset)
        if arrived.everything == self._seen:
            return []
        if self._dataset == DATASET:
            results = self._take_counts(store, arrived)
        else:
            results = [self._run(store, Asked(changed=True))]
        self._seen = arrived.everything
        return results

    def _take_counts(self, store: Store, arrived: Arrived) -> list[Result]:
        """Files of years, which are not looked into to tell the days that they bear on."""
        results = []
        days = pending_days(store, self._dataset, arrived)
        if days is None:
            results.append(self._run(store, Asked()))
            note_done(store, self._dataset, arrived)
            days = pending_days(store, self._dataset, arrived)
        if days:
            results.append(self._run(store, Asked(only=tuple(days))))
        return results

    def _run(self, store: Store, asked: Asked) -> Result:
        result = self._process(store, asked)
        report(result)
        return result


def report(result: Result) -> None:
    """Log how many days of a dataset a turn processed; red ones as an error."""
    endings = [done.ending for done in result.days]
    counts = {name: endings.count(name) for name in ("new", "unchanged", "red")}
    log = _log.bind(dataset=result.dataset)
    log.info("processed what was pending", days=len(endings), **counts)
    if result.red_days:
        log.error("days not published: a gate was red", days=list(map(str, result.red_days[:5])))
