"""The report is a pure function of its evidence, and its edition of what shows in it."""

from datetime import UTC, date, datetime

import pytest

from cityflow.contracts import Dataset, Run
from cityflow.contracts.report import MEASURED, DailyReport
from cityflow_reporter.compose import Evidence, compose

DAY = date(2025, 3, 30)


def evidence(samples, summary=None, last_run=None):
    nothing = [Evidence(dataset, None, None, None) for dataset in MEASURED[1:]]
    pointer = samples.pointer(summary) if summary else None
    return [Evidence(Dataset.COMPTAGES, pointer, summary, last_run), *nothing]


@pytest.fixture
def full(samples) -> DailyReport:
    return compose(DAY, evidence(samples, samples.roads()))


def test_it_carries_the_published_summary_as_it_is(samples, full):
    assert full.comptages == samples.roads()
    assert full.editions == {"comptages": samples.roads().edition}
    assert [missing.dataset for missing in full.missing] == list(MEASURED[1:])


def test_every_measured_dataset_is_spoken_of_once_with_its_licence(full):
    assert [source.dataset for source in full.sources] == list(MEASURED)
    assert all(source.attribution.licence for source in full.sources)
    assert [a.licence for a in full.attributions] == ["ODbL 1.0"]


def test_a_day_without_anything_says_so_and_still_names_the_sources(samples):
    report = compose(DAY, evidence(samples))
    assert report.comptages is None
    assert report.editions == {}
    assert [missing.reason for missing in report.missing] == ["never_processed"] * len(MEASURED)
    assert len(report.attributions) == 6


def test_a_day_the_source_does_not_hold_has_an_edition_and_no_figures(samples):
    silent = samples.roads(status="no_data")
    report = compose(DAY, evidence(samples, silent))
    assert report.comptages is None
    assert report.editions == {"comptages": silent.edition}
    assert report.missing[0].reason == "no_data_from_source"


def test_synthetic_data_is_labelled(samples):
    report = compose(DAY, evidence(samples, samples.roads(synthetic=True)))
    assert report.attributions[0].synthetic
    assert "Synthetic" in report.attributions[0].attribution


def test_the_reference_data_of_the_figures_is_named_too(samples):
    report = compose(DAY, evidence(samples, samples.roads(context=("arrondissements",))))
    assert [a.source.rpartition(" / ")[2] for a in report.attributions] == [
        "comptages-routiers-permanents",
        "arrondissements",
    ]
    assert report.sources[0].attributions == report.attributions


def test_same_evidence_same_report(samples, full):
    again = compose(DAY, evidence(samples, samples.roads()))
    assert again.model_dump_json() == full.model_dump_json()


def test_the_edition_moves_with_all_that_shows_and_with_nothing_else(samples, full):
    failed = Run(
        run_id="r1",
        stage="process",
        dataset="comptages",
        day=DAY,
        owner="host:1",
        started_at=datetime(2025, 4, 1, tzinfo=UTC),
        outcome="failed",
        error="no space",
    )
    later = failed.model_copy(update={"run_id": "r2", "owner": "other:2"})
    other = samples.roads(edition="f" * 20)
    with_failed = compose(DAY, evidence(samples, None, failed))
    editions = {
        full.edition,
        compose(DAY, evidence(samples)).edition,
        compose(DAY, evidence(samples, other)).edition,
        compose(date(2025, 3, 31), evidence(samples)).edition,
        with_failed.edition,
    }
    assert len(editions) == 5
    assert compose(DAY, evidence(samples, None, later)).edition == with_failed.edition


def test_a_report_survives_the_database(full):
    assert DailyReport.model_validate(full.model_dump(mode="json")) == full
