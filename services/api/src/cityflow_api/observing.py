"""What the store tells of its own freshness: newest days, and how the latest runs ended.

Read at most every MAX_AGE_S, by a thread of its own: a store that hangs holds up no answer and no
end of the process, and is told as one that does not answer.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Final, get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import ValidationError

from cityflow.calendar import day_bounds
from cityflow.contracts import Pointer, Run
from cityflow.contracts.report import MEASURED
from cityflow.errors import CityFlowError
from cityflow.storage import Store
from cityflow.storage.runs import Outcome
from cityflow.telemetry import get_logger

RUNS_READ: Final = 200
DAYS_READ: Final = 40
PATIENCE_S: Final = 5.0
MAX_AGE_S: Final = 15.0
GOOD: Final = frozenset(("new", "unchanged", "no_data"))
SEVERITIES: Final = ("green", "yellow", "red")

_log = get_logger(__name__)


@dataclass(frozen=True)
class Seen:
    """The newest pointers of each kind, newest first, and the ended runs of the newest days."""

    pointers: dict[str, list[Pointer]]
    runs: list[Run]


def look(store: Store) -> Seen:
    """One page of pointers a dataset, and one of runs."""
    pointers = {}
    for kind in (*MEASURED, "report"):
        page = store.documents.query(f"pointer/{kind}", limit=DAYS_READ, descending=True)
        pointers[str(kind)] = [Pointer.model_validate(item.body) for item in page.items]
    page = store.documents.query("run", limit=RUNS_READ, descending=True)
    runs = [Run.model_validate(item.body) for item in page.items]
    return Seen(pointers, [run for run in runs if run.outcome != "running"])


class Observer:
    """The last look at a store, renewed when it is asked for and old."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._lock = Lock()
        self._thread: Thread | None = None
        self._seen: Seen | None = None
        self._began = 0.0

    def collect(self) -> Iterator[Metric]:
        """Gauges for Prometheus (a collector of its client library)."""
        seen = self._latest()
        up = GaugeMetricFamily("cityflow_store_up", "1 if the store answered in time, else 0")
        up.add_metric([], float(seen is not None))
        yield up
        if seen is not None:
            yield from _of_days(seen)
            yield from _of_runs(seen.runs)

    def _latest(self) -> Seen | None:
        with self._lock:
            if self._thread is None or self._is_old():
                self._began = time.monotonic()
                self._thread = Thread(target=self._look, daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(PATIENCE_S)
        return None if thread.is_alive() else self._seen

    def _is_old(self) -> bool:
        assert self._thread is not None
        return not self._thread.is_alive() and time.monotonic() - self._began > MAX_AGE_S

    def _look(self) -> None:
        seen = None
        try:
            seen = look(self._store())
        except (CityFlowError, ValidationError) as error:
            _log.warning("store not observed", reason=str(error))
        finally:
            self._seen = seen  # whatever ended this look, figures of an earlier one are not told


def _of_days(seen: Seen) -> Iterator[Metric]:
    newest = _gauge("cityflow_newest_day_end_timestamp_seconds", "End of the newest published day")
    filled = _gauge(
        "cityflow_newest_data_day_end_timestamp_seconds",
        "End of the newest published day for which the source held data",
    )
    published = _gauge("cityflow_newest_day_published_timestamp_seconds", "When it was published")
    for dataset, pointers in seen.pointers.items():
        if pointers:
            newest.add_metric([dataset], _end(pointers[0]))
            published.add_metric([dataset], pointers[0].published_at.timestamp())
        if held := next((one for one in pointers if one.status != "no_data"), None):
            filled.add_metric([dataset], _end(held))
    yield from (newest, filled, published)


def _of_runs(runs: Iterable[Run]) -> Iterator[Metric]:
    by_pair: dict[tuple[str, str], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.run_id):
        by_pair.setdefault((run.stage, run.dataset), []).append(run)
    pair = ("stage", "dataset")
    outcome = _gauge("cityflow_last_run_outcome", "1 for how the last run ended", *pair, "outcome")
    days = _gauge("cityflow_recent_days", "Days by the end of their last run", *pair, "outcome")
    gates = _gauge("cityflow_last_run_gates", "Quality gates of the last run", *pair, "severity")
    began = _gauge("cityflow_last_run_timestamp_seconds", "When the last run began", *pair)
    success = _gauge(
        "cityflow_last_success_timestamp_seconds", "When the last good run began", *pair
    )
    for labels, held in sorted(by_pair.items()):
        last, of_days = held[-1], {run.day: run.outcome for run in held}
        for name in get_args(Outcome):
            outcome.add_metric([*labels, name], float(last.outcome == name))
            days.add_metric([*labels, name], list(of_days.values()).count(name))
        for severity in SEVERITIES:
            count = sum(check.severity == severity for check in last.checks)
            gates.add_metric([*labels, severity], count)
        began.add_metric(labels, last.started_at.timestamp())
        good = [run.started_at.timestamp() for run in held if run.outcome in GOOD]
        if good:
            success.add_metric(labels, good[-1])
    yield from (outcome, days, gates, began, success)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels or ("dataset",))


def _end(pointer: Pointer) -> float:
    return day_bounds(pointer.day)[1].timestamp()
