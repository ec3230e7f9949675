"""The run ledger: every attempt at (stage, dataset, day), its outcome, and no run left open.

Beside each running run stands a small mark of type `running`, so that orphans are found without
reading the whole ledger. The mark is there before the run and goes after its end.
"""

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from cityflow.contracts import Run
from cityflow.errors import VersionConflict
from cityflow.storage import process, rules
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import Document, DocumentId, Store

Stage = Literal["ingest", "process", "report"]
Outcome = Literal["new", "unchanged", "no_data", "red", "failed", "lost_race", "interrupted"]

ORPHAN_AGE: Final = timedelta(hours=6)

_RUN: Final = "run"
_MARK: Final = "running"
_STAMP: Final = "%Y%m%dT%H%M%S.%fZ"


class Runs:
    """The ledger of a store."""

    def __init__(self, store: Store) -> None:
        self._documents = store.documents

    def start(self, stage: Stage, dataset: str, day: date, now: datetime | None = None) -> Run:
        """Open a run of this process. `now` is UTC."""
        started_at = rules.utc(now or datetime.now(UTC))
        run = Run(
            run_id=f"{started_at:{_STAMP}}-{process.TOKEN}{secrets.token_hex(3)}",
            stage=stage,
            dataset=dataset,
            day=day,
            owner=process.owner(),
            started_at=started_at,
            outcome="running",
        )
        body = run.model_dump(mode="json")
        mark = {name: body[name] for name in ("schema_version", "stage", "owner", "started_at")}
        self._documents.put_if(_mark_id(run), mark, 0)
        self._documents.put_if(_run_id(run), body, 0)
        return run

    def finish(self, run: Run, outcome: Outcome, now: datetime | None = None, **fields: Any) -> Run:
        """Close a run. `fields` are fields of Run: edition, inputs, outputs, counts, …

        A run that was taken for dead and closed as `interrupted` gets its true outcome; one that
        already has another outcome raises VersionConflict.
        """
        ended_at = rules.utc(now or datetime.now(UTC))
        ended = Run.model_validate(
            {**run.model_dump(), **fields, "outcome": outcome, "ended_at": ended_at}
        )
        try:
            self._documents.put_if(_run_id(run), ended.model_dump(mode="json"), 1)
        except VersionConflict:
            held = self._documents.get(_run_id(run))
            if held is None or held.body["outcome"] != "interrupted":
                raise
            self._documents.put_if(held.id, ended.model_dump(mode="json"), held.version)
        self._documents.delete(_mark_id(run))
        return ended

    def close_orphans(self, stage: Stage, older_than: timedelta = ORPHAN_AGE) -> int:
        """Close runs whose process is gone as `interrupted`; returns how many.

        Gone is a process of this host that runs no more; of another host it is not known, so
        there its runs count as gone once they are `older_than`.
        """
        before = datetime.now(UTC) - older_than
        marks = all_documents(self._documents, _MARK)
        return sum(
            self._interrupt(mark)
            for mark in marks
            if mark.body["stage"] == stage and _is_orphan(mark, before)
        )

    def query(
        self,
        first: date,
        last: date | None = None,
        *,
        stage: Stage | None = None,
        dataset: str | None = None,
    ) -> Iterator[Run]:
        """Runs of one day, or of first ≤ day ≤ last, by day and start."""
        last = first if last is None else last
        for document in all_documents(self._documents, _RUN, first, last):
            run = _run(document)
            if stage in (None, run.stage) and dataset in (None, run.dataset):
                yield run

    def _interrupt(self, mark: Document) -> bool:
        held = self._documents.get(DocumentId(_RUN, mark.id.day, mark.id.key))
        closed = held is not None and self._close(held)
        self._documents.delete(mark.id)
        return closed

    def _close(self, held: Document) -> bool:
        run = _run(held)
        if run.outcome != "running":
            return False
        ended = run.model_copy(
            update={
                "outcome": "interrupted",
                "ended_at": datetime.now(UTC),
                "error": f"its process {run.owner} ended without closing it",
            }
        )
        try:
            self._documents.put_if(held.id, ended.model_dump(mode="json"), held.version)
        except VersionConflict:  # it lives, or another observer was faster
            return False
        return True


def _is_orphan(mark: Document, before: datetime) -> bool:
    owner, token = mark.body["owner"], mark.id.key.rpartition("-")[2][: len(process.TOKEN)]
    if process.is_here(owner):
        return process.is_gone(owner, token)
    return datetime.fromisoformat(mark.body["started_at"]) < before


def _run(document: Document) -> Run:
    return rules.parse(Run, rules.name_of(document.id), document.body)


def _run_id(run: Run) -> DocumentId:
    return DocumentId(_RUN, run.day, run.run_id)


def _mark_id(run: Run) -> DocumentId:
    return DocumentId(_MARK, run.day, run.run_id)
