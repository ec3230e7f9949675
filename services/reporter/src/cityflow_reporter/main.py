"""`cityflow-reporter`: the one place where the reporter's parts are wired."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from cityflow import calendar
from cityflow.console import App, print_result, progress
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import Runs, open_store
from cityflow.telemetry import configure_logging, get_logger
from cityflow_reporter.outcome import as_json, as_table
from cityflow_reporter.publish import REPORT, Reported, Reporter

app = App(help="Builds the daily report from the published editions.")
_log = get_logger(__name__)

_FORMAT = ["%Y-%m-%d"]


@app.command()
def run(
    day: Annotated[
        datetime | None, typer.Option("--date", formats=_FORMAT, help="The service day")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMAT, help="First day of a range")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMAT, help="Its last day, included")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Result as one JSON document")] = False,
) -> None:
    """Write the report of a day (--date), or of each day of a range (--from and --to).

    A day without any published dataset gets a report that says so. Run again, it publishes
    nothing new. Exit codes: 0 done; 2 wrong arguments; 5 no store; 75 run it again.
    """
    days = _days(*(value and value.date() for value in (day, first, last)))
    settings = Settings.load()
    configure_logging(settings)
    done = _report(settings, days)
    print_result(as_json(done), [as_table(done)], json)


def _report(settings: Settings, days: Sequence[date]) -> list[Reported]:
    done = []
    with open_store(settings) as store, progress("Reporting", len(days), "days") as shown:
        Runs(store).close_orphans(REPORT)
        reporter = Reporter(store)
        for day in days:
            done.append(reporter.report(day))
            _log.info("day reported", day=str(day), outcome=done[-1].outcome)
            shown.advance()
    return done


def _days(day: date | None, first: date | None, last: date | None) -> list[date]:
    """The days asked for; raises BadArguments unless exactly one way to ask was used."""
    if day and not (first or last):
        return [day]
    if day or not (first and last):
        raise BadArguments("which days? Give --date D, or both --from D and --to D")
    if last < first:
        raise BadArguments(f"--from {first} is after --to {last}: swap them")
    return list(calendar.days(first, last))
