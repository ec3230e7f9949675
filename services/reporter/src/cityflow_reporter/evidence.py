"""What the store knows of a day: published editions by their pointers, and the run ledger."""

from datetime import date

from pydantic import ValidationError

from cityflow.contracts import MEASURED, ComptagesSummary, Dataset, Pointer, Run
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Runs
from cityflow_reporter.compose import Evidence

_CONCLUSIVE = {"new", "unchanged", "no_data", "red", "failed", "interrupted"}


def gather(editions: Editions, runs: Runs, day: date) -> list[Evidence]:
    """The evidence of every measured dataset, in the order of the report.

    Raises StoreUnavailable if the store cannot be read or contradicts itself.
    """
    last = _last_runs(runs, day)
    return [_evidence(editions, dataset, day, last.get(dataset.value)) for dataset in MEASURED]


def _last_runs(runs: Runs, day: date) -> dict[str, Run]:
    """The last processing run of each dataset that came to a conclusion."""
    finished = [run for run in runs.query(day, stage="process") if run.outcome in _CONCLUSIVE]
    return {run.dataset: run for run in sorted(finished, key=lambda run: run.run_id)}


def _evidence(editions: Editions, dataset: Dataset, day: date, last: Run | None) -> Evidence:
    pointer = editions.current(dataset.value, day)
    summary = None
    if pointer is not None and dataset is Dataset.COMPTAGES:
        summary = _summary(editions, pointer)
    return Evidence(dataset, pointer, summary, last)


def _summary(editions: Editions, pointer: Pointer) -> ComptagesSummary:
    name = f"edition {pointer.edition} of {pointer.dataset} {pointer.day}"
    body = editions.document(pointer.dataset, pointer.day, pointer.edition)
    if body is None:
        raise StoreUnavailable(
            f"{name}: the pointer names it, the database does not hold it; "
            f"restore the database, or process the day again"
        )
    try:
        return ComptagesSummary.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreUnavailable(
            f"{name}: {where}: {first['msg']}; process the day again with this version"
        ) from error
