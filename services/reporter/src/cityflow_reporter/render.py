"""A report as files: JSON and CSV, always the same bytes for the same report."""

import csv as csv_module
import json
from collections.abc import Sequence
from io import StringIO

from cityflow.contracts.report import DailyReport
from cityflow.contracts.report_tables import FIGURES, SECTIONS
from cityflow.contracts.tables import Table
from cityflow.spreadsheets import defused
from cityflow.storage import layout
from cityflow_reporter.sections import Row, figures, section_rows


def edition_files(report: DailyReport) -> dict[str, bytes]:
    """One tidy CSV a section, by object key; they belong to this edition for good."""
    rows = section_rows(report)
    return {
        layout.report_section(report.day, report.edition, table.name): csv(table, rows[table.name])
        for table in SECTIONS
    }


def people_files(report: DailyReport) -> dict[str, bytes]:
    """`daily_report_D.json` and `.csv`, by object key; they follow the current edition."""
    body = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return {
        layout.report_file(report.day, "json"): f"{body}\n".encode(),
        layout.report_file(report.day, "csv"): csv(FIGURES, figures(report)),
    }


def csv(table: Table, rows: Sequence[Row]) -> bytes:
    """UTF-8, comma, LF, full precision; null is an empty cell. No row gives the header alone.

    Texts that a spreadsheet would take for formulas are defused.
    """
    columns = [column.name for column in table.columns]
    text = StringIO()
    writer = csv_module.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return defused(value)
    return str(value).lower() if isinstance(value, bool) else value
