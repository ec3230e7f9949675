"""Write, audit, publish one service day of any dataset; the ledger has its run whatever happens."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final, Literal

import polars as pl
import pyarrow as pa

from cityflow.contracts import Check, Counts, Run, Severity
from cityflow.errors import CityFlowError
from cityflow.storage import Candidate, Editions, Runs, Store, layout
from cityflow.storage.canonical import dumps
from cityflow_processor.listing import Listing
from cityflow_processor.tables import keep_bytes, parquet_bytes

MOST_RACES: Final = 5
_WRITERS: Final = 5
Ending = Literal["new", "unchanged", "red"]


@dataclass(frozen=True)
class DayDone:
    """How a day ended, and what its rows were."""

    day: date
    ending: Ending
    edition: str
    counts: Counts
    rejected_by_reason: dict[str, int]
    checks: tuple[Check, ...]

    @property
    def is_without_data(self) -> bool:
        """Whether what was published says that the source holds no usable row."""
        return self.ending != "red" and not self.counts.published


@dataclass(frozen=True)
class Built:
    """An edition, audited, not yet published. `tables` are those of its metrics, by name.

    `describe` gives its document as JSON values.
    """

    edition: str
    describe: Callable[[], dict[str, Any]]
    clean: pl.DataFrame | pa.Table
    tables: Mapping[str, pl.DataFrame | pa.Table]
    rejects: pl.DataFrame
    counts: Counts
    rejected_by_reason: dict[str, int]
    checks: tuple[Check, ...]
    inputs: tuple[str, ...]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document that is published."""
        return self.describe()

    @property
    def is_red(self) -> bool:
        """Whether a gate keeps it from being published."""
        return any(check.severity is Severity.RED for check in self.checks)


def publish_day(store: Store, listing: Listing, day: date, build: Callable[[], Built]) -> DayDone:
    """Build and publish one day; when another run published meanwhile, look again, or leave it its
    edition.

    `build` looks at the edition in place each time. Raises StoreUnavailable.
    """
    runs = Runs(store)
    run = runs.start("process", listing.dataset, day)
    try:
        return _publish(store, runs, run, listing, build)
    except Exception as error:
        with suppress(CityFlowError):  # what went wrong first says more
            runs.finish(run, "failed", error=str(error)[:2000])
        raise


def _publish(
    store: Store, runs: Runs, run: Run, listing: Listing, build: Callable[[], Built]
) -> DayDone:
    editions = Editions(store)
    for _ in range(MOST_RACES):
        expected = editions.current_version(run.dataset, run.day)
        built = build()
        if listing.is_behind(store, run.day):
            break
        outputs = write(store, run, built)
        if built.is_red:
            return _ended(runs, run, "red", built, outputs)
        outcome = editions.publish(candidate(run, built, expected, datetime.now(UTC)))
        if outcome == "new":
            _show(store, run.dataset, run.day, built.document)
        if outcome == "unchanged":
            show_summary(store, run.dataset, run.day)
        if outcome != "lost_race":
            return _ended(runs, run, outcome, built, outputs)
    return _ended(runs, run, "lost_race", built, [])


def write(store: Store, run: Run, built: Built) -> list[str]:
    """Write the edition's objects; those of an edition that exists are the same bytes."""
    frames = {layout.clean(run.dataset, run.day, built.edition): built.clean}
    for name, frame in built.tables.items():
        frames[layout.table(run.dataset, run.day, built.edition, name)] = frame
    with ThreadPoolExecutor(_WRITERS) as pool:  # each waits for the disk, or for the network
        kept = [
            pool.submit(keep_bytes, store.objects, key, parquet_bytes(frame))
            for key, frame in frames.items()
        ]
        outputs = list(frames)
        if built.rejects.height:
            outputs.append(layout.rejects(run.dataset, run.day, built.edition))
            kept.append(pool.submit(store.objects.put, outputs[-1], parquet_bytes(built.rejects)))
        _ = built.document  # made while the disk is at work
        for one in kept:
            one.result()
    return outputs


def reinstate(store: Store, run: Run, built: Built, *, move_pointer: bool) -> bool:
    """Write an edition again as its run did; returns whether its document had been lost."""
    write(store, run, built)
    editions = Editions(store)
    expected = editions.current_version(run.dataset, run.day)
    then = candidate(run, built, expected, run.ended_at or datetime.now(UTC))
    return editions.reinstate(then, move_pointer=move_pointer)


def candidate(run: Run, built: Built, expected: int, now: datetime) -> Candidate:
    """The edition as the run offers it for publication."""
    return Candidate(
        dataset=run.dataset,
        day=run.day,
        edition=built.edition,
        document=built.document,
        status=built.document["status"],
        records=built.counts.published,
        run_id=run.run_id,
        now=now,
        expected=expected,
    )


def show_summary(store: Store, dataset: str, day: date) -> None:
    """The current summary as a file; written again if a kill or another run left it behind."""
    editions = Editions(store)
    pointer = editions.current(dataset, day)
    document = editions.document(dataset, day, pointer.edition) if pointer else None
    if document is not None:
        _show(store, dataset, day, document)


def _show(store: Store, dataset: str, day: date, document: Mapping[str, Any]) -> None:
    key = layout.summary_file(dataset, day)
    text = dumps(document).encode()
    if store.objects.size(key) != len(text) or store.objects.read(key) != text:
        store.objects.put(key, text, durable=False)


def _ended(
    runs: Runs,
    run: Run,
    outcome: Ending | Literal["lost_race"],
    built: Built,
    outputs: list[str],
) -> DayDone:
    runs.finish(
        run,
        outcome,
        edition=built.edition if outcome in ("new", "unchanged") else None,
        inputs=built.inputs,
        outputs=tuple(outputs),
        counts=built.counts,
        checks=built.checks,
    )
    ending: Ending = "unchanged" if outcome == "lost_race" else outcome
    return DayDone(
        run.day, ending, built.edition, built.counts, built.rejected_by_reason, built.checks
    )
