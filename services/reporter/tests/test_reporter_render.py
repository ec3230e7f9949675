"""The files people open: every figure, full precision, null an empty cell, source on each row."""

import csv
import io
import json
from datetime import date

import pytest

from cityflow.contracts import Dataset
from cityflow.contracts.report import MEASURED, DailyReport
from cityflow.contracts.report_tables import FIGURES, SECTIONS
from cityflow.contracts.tables import Column, Table
from cityflow_reporter import render
from cityflow_reporter.compose import Evidence, compose
from cityflow_reporter.render import edition_files, people_files

DAY = date(2025, 3, 30)
CREDIT = ("source", "licence", "attribution")


def reported(samples, summary) -> DailyReport:
    nothing = [Evidence(dataset, None, None, None) for dataset in MEASURED[1:]]
    found = Evidence(Dataset.COMPTAGES, samples.pointer(summary), summary, None)
    return compose(DAY, [found, *nothing])


@pytest.fixture
def report(samples) -> DailyReport:
    return reported(samples, samples.roads())


@pytest.fixture
def empty() -> DailyReport:
    return compose(DAY, [Evidence(dataset, None, None, None) for dataset in MEASURED])


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert b"\r" not in data
    assert data.endswith(b"\n")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def csv_rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    (data,) = (data for key, data in files.items() if name in key and key.endswith(".csv"))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def section(report: DailyReport, name: str) -> list[dict[str, str]]:
    return rows_of(edition_files(report)[f"reports/dt={DAY}/{report.edition}/{name}.csv"])


def figures(report: DailyReport) -> list[dict[str, str]]:
    return rows_of(people_files(report)[f"reports/daily_report_{DAY}.csv"])


def test_one_tidy_file_a_section_with_the_documented_columns(report):
    files = edition_files(report)
    assert list(files) == [f"reports/dt={DAY}/{report.edition}/{t.name}.csv" for t in SECTIONS]
    for table in SECTIONS:
        header = files[f"reports/dt={DAY}/{report.edition}/{table.name}.csv"].split(b"\n")[0]
        assert header.decode() == ",".join(column.name for column in table.columns)


def test_every_row_of_every_file_names_day_source_licence_and_attribution(report):
    for table in SECTIONS:
        for row in section(report, table.name):
            assert row["day"] == "2025-03-30"
            assert all(row[name] for name in CREDIT)
    assert {r["licence"] for r in figures(report) if r["dataset"] == "comptages"} == {"ODbL 1.0"}


def test_the_reference_data_is_named_on_every_row_too(samples):
    context = ("arrondissements", "referentiel")
    placed = reported(samples, samples.roads(context=context))
    for row in (*section(placed, "arrondissements"), *section(placed, "totals")):
        assert [name.rpartition(" / ")[2] for name in row["source"].split("; ")] == [
            "comptages-routiers-permanents",
            "arrondissements",
            "referentiel-comptages-routiers",
        ]
        assert row["licence"] == "ODbL 1.0"
        assert row["attribution"].count("ODbL 1.0") == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_from_outside_is_a_formula(samples, start):
    label = f'{start}HYPERLINK("http://example.org";1)'
    summary = samples.roads()
    first = summary.top_arcs_by_flow[0].model_copy(update={"label": label, "arc_id": "-1"})
    report = reported(samples, summary.model_copy(update={"top_arcs_by_flow": (first,)}))
    (row,) = csv_rows(edition_files(report), "top_arcs_by_flow")
    assert (row["label"], row["arc_id"], row["flow_veh"]) == (f"'{label}", "'-1", "999")
    (cell,) = [r for r in csv_rows(people_files(report), "daily_report") if r["value"][1:] == label]
    assert cell["value"] == f"'{label}"


def test_a_number_below_zero_stays_a_number():
    table = Table("t", (), "", (Column("a", "float", "", ""), Column("b", "text", "", "")))
    assert render.csv(table, [{"a": -1.5, "b": -2}, {"a": None, "b": "-2"}]) == (
        b"a,b\n-1.5,-2\n,'-2\n"
    )


def test_rows_are_unique_by_the_documented_key(report):
    for table in (*SECTIONS, FIGURES):
        rows = figures(report) if table is FIGURES else section(report, table.name)
        keys = [tuple(row[name] for name in table.key) for row in rows]
        assert len(set(keys)) == len(keys)


def test_null_is_an_empty_cell_and_never_zero(report):
    first, second = section(report, "hourly")[:2]
    assert (first["flow_veh"], first["flow_hours"], first["occupancy_mean_pct"]) == ("", "0", "")
    assert second["flow_veh"] == "1234567"
    assert [row["flow_veh"] for row in section(report, "top_arcs_by_flow")] == ["999", ""]


def test_numbers_keep_full_precision_and_text_its_letters(report):
    totals = section(report, "totals")[0]
    assert totals["vkt_veh_km"] == "0.30000000000000004"
    assert float(totals["flow_coverage"]) == 20 / 46
    assert section(report, "top_arcs_by_flow")[0]["label"] == 'Bd "Été", n°1'


def test_the_hours_of_a_short_day_in_utc(report):
    hours = section(report, "hourly")
    assert len(hours) == 23
    assert (hours[0]["hour_end"], hours[0]["hour_of_day"]) == ("2025-03-30T00:00:00Z", "0")
    assert [row["hour_of_day"] for row in hours[1:3]] == ["1", "3"]


def test_how_the_rows_were_read(report):
    counts = {(row["kind"], row["name"]): row["rows"] for row in section(report, "quality")}
    assert counts[("read", "rows_in")] == "50"
    assert counts[("rejected", "no_such_local_hour")] == "2"
    assert counts[("arc_status", "invalid")] == "6"
    assert section(report, "checks")[0]["severity"] == "yellow"


def test_what_is_missing_and_what_is_held(report):
    assert [row["dataset"] for row in section(report, "missing")] == list(MEASURED[1:])
    held = section(report, "sources")
    assert [row["status"] for row in held] == [
        "published",
        *["never_processed"] * (len(MEASURED) - 1),
    ]
    assert (held[0]["records"], held[1]["records"]) == ("46", "")
    assert held[0]["synthetic"] == "false"


def test_the_daily_file_has_one_figure_a_row_with_its_coverage(report):
    found = {(r["section"], r["item"], r["measure"]): r for r in figures(report)}
    flow = found[("totals", "comptages", "flow_veh")]
    assert (flow["value"], flow["unit"]) == ("1234567", "veh")
    assert float(flow["coverage"]) == 20 / 46
    night = found[("hourly", "2025-03-30T00:00:00Z", "flow_veh")]
    assert (night["value"], night["coverage"]) == ("", "0.0")
    assert found[("missing", "weather", "reason")]["value"] == "never_processed"
    assert found[("alerts", "100 2025-03-30T15:00:00Z", "peak_occupancy_pct")]["unit"] == "%"


def test_a_day_without_figures_has_the_same_files_with_headers(empty):
    assert section(empty, "totals") == []
    assert len(section(empty, "missing")) == len(MEASURED)
    assert {row["section"] for row in figures(empty)} == {"missing", "sources"}


def test_the_json_file_is_the_published_document(report):
    data = people_files(report)[f"reports/daily_report_{DAY}.json"]
    assert DailyReport.model_validate(json.loads(data)) == report
    assert "Hôtel-de-Ville".encode() in data
