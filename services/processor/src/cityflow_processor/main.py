"""The command line of the processor: `run` a day, `backfill` many, `compact` completed months."""

from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer

from cityflow.console import App, print_result
from cityflow.errors import BadArguments, QualityGateRed, SourceError, StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import open_store
from cityflow.telemetry import configure_logging
from cityflow.watching import watch
from cityflow_processor.backfill import Asked, process
from cityflow_processor.comptages.fields import EARLIEST_YEAR, LATEST_YEAR
from cityflow_processor.days import DATASET
from cityflow_processor.engine import LocalEngine
from cityflow_processor.history import compact as compact_months
from cityflow_processor.memory import return_freed_memory
from cityflow_processor.result import months_document, months_table
from cityflow_processor.turns import Turns

PAUSE_SECONDS: Final = 10.0

app = App(help="Turn raw files into published daily editions.")

DatasetName = Annotated[str, typer.Option(help="Dataset to process.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]


@app.command()
def run(
    date_: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="Service day.")],
    dataset: DatasetName = DATASET,
    json: AsJson = False,
) -> None:
    """Process one service day. A day that no file covers gets an edition that says so."""
    day = _day(date_, "--date")
    _process(dataset, Asked(day, day), json)


@app.command()
def backfill(
    dataset: DatasetName = DATASET,
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
        _refuse_unknown(dataset)
        _watch()
    else:
        _process(dataset, Asked(first, last), json)


@app.command()
def compact(
    dataset: DatasetName = DATASET,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Only this month; else all completed.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Bring the tables of completed months up to date; `run` and `backfill` do so themselves."""
    _refuse_unknown(dataset)
    days = None if month is None else [_day(f"{month}-01", "--month")]
    settings = Settings.load()
    configure_logging(settings)
    with open_store(settings) as store:
        done = compact_months(store, dataset, days)
    print_result(months_document(done), [months_table(done)], json)
    if failed := [one.error for one in done if one.error]:
        raise StoreUnavailable(f"{len(failed)} month(s) not compacted: {failed[0]}")


def _process(dataset: str, asked: Asked, as_json: bool) -> None:
    _refuse_unknown(dataset)
    settings = _settings()
    with open_store(settings) as store:
        result = process(store, LocalEngine(store), settings, asked)
    print_result(result.document(), [result.table()], as_json)
    if result.red_days:
        shown = ", ".join(map(str, result.red_days[:5]))
        raise QualityGateRed(
            f"{len(result.red_days)} day(s) not published because a gate was red: {shown}; "
            "earlier editions stand; see the checks of the run"
        )
    if result.unreadable:
        raise SourceError(f"{len(result.unreadable)} raw file(s) could not be read; see the table")


def _watch() -> None:
    settings = _settings()
    turns = Turns(lambda store, asked: process(store, LocalEngine(store), settings, asked))

    def turn() -> None:
        with open_store(settings) as store:
            turns.take(store)

    watch(turn, PAUSE_SECONDS, settings.heartbeat_file)


def _settings() -> Settings:
    settings = Settings.load()
    configure_logging(settings)
    return_freed_memory()
    if settings.engine != "local":
        raise BadArguments(
            f"ENGINE={settings.engine} is not in this release; unset it or give `local`"
        )
    return settings


def _refuse_unknown(dataset: str) -> None:
    if dataset != DATASET:
        raise BadArguments(f"--dataset {dataset!r} cannot be processed; expected {DATASET!r}")


def _day(text: str, option: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise BadArguments(f"{option} {text!r} is not a day; expected YYYY-MM-DD") from error
    if not EARLIEST_YEAR <= day.year < LATEST_YEAR:
        raise BadArguments(f"{option} {text}: no road was counted then; expected 2010 to 2099")
    return day
