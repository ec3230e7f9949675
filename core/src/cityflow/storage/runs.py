"""The run ledger."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

from cityflow.contracts import Run
from cityflow.storage.ports import Store

Stage = Literal["ingest", "process", "report"]
Outcome = Literal["new", "unchanged", "no_data", "red", "failed", "lost_race", "interrupted"]


class Runs:
    """The ledger of a store."""

    def __init__(self, store: Store) -> None:
        self._documents = store.documents

    def start(self, stage: Stage, dataset: str, day: date, now: datetime | None = None) -> Run:
        """Open a run in the ledger."""
        raise NotImplementedError

    def finish(self, run: Run, outcome: Outcome, now: datetime | None = None, **fields: Any) -> Run:
        """Close it with an outcome; `fields` are fields of Run."""
        raise NotImplementedError

    def close_orphans(self, stage: Stage, older_than: timedelta = timedelta(hours=6)) -> int:
        """Close runs whose process is gone as `interrupted`; returns how many."""
        raise NotImplementedError

    def query(
        self,
        first: date,
        last: date | None = None,
        *,
        stage: Stage | None = None,
        dataset: str | None = None,
    ) -> Iterator[Run]:
        """Runs of one day, or of first..last, by day and start."""
        raise NotImplementedError
