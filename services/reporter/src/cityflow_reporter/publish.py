"""Publishing a day's report: written, then published by one pointer, then shown to people.

Every step may be repeated: a killed run leaves nothing that the next one does not finish.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final, Literal

from cityflow.contracts import Run
from cityflow.contracts.report import DailyReport
from cityflow.errors import CityFlowError, TryAgain
from cityflow.storage import Candidate, Editions, Runs, Store
from cityflow_reporter.compose import compose
from cityflow_reporter.evidence import gather
from cityflow_reporter.render import edition_files, people_files

REPORT: Final = "report"
ATTEMPTS = 5


@dataclass(frozen=True)
class Reported:
    """The current report of a day, whether this run published it, and where people find it."""

    report: DailyReport
    outcome: Literal["new", "unchanged"]
    files: Mapping[str, str]


class Reporter:
    """Reports days out of one store."""

    def __init__(self, store: Store) -> None:
        self._objects = store.objects
        self._editions = Editions(store)
        self._runs = Runs(store)

    def report(self, day: date) -> Reported:
        """Publish the report of a day, or confirm the one that stands.

        Raises StoreUnavailable, or TryAgain while other runs keep publishing this report.
        """
        with self._run(day) as run:
            report, outcome, kept = self._publish(day, run)
            shown = self._show(report)
            self._runs.finish(
                run,
                outcome,
                edition=report.edition,
                inputs=tuple(f"{name}/{edition}" for name, edition in report.editions.items()),
                outputs=(*kept, *shown),
            )
        files = {key.rsplit(".", 1)[-1]: self._objects.uri(key) for key in shown}
        return Reported(report, outcome, files)

    def reinstate(self, report: DailyReport, run: Run, *, move_pointer: bool) -> bool:
        """Give back a report that `run` published before; True if it had been lost."""
        self._keep(edition_files(report))
        candidate = _candidate(report, run, self._editions.current_version(REPORT, report.day))
        then = replace(candidate, now=run.ended_at or candidate.now)
        return self._editions.reinstate(then, move_pointer=move_pointer)

    @contextmanager
    def _run(self, day: date) -> Iterator[Run]:
        run = self._runs.start(REPORT, REPORT, day)
        try:
            yield run
        except CityFlowError as error:
            with suppress(CityFlowError):
                self._runs.finish(run, "failed", error=str(error))
            raise

    def _publish(
        self, day: date, run: Run
    ) -> tuple[DailyReport, Literal["new", "unchanged"], tuple[str, ...]]:
        """The report, whether this run published it, and the files of its edition."""
        for _ in range(ATTEMPTS):
            expected = self._editions.current_version(REPORT, day)
            report = compose(day, gather(self._editions, self._runs, day))
            files = edition_files(report)
            self._keep(files)
            result = self._editions.publish(_candidate(report, run, expected))
            if result != "lost_race":
                return report, result, tuple(files)
        raise TryAgain(f"report of {day}: other runs published it {ATTEMPTS} times; run it again")

    def _show(self, report: DailyReport) -> tuple[str, ...]:
        """Write the files for people; they follow the pointer, whoever moves it meanwhile."""
        shown: str | None = None
        while shown != report.edition:
            files = people_files(report)
            self._write(files)
            shown = report.edition
            report = self._current(report)
        return tuple(files)

    def _current(self, published: DailyReport) -> DailyReport:
        pointer = self._editions.current(REPORT, published.day)
        if pointer is None or pointer.edition == published.edition:
            return published
        body = self._editions.document(REPORT, published.day, pointer.edition)
        return DailyReport.model_validate(body)

    def _keep(self, files: Mapping[str, bytes]) -> None:
        """Write the files of an edition, which never change; one that was cut is made whole."""
        for key, data in files.items():
            size = self._objects.size(key)
            if size is None:
                self._objects.put_if_absent(key, data)
            elif size < len(data) and data.startswith(self._objects.read(key)):
                self._objects.put(key, data)

    def _write(self, files: Mapping[str, bytes]) -> None:
        """Write what is not there byte for byte: a repeated run touches no file."""
        for key, data in files.items():
            if self._objects.size(key) != len(data) or self._objects.read(key) != data:
                self._objects.put(key, data)


def _candidate(report: DailyReport, run: Run, expected: int) -> Candidate:
    return Candidate(
        dataset=REPORT,
        day=report.day,
        edition=report.edition,
        document=report.model_dump(mode="json"),
        status="published",
        records=sum(source.records or 0 for source in report.sources),
        run_id=run.run_id,
        now=datetime.now(UTC),
        expected=expected,
    )
