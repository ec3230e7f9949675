"""Reports made anew: the current ones from what is published, earlier ones from the ledger."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from cityflow.contracts import Check, Counts, Severity
from cityflow.errors import QualityGateRed
from cityflow.settings import Settings
from cityflow.storage import Candidate, DocumentId, Editions, Runs, Store, canonical
from cityflow.storage.paging import all_documents
from cityflow_reporter.publish import Reporter
from cityflow_reporter.rebuild import REBUILDER

SUNDAY = date(2025, 3, 30)
A, B = "a" * 20, "b" * 20

Snapshot = dict[str, str]


def snapshot(store: Store) -> Snapshot:
    """Reports as documents and objects; of the pointers, not when they were moved."""
    found = {
        info.key: canonical.digest(store.objects.read(info.key))
        for info in store.objects.list("reports/")
    }
    for type in ("edition/report", "pointer/report"):
        for document in all_documents(store.documents, type):
            body = {k: v for k, v in document.body.items() if k != "published_at"}
            text = f"{document.version} {canonical.dumps(body)}"
            found[f"{type} {document.id.day} {document.id.key}"] = text
    return found


def forget_reports(store: Store, *, pointers: bool = True) -> None:
    for info in list(store.objects.list("reports/")):
        store.objects.delete(info.key)
    for type in ("edition/report", "pointer/report")[: 1 + pointers]:
        for document in list(all_documents(store.documents, type)):
            store.documents.delete(document.id)


@pytest.fixture
def process(store: Store, samples: Any) -> Callable[..., None]:
    """A processing run as the processor leaves it: its edition, and its row in the ledger."""

    def run(day: date, edition: str, outcome: Any = "new") -> None:
        runs, editions = Runs(store), Editions(store)
        row = runs.start("process", "comptages", day)
        summary = samples.roads(day, edition)
        if outcome == "red":
            check = Check(name="volume", severity=Severity.RED, message="too few")
            runs.finish(row, "red", checks=(check,))
            return
        candidate = Candidate(
            dataset="comptages",
            day=day,
            edition=edition,
            document=summary.model_dump(mode="json"),
            status="published",
            records=46,
            run_id=row.run_id,
            now=row.started_at,
            expected=editions.current_version("comptages", day),
        )
        assert editions.publish(candidate) == outcome
        runs.finish(row, outcome, edition=edition, counts=Counts(rows_in=46, published=46))

    return run


def rebuild(store: Store, settings: Settings, *, as_published: bool = True) -> Any:
    return dict(REBUILDER.rebuild(store, settings, as_published=as_published))["report"]


def test_lost_reports_of_all_days_come_back(
    store: Store, settings: Settings, process: Callable[..., None]
) -> None:
    days = [SUNDAY + timedelta(n) for n in range(3)]
    for day in days:
        process(day, A)
    reporter = Reporter(store)
    for day in days:
        reporter.report(day)
    reporter.report(SUNDAY + timedelta(9))  # of a day without any edition
    expected = {key: text for key, text in snapshot(store).items() if not key.startswith("pointer")}
    forget_reports(store, pointers=False)
    done = rebuild(store, settings, as_published=False)
    assert (done.days, done.new, done.unchanged, done.failed) == (4, 0, 4, ())
    found = snapshot(store)
    assert {key: found[key] for key in expected} == expected


def test_every_report_of_the_ledger_comes_back_as_it_was_published(
    store: Store, settings: Settings, process: Callable[..., None]
) -> None:
    reporter = Reporter(store)
    reporter.report(SUNDAY)  # nothing is known yet
    process(SUNDAY, A)
    reporter.report(SUNDAY)
    reporter.report(SUNDAY)
    process(SUNDAY, B)
    reporter.report(SUNDAY)
    process(SUNDAY, B, "unchanged")
    process(SUNDAY, "c" * 20, "red")
    reporter.report(SUNDAY)
    expected = snapshot(store)
    assert len([name for name in expected if name.startswith("edition")]) == 4
    forget_reports(store)
    done = rebuild(store, settings)
    assert (done.earlier, done.failed, done.error) == (4, (), None)
    assert (done.new, done.unchanged) == (0, 1)
    assert snapshot(store) == expected

    again = rebuild(store, settings)
    assert (again.earlier, again.unchanged) == (0, 1)
    assert snapshot(store) == expected


def test_a_report_whose_edition_is_lost_is_named(
    store: Store, settings: Settings, process: Callable[..., None]
) -> None:
    reporter = Reporter(store)
    process(SUNDAY, A)
    first = reporter.report(SUNDAY).report.edition
    process(SUNDAY, B)
    reporter.report(SUNDAY)
    store.documents.delete(DocumentId("edition/comptages", SUNDAY, A))
    forget_reports(store)
    done = rebuild(store, settings)
    assert done.earlier == 1
    assert done.failed == (
        f"report {first} of {SUNDAY}: edition {A} of comptages {SUNDAY}: it, or its run, is lost",
    )
    assert isinstance(done.error, QualityGateRed)
    assert Editions(store).current("report", SUNDAY) is not None


def test_a_report_that_comes_out_otherwise_is_named(
    store: Store,
    settings: Settings,
    process: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process(SUNDAY, A)
    old = Reporter(store).report(SUNDAY).report.edition
    monkeypatch.setattr("cityflow_reporter.compose.METHOD_VERSION", "99")
    done = rebuild(store, settings)
    (failed,) = done.failed
    assert failed == f"report {old} of {SUNDAY}: it comes out otherwise with this version"
    assert done.new == 1
