from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from contract_support import killed

from cityflow.contracts import Counts, Run
from cityflow.errors import VersionConflict
from cityflow.storage import DocumentId, Runs, Store, process
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

DAY = date(2025, 3, 30)


def open_at(folder: Path) -> Store:
    return Store(SqliteDocuments(folder / "cityflow.db"), LocalObjects(folder))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_at(tmp_path) as store:
        yield store


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


def outcomes(runs: Runs) -> list[str]:
    return [run.outcome for run in runs.query(DAY)]


def start_and_wait(pipe: Connection, folder: Path) -> None:
    runs = Runs(open_at(folder))
    runs.start("process", "velib", DAY)
    pipe.send(runs.start("process", "comptages", DAY).run_id)
    pipe.poll(60)


def abandoned(tmp_path: Path) -> str:
    """The last of two runs of a process that was killed."""
    (run_id,) = killed(start_and_wait, tmp_path, after=0.0)
    return str(run_id)


def start_elsewhere(runs: Runs, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Run:
    with monkeypatch.context() as patch:
        patch.setattr(process, "HOST", "elsewhere")
        return runs.start("process", "comptages", DAY, now=now)


def test_a_run_is_open_until_it_is_finished(runs: Runs, store: Store) -> None:
    run = runs.start("process", "comptages", DAY)
    assert list(runs.query(DAY)) == [run]
    assert (run.outcome, run.ended_at, run.owner) == ("running", None, process.owner())
    counts = Counts(rows_in=3, published=2, duplicates=1)
    ended = runs.finish(run, "new", edition="0" * 20, inputs=("a", "b"), counts=counts)
    assert list(runs.query(DAY)) == [ended]
    assert (ended.outcome, ended.counts, ended.inputs) == ("new", counts, ("a", "b"))
    assert ended.ended_at is not None
    assert ended.started_at <= ended.ended_at
    assert store.documents.types() == ["run"]


def test_a_run_ends_once(runs: Runs) -> None:
    run = runs.start("process", "comptages", DAY)
    runs.finish(run, "new")
    with pytest.raises(VersionConflict):
        runs.finish(run, "failed", error="too late")
    assert outcomes(runs) == ["new"]


def test_a_field_that_a_run_has_not_is_refused(runs: Runs) -> None:
    run = runs.start("process", "comptages", DAY)
    with pytest.raises(ValueError, match="colour"):
        runs.finish(run, "new", colour="blue")
    assert outcomes(runs) == ["running"]


def test_runs_are_sorted_by_day_and_start(runs: Runs) -> None:
    start = datetime(2025, 4, 1, tzinfo=UTC)
    for days, hours in ((1, 0), (0, 2), (0, 0), (0, 1)):
        runs.start("process", "comptages", DAY + timedelta(days), start + timedelta(hours=hours))
    found = list(runs.query(DAY, DAY + timedelta(9)))
    assert [(run.day - DAY).days for run in found] == [0, 0, 0, 1]
    assert [run.started_at.hour for run in found] == [0, 1, 2, 0]
    assert [run.run_id for run in found[:3]] == sorted(run.run_id for run in found[:3])


def test_a_query_keeps_to_days_stage_and_dataset(runs: Runs) -> None:
    process_run = runs.start("process", "comptages", DAY)
    report_run = runs.start("report", "report", DAY)
    next_day = runs.start("process", "velib", DAY + timedelta(1))
    assert list(runs.query(DAY)) == [process_run, report_run]
    assert list(runs.query(DAY, DAY + timedelta(1))) == [process_run, report_run, next_day]
    assert list(runs.query(DAY, stage="report")) == [report_run]
    assert list(runs.query(DAY, DAY + timedelta(1), dataset="velib")) == [next_day]


def test_times_are_utc(runs: Runs) -> None:
    with pytest.raises(ValueError, match="time zone"):
        runs.start("process", "comptages", DAY, now=datetime(2025, 4, 1))
    paris = datetime.fromisoformat("2025-04-01T02:00:00+02:00")
    run = runs.start("process", "comptages", DAY, now=paris)
    assert run.run_id.startswith("20250401T000000.000000Z-")


def test_a_living_run_is_no_orphan(runs: Runs) -> None:
    runs.start("process", "comptages", DAY, now=datetime(2020, 1, 1, tzinfo=UTC))
    assert runs.close_orphans("process") == 0
    assert outcomes(runs) == ["running"]


def test_runs_of_a_killed_process_are_closed_once(runs: Runs, store: Store, tmp_path: Path) -> None:
    run_id = abandoned(tmp_path)
    assert runs.close_orphans("report") == 0
    assert runs.close_orphans("process") == 2
    assert runs.close_orphans("process") == 0
    assert outcomes(runs) == ["interrupted"] * 2
    last = list(runs.query(DAY))[-1]
    assert last.run_id == run_id
    assert last.ended_at is not None
    assert last.error is not None
    assert last.owner in last.error
    assert store.documents.types() == ["run"]


def test_a_run_of_an_earlier_process_with_this_pid_is_closed(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process, "TOKEN", "0" * 8)
        runs.start("process", "comptages", DAY)
    assert runs.close_orphans("process") == 1


def test_of_another_host_only_old_runs_are_closed(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    start_elsewhere(runs, monkeypatch, now - timedelta(hours=7))
    start_elsewhere(runs, monkeypatch, now - timedelta(hours=1))
    assert runs.close_orphans("process") == 1
    assert outcomes(runs) == ["interrupted", "running"]
    assert runs.close_orphans("process", older_than=timedelta(minutes=30)) == 1


def test_who_was_taken_for_dead_tells_the_true_outcome(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    run = start_elsewhere(runs, monkeypatch, datetime(2025, 4, 1, tzinfo=UTC))
    assert runs.close_orphans("process") == 1
    ended = runs.finish(run, "new", edition="0" * 20)
    assert list(runs.query(DAY)) == [ended]
    assert ended.error is None
    assert store.documents.types() == ["run"]


def test_who_ends_just_now_is_not_interrupted(
    runs: Runs, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_elsewhere(runs, monkeypatch, datetime(2025, 4, 1, tzinfo=UTC))

    class Overtaken(SqliteDocuments):
        """The run ends between the observer's look at it and its write."""

        def put_if(self, id: DocumentId, body: Mapping[str, Any], version: int) -> int:
            runs.finish(run, "new")
            return super().put_if(id, body, version)

    with closing(Overtaken(tmp_path / "cityflow.db")) as documents:
        assert Runs(Store(documents, store.objects)).close_orphans("process") == 0
    assert outcomes(runs) == ["new"]


def test_a_mark_without_its_run_goes(runs: Runs, store: Store, tmp_path: Path) -> None:
    run_id = abandoned(tmp_path)
    store.documents.delete(DocumentId("run", DAY, run_id))
    assert runs.close_orphans("process") == 1
    assert store.documents.types() == ["run"]


def test_a_mark_of_a_finished_run_goes(runs: Runs, store: Store, tmp_path: Path) -> None:
    abandoned(tmp_path)
    marks = store.documents.query("running").items
    assert runs.close_orphans("process") == 2
    for mark in marks:
        store.documents.put(mark.id, mark.body)
    assert runs.close_orphans("process") == 0
    assert store.documents.types() == ["run"]
