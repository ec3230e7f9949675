"""`cityflow-processor register`: what people know of wrong sensors, and the views without it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityflow.calendar import PARIS, day_bounds, days
from cityflow.console import print_result
from cityflow.contracts.register import MEASURES, AnomalousRange, Measure, Registered
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import Editions, Store, open_store
from cityflow.telemetry import configure_logging
from cityflow_processor.asked import Asked
from cityflow_processor.register.book import Book, days_of, identity
from cityflow_processor.register.sheet import read, written
from cityflow_processor.result import Result

if TYPE_CHECKING:
    from rich.table import Table

commands = typer.Typer(help="The register of anomalous ranges.", no_args_is_help=True)

Dataset = Annotated[str, typer.Option(help="comptages or bikes.")]
Sensor = Annotated[str | None, typer.Option(help="Arc or counter; without it all of them.")]
Who = Annotated[str, typer.Option(help="Who says so.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
First = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First service day.")]
Last = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last service day.")]


@commands.command(name="list")
def show(
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD",
                     help="Also what the detectors flag, from this day on.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD",
                    help="Last day of these; without it the same.")] = None,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Print the ranges that stand; with --from, apart from them, the automatic flags of days."""
    with _opened() as store:
        confirmed = {one.range_id: one.range for one in Book(store).standing()}
        automatic = [] if first is None else _flags(store, tuple(MEASURES), first, last or first)
    document = {
        "confirmed": [_row(name, one) for name, one in confirmed.items()],
        "automatic": [_row("", one) for one in automatic],
    }
    print_result(document, [_table(*one) for one in document.items() if one[1]], json)


@commands.command()
def add(
    *,
    dataset: Dataset,
    sensor: Sensor = None,
    measure: Annotated[
        str | None, typer.Option(help="flow_veh, occupancy_pct or bikes; without it all.")
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="First instant: a day, or YYYY-MM-DDTHH:MM of Paris.")
    ],
    end: Annotated[
        str | None, typer.Option("--to", help="First instant after it; without it, open.")
    ] = None,
    problem: Annotated[str, typer.Option(help="What is wrong.")],
    who: Who,
    json: AsJson = False,
) -> None:
    """Confirm a range, and publish anew the views of the days that it bears on."""
    found = AnomalousRange(
        dataset=_dataset(dataset),
        sensor=sensor,
        measure=_measure(_dataset(dataset), measure),
        start=_instant(start, "--from"),
        end=None if end is None else _instant(end, "--to"),
        problem=_said(problem, "--problem"),
        who=_said(who, "--who"),
        noted_at=_now(),
    )
    with _opened() as store:
        _finish(store, [found] if Book(store).add(found) else [], [], json)


@commands.command()
def confirm(
    *,
    dataset: Dataset,
    sensor: Annotated[str, typer.Option(help="Arc or counter.")],
    first: First,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day; else the same.")
    ] = None,
    who: Who,
    json: AsJson = False,
) -> None:
    """Confirm what the detectors flag of a sensor on some days; days that touch are one range."""
    from cityflow_processor.register.automatic import joined

    with _opened() as store:
        every = _flags(store, (_dataset(dataset),), first, last or first)
        own = [one for one in every if one.sensor == sensor]
        if not own:
            raise BadArguments(f"nothing is flagged of {dataset} {sensor} on these days")
        said = {"who": _said(who, "--who"), "noted_at": _now()}
        book, added = Book(store), list[AnomalousRange]()
        for one in joined(own):
            found = one.model_copy(update=said)
            added += [found] if book.add(found) else []
        _finish(store, added, [], json)


@commands.command()
def remove(
    range_id: Annotated[str, typer.Argument(help="The range, as `register list` names it.")],
    *,
    who: Who,
    json: AsJson = False,
) -> None:
    """Take a range back; that it stood, and who took it back, stays in the database."""
    with _opened() as store:
        gone = Book(store).withdraw(range_id, _said(who, "--who"), _now())
        _finish(store, [], [gone], json)


@commands.command(name="export")
def save(
    file: Annotated[Path | None, typer.Argument(help="File; without it, standard output.")] = None,
) -> None:
    """Write the ranges that stand as CSV."""
    with _opened() as store:
        text = written(Book(store).standing())
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8", newline="")


@commands.command(name="import")
def load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV of `export`.")],
    *,
    json: AsJson = False,
) -> None:
    """Confirm all ranges of a CSV file; one of the same sensor, measure and time gives way."""
    found = read(file.name, file.read_text(encoding="utf-8-sig"))
    with _opened() as store:
        _finish(store, *Book(store).correct(found), json)


def _opened() -> Store:
    settings = Settings.load()
    configure_logging(settings)
    return open_store(settings)


def _finish(
    store: Store,
    added: Sequence[AnomalousRange],
    gone: Sequence[AnomalousRange],
    as_json: bool,
) -> None:
    """Publish what changes, and say so."""
    from cityflow_processor.register.days import REGISTER, process

    touched = _days(store, [*added, *gone])
    result = process(store, Asked(only=touched)) if touched else Result(REGISTER)
    endings = [done.ending for done in result.days]
    rows = {
        "added": [_row(identity(one), one) for one in added],
        "removed": [_row(identity(one), one) for one in gone],
    }
    counts = {name: endings.count(name) for name in ("new", "unchanged", "red")}
    tables = [_table(title, of_title) for title, of_title in rows.items() if of_title]
    print_result({**rows, "days": counts}, [*tables, result.table()], as_json)


def _days(store: Store, ranges: Iterable[AnomalousRange]) -> tuple[date, ...]:
    """The published days that any of the ranges bears on."""
    found = set[date]()
    for one in ranges:
        first, last = days_of(one)
        found |= {pointer.day for pointer in Editions(store).pointers(one.dataset, first, last)}
    return tuple(sorted(found))


def _flags(
    store: Store, datasets: Iterable[Registered], first: str, last: str
) -> list[AnomalousRange]:
    from cityflow_processor.register.automatic import flags

    since, until = _day(first, "--from"), _day(last, "--to")
    if until < since:
        raise BadArguments(f"--from {since} is after --to {until}; give the earlier day first")
    return [one for name in datasets for day in days(since, until)
            for one in flags(store, name, day)]  # fmt: skip


def _row(range_id: str, one: AnomalousRange) -> dict[str, Any]:
    return {"range_id": range_id, **one.model_dump(mode="json")}


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> "Table":
    from rich.table import Table

    names = ("range_id", *AnomalousRange.model_fields)
    table = Table(*names, title=title)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    return table


def _dataset(name: str) -> Registered:
    if name not in MEASURES:
        raise BadArguments(f"--dataset {name!r} has no register; expected {' or '.join(MEASURES)}")
    return name


def _measure(dataset: Registered, name: str | None) -> Measure | None:
    if name is not None and name not in MEASURES[dataset]:
        raise BadArguments(f"--measure {name!r}: {dataset} has {' and '.join(MEASURES[dataset])}")
    return name


def _said(text: str, option: str) -> str:
    if not 0 < len(text) <= 200:
        raise BadArguments(f"{option} has {len(text)} characters; expected 1 to 200")
    return text


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadArguments(f"{option} {text!r} is not a day; expected YYYY-MM-DD") from error


def _instant(text: str, option: str) -> datetime:
    """UTC; a day is its first instant, a time without an offset is of Paris."""
    if len(text) == len("YYYY-MM-DD"):
        return day_bounds(_day(text, option))[0]
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadArguments(
            f"{option} {text!r} is no instant; expected YYYY-MM-DD or YYYY-MM-DDTHH:MM"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=PARIS)).astimezone(UTC)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
