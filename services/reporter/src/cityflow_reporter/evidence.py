"""What the store knows of a day: published editions by their pointers, and the run ledger."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pydantic import ValidationError

from cityflow.contracts import Dataset, Pointer, PublishedDocument, Run
from cityflow.contracts.published import SUMMARIES
from cityflow.contracts.report import CARRIED, MEASURED
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Runs
from cityflow_reporter.compose import Evidence

_CONCLUSIVE = {"new", "unchanged", "no_data", "red", "failed", "interrupted"}


def gather(editions: Editions, runs: Runs, day: date) -> list[Evidence]:
    """The evidence of every measured dataset and of what is made of them, in the report's order.

    Raises StoreUnavailable if the store cannot be read or contradicts itself.
    """
    last = _last_runs(runs, day)
    found = [_evidence(editions, dataset, day, last.get(dataset.value)) for dataset in CARRIED]
    return [one for one in found if one.pointer is not None or one.dataset in MEASURED]


def recall(
    editions: Editions, ledger: Sequence[Run], report: Run, until: datetime
) -> list[Evidence]:
    """The evidence of a report of earlier, as far as the ledger knew it then.

    `ledger` are the day's processing runs, and `report` is the run that made the report. Raises
    StoreUnavailable if an edition it names is not there.
    """
    known = [run for run in ledger if run.ended_at is not None and run.ended_at <= until]
    last, used = _last_of_each(known), dict(name.split("/") for name in report.inputs)
    pointers = {name: _pointer(editions, ledger, report.day, name, used[name]) for name in used}
    return [
        Evidence(
            dataset,
            pointers.get(dataset.value),
            _summary_of(editions, dataset, pointers.get(dataset.value)),
            last.get(dataset.value),
        )
        for dataset in CARRIED
        if dataset in MEASURED or dataset.value in pointers
    ]


def _pointer(
    editions: Editions, ledger: Sequence[Run], day: date, dataset: str, edition: str
) -> Pointer:
    """What pointed to an edition while it was the current one."""
    body = editions.document(dataset, day, edition)
    run = next((run for run in ledger if (run.dataset, run.edition) == (dataset, edition)), None)
    if body is None or run is None or run.ended_at is None:
        raise StoreUnavailable(f"edition {edition} of {dataset} {day}: it, or its run, is lost")
    return Pointer(
        dataset=dataset,
        day=day,
        edition=edition,
        run_id=run.run_id,
        published_at=run.ended_at,
        status=body["status"],
        records=run.counts.published if run.counts else 0,
    )


def _last_runs(runs: Runs, day: date) -> dict[str, Run]:
    """The last processing run of each dataset that came to a conclusion."""
    return _last_of_each(runs.query(day, stage="process"))


def _last_of_each(runs: Iterable[Run]) -> dict[str, Run]:
    finished = [run for run in runs if run.outcome in _CONCLUSIVE]
    return {run.dataset: run for run in sorted(finished, key=lambda run: run.run_id)}


def _evidence(editions: Editions, dataset: Dataset, day: date, last: Run | None) -> Evidence:
    pointer = editions.current(dataset.value, day)
    return Evidence(dataset, pointer, _summary_of(editions, dataset, pointer), last)


def _summary_of(
    editions: Editions, dataset: Dataset, pointer: Pointer | None
) -> PublishedDocument | None:
    if pointer is None or dataset.value not in SUMMARIES:
        return None
    return _summary(editions, pointer)


def _summary(editions: Editions, pointer: Pointer) -> PublishedDocument:
    name = f"edition {pointer.edition} of {pointer.dataset} {pointer.day}"
    body = editions.document(pointer.dataset, pointer.day, pointer.edition)
    if body is None:
        raise StoreUnavailable(
            f"{name}: the pointer names it, the database does not hold it; "
            f"restore the database, or process the day again"
        )
    try:
        return SUMMARIES[pointer.dataset].model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreUnavailable(
            f"{name}: {where}: {first['msg']}; process the day again with this version"
        ) from error
