"""Published once, confirmed after, repaired after a kill: against a real store."""

from datetime import date

import pytest

from cityflow.contracts import Check, Run, Severity
from cityflow.errors import StoreUnavailable, TryAgain
from cityflow.storage import Editions, Runs
from cityflow_reporter import publish
from cityflow_reporter.publish import Reporter

DAY = date(2025, 3, 30)
OTHER = "f" * 20


@pytest.fixture
def tree(settings):
    """Every file of the object store and its bytes."""

    def read() -> dict[str, bytes]:
        root = settings.output_dir
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted((root / "reports").rglob("*"))
            if path.is_file()
        }

    return read


def reports_of(store) -> list[Run]:
    return list(Runs(store).query(DAY, stage="report"))


def test_a_day_is_published_with_its_files(store, samples, publish_roads, tree):
    publish_roads(samples.roads())
    done = Reporter(store).report(DAY)
    assert done.outcome == "new"
    pointer = Editions(store).current("report", DAY)
    assert pointer is not None and pointer.edition == done.report.edition
    assert pointer.records == 46
    assert (
        Editions(store).document("report", DAY, pointer.edition)["comptages"]["alerts_total"] == 1
    )
    names = set(tree())
    assert {"reports/daily_report_2025-03-30.json", "reports/daily_report_2025-03-30.csv"} < names
    assert f"reports/dt=2025-03-30/{pointer.edition}/totals.csv" in names
    assert set(done.files) == {"json", "csv"}


def test_again_publishes_nothing_and_changes_no_byte(store, samples, publish_roads, tree):
    publish_roads(samples.roads())
    first, before = Reporter(store).report(DAY), tree()
    pointer = Editions(store).current("report", DAY)
    second = Reporter(store).report(DAY)
    assert (first.outcome, second.outcome) == ("new", "unchanged")
    assert tree() == before
    assert Editions(store).current("report", DAY) == pointer
    assert [run.outcome for run in reports_of(store)] == ["new", "unchanged"]


def test_the_ledger_says_what_a_report_was_made_of(store, samples, publish_roads, tree):
    publish_roads(samples.roads())
    done = Reporter(store).report(DAY)
    run = reports_of(store)[0]
    assert run.edition == done.report.edition
    assert run.inputs == (f"comptages/{samples.roads().edition}",)
    assert set(run.outputs) == set(tree())


def test_a_day_without_editions_still_has_its_report(store, tree):
    done = Reporter(store).report(DAY)
    assert done.outcome == "new"
    assert {missing.reason for missing in done.report.missing} == {"never_processed"}
    assert tree()


def test_a_new_edition_of_the_day_renews_the_report_and_keeps_the_old_one(
    store, samples, publish_roads, tree
):
    old = Reporter(store).report(DAY)
    publish_roads(samples.roads())
    new = Reporter(store).report(DAY)
    assert new.outcome == "new"
    assert new.report.edition != old.report.edition
    names = set(tree())
    assert f"reports/dt={DAY}/{old.report.edition}/missing.csv" in names
    assert b"1234567" in tree()[f"reports/daily_report_{DAY}.csv"]


@pytest.mark.parametrize(("outcome", "reason"), [("red", "gate_red"), ("failed", "failed")])
def test_why_comes_from_the_last_finished_run(store, outcome, reason):
    runs = Runs(store)
    red = Check(name="range", severity=Severity.RED, message="9 rows outside")
    runs.finish(runs.start("process", "comptages", DAY), outcome, checks=(red,), error="no memory")
    runs.finish(runs.start("process", "comptages", DAY), "lost_race")
    runs.start("process", "comptages", DAY)
    report = Reporter(store).report(DAY).report
    assert report.missing[0].reason == reason
    assert ("9 rows outside" if outcome == "red" else "no memory") in report.missing[0].explanation


def test_runs_of_another_day_or_stage_are_no_reason(store):
    runs = Runs(store)
    runs.finish(runs.start("process", "comptages", date(2025, 3, 29)), "red")
    runs.finish(runs.start("ingest", "comptages", DAY), "failed")
    assert Reporter(store).report(DAY).report.missing[0].reason == "never_processed"


@pytest.mark.parametrize("damage", ["missing", "older"])
def test_a_kill_after_publishing_is_repaired_by_the_next_run(
    store, settings, samples, publish_roads, tree, damage
):
    publish_roads(samples.roads())
    Reporter(store).report(DAY)
    before = tree()
    file = settings.output_dir / f"reports/daily_report_{DAY}.json"
    if damage == "missing":
        file.unlink()
    else:
        file.write_text("{}\n")
    next((settings.output_dir / f"reports/dt={DAY}").glob("*/hourly.csv")).unlink()
    assert Reporter(store).report(DAY).outcome == "unchanged"
    assert tree() == before


def test_files_follow_the_pointer_when_another_run_publishes_meanwhile(
    store, samples, publish_roads, monkeypatch, tree
):
    """The other run publishes between this one's pointer and its files."""
    rendered = publish.people_files
    mine = []

    def interleaved(report):
        if not mine:
            mine.append(report.edition)
            publish_roads(samples.roads())
            Reporter(store).report(DAY)
        return rendered(report)

    monkeypatch.setattr(publish, "people_files", interleaved)
    Reporter(store).report(DAY)
    current = Editions(store).current("report", DAY)
    assert current is not None and current.edition != mine[0]
    assert current.edition.encode() in tree()[f"reports/daily_report_{DAY}.json"]


def test_a_lost_race_starts_again_from_what_is_published_now(
    store, samples, publish_roads, monkeypatch
):
    """The other run publishes a fuller report while this one still composes."""
    composed = publish.compose
    calls = []

    def interleaved(day, evidence):
        calls.append(day)
        if len(calls) == 1:
            publish_roads(samples.roads())
            Reporter(store).report(DAY)
        return composed(day, evidence)

    monkeypatch.setattr(publish, "compose", interleaved)
    done = Reporter(store).report(DAY)
    assert done.outcome == "unchanged"
    assert done.report.comptages is not None


def test_races_without_end_ask_to_be_run_again(store, samples, publish_roads, monkeypatch):
    composed = publish.compose

    def always(day, evidence):
        report = composed(day, evidence)
        rival = report.model_copy(update={"edition": OTHER})
        expected = Editions(store).current_version("report", day)
        run = Runs(store).start("report", "report", day)
        Editions(store).publish(publish._candidate(rival, run, expected))
        return report

    monkeypatch.setattr(publish, "compose", always)
    monkeypatch.setattr(publish, "ATTEMPTS", 1)
    with pytest.raises(TryAgain, match="run it again"):
        Reporter(store).report(DAY)
    assert "failed" in [run.outcome for run in reports_of(store)]


def test_a_store_that_contradicts_itself_is_refused_with_advice(store, samples, publish_roads):
    summary = samples.roads()
    publish_roads(summary)
    found = store.documents.query("edition/comptages", DAY, DAY).items[0]
    store.documents.put(found.id, {**found.body, "totals": None})
    with pytest.raises(StoreUnavailable, match=r"totals.*process the day again"):
        Reporter(store).report(DAY)
    store.documents.delete(found.id)
    with pytest.raises(StoreUnavailable, match="does not hold it"):
        Reporter(store).report(DAY)
    assert [run.outcome for run in reports_of(store)] == ["failed", "failed"]
