"""Every reason a dataset can be missing for, and what is said of a run that changed nothing."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cityflow.contracts import Check, Counts, Dataset, Run, Severity
from cityflow_reporter.why import NOTE_LIMIT, judge

DAY = date(2025, 3, 30)


def run(outcome: Any, **fields: Any) -> Run:
    return Run(
        run_id="r1",
        stage="process",
        dataset="comptages",
        day=DAY,
        owner="host:1",
        started_at=datetime(2025, 4, 1, tzinfo=UTC),
        outcome=outcome,
        **fields,
    )


RED = run(
    "red",
    checks=(
        Check(name="schema", severity=Severity.GREEN, message="fine"),
        Check(name="derivation", severity=Severity.RED, message="41 % of states"),
    ),
)


def test_without_edition_nor_run_it_was_never_processed_and_the_note_says_what_to_run():
    verdict = judge(Dataset.COMPTAGES, DAY, None, None)
    assert verdict.status == "never_processed"
    assert "cityflow-processor run --date 2025-03-30 --dataset comptages" in (verdict.note or "")


def test_a_dataset_this_version_cannot_process_gives_no_vain_advice():
    verdict = judge(Dataset.CALENDAR, DAY, None, None)
    assert verdict.status == "never_processed"
    assert "does not process calendar yet" in (verdict.note or "")


def test_a_red_gate_is_named_with_what_it_found():
    verdict = judge(Dataset.COMPTAGES, DAY, None, RED)
    assert verdict.status == "gate_red"
    assert "derivation: 41 % of states" in (verdict.note or "")
    assert "schema" not in (verdict.note or "")


@pytest.mark.parametrize(
    ("last", "found"),
    [
        (run("failed", error="disk is full"), "disk is full"),
        (run("failed"), "no reason was recorded"),
        (run("interrupted"), "interrupted"),
    ],
)
def test_a_failed_run_says_why(last, found):
    verdict = judge(Dataset.COMPTAGES, DAY, None, last)
    assert verdict.status == "failed"
    assert found in (verdict.note or "")


def test_a_long_error_is_cut_and_the_advice_stays_whole():
    note = judge(Dataset.COMPTAGES, DAY, None, run("failed", error="x\n" * 5000)).note or ""
    assert len(note) <= NOTE_LIMIT + 1
    assert "\n" not in note
    assert note.endswith("--dataset comptages`.")


def test_a_published_edition_is_published_whatever_was_red_later(samples):
    pointer = samples.pointer(samples.roads())
    assert judge(Dataset.COMPTAGES, DAY, pointer, None).note is None
    assert judge(Dataset.COMPTAGES, DAY, pointer, run("unchanged")).note is None
    assert judge(Dataset.COMPTAGES, DAY, pointer, run("interrupted")).note is None
    verdict = judge(Dataset.COMPTAGES, DAY, pointer, RED)
    assert verdict.status == "published"
    assert "the edition before it stands" in (verdict.note or "")


def test_an_edition_without_rows_means_no_data_from_the_source(samples):
    pointer = samples.pointer(samples.roads(status="no_data"))
    verdict = judge(Dataset.COMPTAGES, DAY, pointer, run("no_data"))
    assert verdict.status == "no_data_from_source"
    assert "no row for 2025-03-30" in (verdict.note or "")
    assert "derivation" in (judge(Dataset.COMPTAGES, DAY, pointer, RED).note or "")


def test_an_edition_of_rejects_alone_does_not_say_that_the_source_holds_no_row(samples):
    pointer = samples.pointer(samples.roads(status="no_data"))
    rejects = run("new", counts=Counts(rows_in=1900, rejected=1900))
    note = judge(Dataset.COMPTAGES, DAY, pointer, rejects).note or ""
    assert note.startswith("The source holds rows for 2025-03-30 (1,900), but none can be used")
    red = run("red", counts=Counts(rows_in=5, published=5), checks=RED.checks)
    note = judge(Dataset.COMPTAGES, DAY, pointer, red).note or ""
    assert "holds no row" not in note and "derivation" in note
