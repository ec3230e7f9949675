"""The command line of the processor: `run` a day, `backfill` many, `compact` completed months."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer

from cityflow.console import App, print_result
from cityflow.errors import BadArguments, QualityGateRed, SourceError, StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import open_store
from cityflow.telemetry import configure_logging
from cityflow.watching import watch
from cityflow_processor.asked import Asked
from cityflow_processor.comptages.fields import EARLIEST_YEAR, LATEST_YEAR
from cityflow_processor.datasets import COUNTS, DERIVED, chosen, process, refuse_unknown
from cityflow_processor.register.commands import commands as register_commands
from cityflow_processor.result import Result, months_document, months_table

PAUSE_SECONDS: Final = 10.0

app = App(help="Turn raw files into published daily editions.")
app.add_typer(register_commands, name="register")

DatasetName = Annotated[
    str | None, typer.Option(help="Dataset to process; without it all that files are held of.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]


@app.command()
def run(
    date_: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="Service day.")],
    dataset: DatasetName = None,
    json: AsJson = False,
) -> None:
    """Process one service day. A day that no file covers gets an edition that says so."""
    day = _day(date_, "--date")
    _process(dataset, Asked(day, day), json)


@app.command()
def backfill(
    dataset: DatasetName = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First service day.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last service day.")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--watch", help="Stay, and process whatever arrives.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Process every day that the raw files hold, or every day of a range."""
    if stay and (from_ or to):
        raise BadArguments("--watch processes what arrives; leave out --from and --to")
    first = _day(from_, "--from") if from_ is not None else None
    last = _day(to, "--to") if to is not None else None
    if first and last and first > last:
        raise BadArguments(f"--from {first} is after --to {last}; give the earlier day first")
    if stay:
        refuse_unknown(dataset)
        if dataset in DERIVED:
            raise BadArguments(f"no file arrives for {dataset}: watch what it is made of")
        _watch(dataset)
    else:
        _process(dataset, Asked(first, last), json)


@app.command()
def compact(
    dataset: Annotated[str, typer.Option(help="Dataset to compact.")] = COUNTS,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Only this month; else all completed.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Bring the tables of completed months up to date; `run` and `backfill` do so themselves."""
    if dataset != COUNTS:
        raise BadArguments(f"--dataset {dataset!r} cannot be compacted; expected {COUNTS!r}")
    days = None if month is None else [_day(f"{month}-01", "--month")]
    from cityflow_processor.history import compact as compact_months

    settings = Settings.load()
    configure_logging(settings)
    with open_store(settings) as store:
        done = compact_months(store, dataset, days)
    print_result(months_document(done), [months_table(done)], json)
    if failed := [one.error for one in done if one.error]:
        raise StoreUnavailable(f"{len(failed)} month(s) not compacted: {failed[0]}")


def _process(dataset: str | None, asked: Asked, as_json: bool) -> None:
    refuse_unknown(dataset)
    settings = _settings()
    with open_store(settings) as store:
        results = [process(store, settings, one, asked) for one in chosen(store, dataset)]
    documents = {r.dataset: r.document()["datasets"][r.dataset] for r in results}
    print_result({"datasets": documents}, [result.table() for result in results], as_json)
    _end(results)


def _end(results: Sequence[Result]) -> None:
    """Raises what the command ends with, if anything was red or could not be read."""
    red = [(one.dataset, day) for one in results for day in one.red_days]
    if red:
        shown = ", ".join(f"{dataset} {day}" for dataset, day in red[:5])
        raise QualityGateRed(
            f"{len(red)} day(s) not published because a gate was red: {shown}; "
            "earlier editions stand; see the checks of the run"
        )
    unreadable = {name for one in results for name in one.unreadable}
    if unreadable:
        raise SourceError(f"{len(unreadable)} raw file(s) could not be read; see the table")


def _watch(dataset: str | None) -> None:
    from cityflow_processor.watched import Watched

    settings = _settings()
    watched = Watched(settings, dataset)

    def turn() -> None:
        with open_store(settings) as store:
            watched.take(store)

    watch(turn, PAUSE_SECONDS, settings.heartbeat_file)


def _settings() -> Settings:
    settings = Settings.load()
    configure_logging(settings)
    return settings


def _day(text: str, option: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise BadArguments(f"{option} {text!r} is not a day; expected YYYY-MM-DD") from error
    if not EARLIEST_YEAR <= day.year < LATEST_YEAR:
        raise BadArguments(f"{option} {text}: no road was counted then; expected 2010 to 2099")
    return day
