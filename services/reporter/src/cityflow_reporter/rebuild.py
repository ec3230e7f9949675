"""Reports made anew: of every day that has an edition, and those that were published before."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from cityflow.admin.rebuilding import Rank, Rebuilt
from cityflow.console import progress
from cityflow.contracts import Run
from cityflow.contracts.report import MEASURED, DailyReport
from cityflow.errors import QualityGateRed, StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import Editions, Runs, Store
from cityflow_reporter.compose import compose
from cityflow_reporter.evidence import recall
from cityflow_reporter.publish import REPORT, Reporter


class ReportRebuilder:
    """The rebuilder of the reporter."""

    rank: Final = Rank.REPORT

    def rebuild(
        self, store: Store, settings: Settings, *, as_published: bool
    ) -> Iterator[tuple[str, Rebuilt]]:
        """The report of every day that has an edition or a report, and the earlier ones."""
        earlier, failed = _replay_all(store) if as_published else (0, ())
        days, reporter, new = _days(store), Reporter(store), 0
        with progress("Reporting", len(days), "days") as shown:
            for day in days:
                new += reporter.report(day).outcome == "new"
                shown.advance()
        error = (
            QualityGateRed(f"{len(failed)} report(s) not made anew: {failed[0]}")
            if failed
            else None
        )
        yield REPORT, Rebuilt(len(days), new, len(days) - new, earlier, failed, error)


REBUILDER: Final = ReportRebuilder()


def _days(store: Store) -> list[date]:
    editions = Editions(store)
    kinds = (*(dataset.value for dataset in MEASURED), REPORT)
    return sorted({pointer.day for kind in kinds for pointer in editions.pointers(kind)})


def _replay_all(store: Store) -> tuple[int, tuple[str, ...]]:
    """Give back every report of the ledger; how many had been lost, and what could not be."""
    found, failed = 0, []
    for day, ledger in _by_day(store):
        reports = [run for run in ledger if run.stage == REPORT and run.edition is not None]
        processing = [run for run in ledger if run.stage == "process"]
        is_lost = Editions(store).current(REPORT, day) is None
        for run in reports:
            report = _recalled(store, processing, run)
            if isinstance(report, str):
                failed.append(report)
            else:
                found += Reporter(store).reinstate(report, run, move_pointer=is_lost)
    return found, tuple(failed)


def _by_day(store: Store) -> Iterator[tuple[date, list[Run]]]:
    every = Runs(store).query(date.min, date.max)
    for day, runs in groupby(every, key=lambda run: run.day):
        yield day, list(runs)


def _recalled(store: Store, processing: Sequence[Run], run: Run) -> DailyReport | str:
    """The report that a run published, or why it cannot be made."""
    # A run may have ended between the start of the report and the moment it looked.
    for until in (run.started_at, run.ended_at):
        if until is None:
            continue
        try:
            report = compose(run.day, recall(Editions(store), processing, run, until))
        except StoreUnavailable as error:
            return f"report {run.edition} of {run.day}: {error}"
        if report.edition == run.edition:
            return report
    return f"report {run.edition} of {run.day}: it comes out otherwise with this version"
