"""`cityflow-reporter`: the one place where the reporter's parts are wired."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final

import typer

from cityflow import calendar
from cityflow.console import App, print_result, progress
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import Runs, Store, open_store
from cityflow.telemetry import configure_logging, get_logger
from cityflow.watching import watch
from cityflow_reporter.outcome import as_json, as_table
from cityflow_reporter.pending import Turns, days_without_report
from cityflow_reporter.publish import REPORT, Reported, Reporter

app = App(help="Builds the daily report from the published editions.")
_log = get_logger(__name__)

_FORMAT = ["%Y-%m-%d"]
PAUSE_SECONDS: Final = 10.0


@app.command()
def run(
    *,
    day: Annotated[
        datetime | None, typer.Option("--date", formats=_FORMAT, help="The service day")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMAT, help="First day of a range")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMAT, help="Its last day, included")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--watch", help="Stay, and report whatever is published")
    ] = False,
    pending: Annotated[
        bool, typer.Option("--pending", help="Every day whose editions are new, and end")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Result as one JSON document")] = False,
) -> None:
    """Write the report of a day (--date), of each day of a range (--from and --to), or of every
    day whose editions are new (--pending, --watch).

    A day without any published dataset gets a report that says so. Run again, it publishes
    nothing new. Exit codes: 0 done; 2 wrong arguments; 5 no store; 75 run it again.
    """
    if (stay or pending) and (day or first or last):
        given = "--watch" if stay else "--pending"
        raise BadArguments(f"{given} reports what is published; leave out --date, --from and --to")
    asked = [] if stay or pending else _days(*(v and v.date() for v in (day, first, last)))
    settings = Settings.load()
    configure_logging(settings)
    if stay:
        _watch(settings)
        return
    with open_store(settings) as store:
        done = _report(store, days_without_report(store) if pending else asked)
    print_result(as_json(done), [as_table(done)], json)


def _watch(settings: Settings) -> None:
    turns = Turns()

    def turn() -> None:
        with open_store(settings) as store:
            turns.take(store, lambda days: _report(store, days))

    watch(turn, PAUSE_SECONDS, settings.heartbeat_file)


def _report(store: Store, days: Sequence[date]) -> list[Reported]:
    if not days:
        return []
    done = []
    with progress("Reporting", len(days), "days") as shown:
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
