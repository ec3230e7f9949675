"""`cityflow prune`: what goes, and above all what never does."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from admin_support import (
    FIRST,
    PUBLISHED_AT,
    Command,
    Snapshot,
    edition_of,
    open_store,
    publish,
    snapshot_of,
)

from cityflow.contracts import history_of
from cityflow.storage import DocumentId, Editions, Runs, layout

THIRD = FIRST + timedelta(2)  # the day with three editions
NOW = PUBLISHED_AT + timedelta(days=100)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def gone(before: Snapshot, folder: Path) -> set[str]:
    after = snapshot_of(folder)
    assert after.items() <= before.items()
    return before.keys() - after.keys()


def names_of(day: date, number: int) -> set[str]:
    """Everything that belongs to an invented edition."""
    edition = edition_of(day, number)
    keys = (
        layout.clean("comptages", day, edition),
        layout.table("comptages", day, edition, "arcs"),
        layout.rejects("comptages", day, edition),
    )
    id = DocumentId("edition/comptages", day, edition)
    return {f"document {id}", *(f"object {key}" for key in keys)}


def test_superseded_editions_and_old_caches_go(cityflow: Command, here: Path) -> None:
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--json") == 0
    second = FIRST + timedelta(1)
    expected = names_of(second, 0) | names_of(THIRD, 0) | names_of(THIRD, 1)
    expected |= names_of(FIRST + timedelta(4), 0)
    expected |= {f"object parts/comptages/dt={FIRST}/0123-r2.arrow"}
    assert gone(before, here) == expected
    assert len(cityflow.result["deleted"]) == len(expected)
    assert cityflow("prune", "--keep", 90, "--json") == 0
    assert cityflow.result["deleted"] == []


def test_a_dry_run_names_them_and_deletes_nothing(cityflow: Command, here: Path) -> None:
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--dry-run", "--json") == 0
    named = cityflow.result
    assert named["dry_run"] is True
    assert gone(before, here) == set()
    assert cityflow("prune", "--keep", 90) == 0
    assert len(gone(before, here)) == len(named["deleted"])
    line = next(line for line in cityflow.out.splitlines() if "editions" in line)
    assert line.replace("│", " ").split() == ["editions", "4", "12", "36,000"]


def test_what_was_superseded_lately_stays(cityflow: Command, here: Path) -> None:
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 101, "--types", "editions") == 0
    assert gone(before, here) == set()


def test_raw_files_and_current_editions_never_go(cityflow: Command, here: Path) -> None:
    with open_store(here) as store:
        current = list(Editions(store).pointers("comptages"))
    before = snapshot_of(here)
    everything = ("--types", "cache,editions,rejects,runs")
    assert cityflow("prune", "--keep", 1, *everything) == 0
    lost = gone(before, here)
    assert not any("raw" in name for name in lost)
    assert not any("pointer/" in name for name in lost)
    for pointer in current:
        key = layout.clean("comptages", pointer.day, pointer.edition)
        assert f"object {key}" not in lost
        assert not any("edition/" in name and pointer.edition in name for name in lost)


def test_rejects_and_runs_go_only_if_they_are_named(cityflow: Command, here: Path) -> None:
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", "rejects") == 0
    lost = gone(before, here)
    assert {name.split("/")[0] for name in lost} == {"object rejects"}
    assert len(lost) == 9
    assert cityflow("prune", "--keep", 90, "--types", "runs") == 0
    assert {name.split(",")[0] for name in gone(before, here) - lost} == {
        "document DocumentId(type='run'"
    }


def test_a_day_at_work_is_left_alone(cityflow: Command, here: Path) -> None:
    with open_store(here) as store:
        Runs(store).start("process", "comptages", THIRD)
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", "editions") == 0
    lost = gone(before, here)
    assert lost
    assert not any(str(THIRD) in name or repr(THIRD) in name for name in lost)


def test_what_a_red_gate_kept_back_lately_stays(cityflow: Command, here: Path) -> None:
    key = layout.rejects("comptages", THIRD, "f" * 20)
    with open_store(here) as store:
        store.objects.put(key, b"evidence")
        run = Runs(store).start("process", "comptages", THIRD, NOW - timedelta(days=3))
        Runs(store).finish(run, "red", NOW - timedelta(days=3), outputs=(key,))
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", "editions") == 0
    assert f"object {key}" not in gone(before, here)
    with time_machine.travel(NOW + timedelta(days=100), tick=False):
        assert cityflow("prune", "--keep", 90, "--types", "editions") == 0
    assert f"object {key}" in gone(before, here)


def test_what_the_current_report_rests_on_stays(cityflow: Command, here: Path) -> None:
    report, used = "e" * 20, edition_of(THIRD, 1)
    with open_store(here) as store:
        id = DocumentId("edition/report", THIRD, report)
        store.documents.put(id, {"schema_version": 1, "editions": {"comptages": used}})
        body = store.documents.get(DocumentId("pointer/comptages", THIRD, "current"))
        assert body is not None
        pointer = {**body.body, "dataset": "report", "edition": report}
        store.documents.put(DocumentId("pointer/report", THIRD, "current"), pointer)
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", "editions") == 0
    lost = gone(before, here)
    assert names_of(THIRD, 0) <= lost
    assert not names_of(THIRD, 1) & lost


def test_earlier_months_and_reports_go_too(cityflow: Command, here: Path) -> None:
    month = FIRST.replace(day=1)
    name = history_of("comptages")
    old = layout.history("comptages", month, edition_of(month, 0))
    with open_store(here) as store:
        for number in (0, 1):
            publish(store, month, number, name)
            store.objects.put(layout.history("comptages", month, edition_of(month, number)), b"x")
        section = layout.report_section(FIRST, edition_of(FIRST, 0), "totals")
        store.objects.put(section, b"x")
        for number in (0, 1):
            publish(store, FIRST, number + 20, "report")
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", "editions") == 0
    lost = gone(before, here)
    assert f"object {old}" in lost
    assert f"object {section}" in lost
    assert any("edition/report" in lost_name for lost_name in lost)
    current = layout.history("comptages", month, edition_of(month, 1))
    assert f"object {current}" not in lost


@pytest.mark.parametrize("types", ["", "raw", "editions,everything", "pointers"])
def test_nothing_else_can_be_named(cityflow: Command, here: Path, types: str) -> None:
    before = snapshot_of(here)
    assert cityflow("prune", "--keep", 90, "--types", types) == 2
    assert gone(before, here) == set()


@pytest.mark.parametrize("days", ["0", "-1", "x"])
def test_some_days_are_always_kept(cityflow: Command, here: Path, days: str) -> None:
    assert cityflow("prune", "--keep", days) == 2
