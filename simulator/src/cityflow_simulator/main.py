"""The command line of the synthetic Paris; the only module that talks to a terminal."""

from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.table import Table

from cityflow.console import App, print_result, progress
from cityflow_simulator.feed import Order, Rates
from cityflow_simulator.formats import Format
from cityflow_simulator.generate import Generated
from cityflow_simulator.generate import generate as write_files
from cityflow_simulator.plan import Plan, Split, Work, prepare
from cityflow_simulator.portal import Offer, Portal
from cityflow_simulator.publication import Lateness
from cityflow_simulator.published.files import read_folder
from cityflow_simulator.serving.app import stand_ins
from cityflow_simulator.serving.clock import Clock, instant_of
from cityflow_simulator.serving.faults import read_faults
from cityflow_simulator.serving.running import serve_until_told
from cityflow_simulator.serving.world import PRIM_QUOTA, Prim, World, saved_world, synthetic_world

app = App(help="A synthetic Paris, as files or over HTTP as the source services publish theirs.")

COLUMNS = ("first_day", "last_day", "rows", "bytes", "seconds", "mb_per_s")
PLAN, RATES, OFFER, LATENESS = Plan(), Rates(), Offer(), Lateness()


@app.command()
def generate(
    out: Annotated[Path, typer.Argument(help="Folder to write to; made if needed")],
    *,
    days: Annotated[int, typer.Option(help="Days up to --end")] = PLAN.days,
    end: Annotated[date, typer.Option(help="Last service day, YYYY-MM-DD")] = PLAN.end,
    arcs: Annotated[int, typer.Option(help="Arcs of the city")] = PLAN.arcs,
    seed: Annotated[int, typer.Option(help="Another seed, another city")] = PLAN.seed,
    layout: Annotated[Split, typer.Option(help="One file, or one a day")] = PLAN.split,
    form: Annotated[Format, typer.Option("--format", help="Published format")] = PLAN.form,
    order: Annotated[Order, typer.Option(help="Order of the rows of a day")] = PLAN.order,
    size_gb: Annotated[
        float | None, typer.Option(help="As many days as fill this size; takes --days' place")
    ] = None,
    duplicates: Annotated[float, typer.Option(help="Share of repeated rows")] = RATES.duplicates,
    conflicts: Annotated[
        float, typer.Option(help="Share of rows contradicted by a poorer copy")
    ] = RATES.conflicts,
    phantoms: Annotated[int, typer.Option(help="Rows of the arc `*` a day")] = RATES.phantoms,
    missing_days: Annotated[
        float, typer.Option(help="Share of days the feed lost")
    ] = RATES.missing_days,
    others: Annotated[
        bool, typer.Option("--others", help="Bikes, bike share, works, disruptions, weather too")
    ] = PLAN.others,
    as_json: Annotated[bool, typer.Option("--json", help="Result as one JSON document")] = False,
) -> None:
    """Write comptages, referentiel, arrondissements and the truth about them into a folder."""
    rates = Rates(duplicates, conflicts, phantoms, missing_days)
    plan = Plan(days, end, arcs, seed, layout, form, order, size_gb, rates, others)
    started = perf_counter()
    work = prepare(plan)
    with progress("Generating", total=work.day_count, unit="days") as bar:
        done = write_files(work, out, bar.advance)
    _report(work, done, out, perf_counter() - started, as_json)


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="First port; 0 takes free ones")] = 8100,
    hosts: Annotated[int, typer.Option(min=1, max=20, help="Listeners, on ports in a row")] = 1,
    arcs: Annotated[int, typer.Option(help="Arcs of the city")] = OFFER.arcs,
    seed: Annotated[int, typer.Option(help="Another seed, another city")] = OFFER.seed,
    now: Annotated[
        str | None,
        typer.Option(envvar="CITYFLOW_NOW", help="Instant at which the city stands still"),
    ] = None,
    running: Annotated[
        bool, typer.Option("--running", help="From --now on the time of the city goes on")
    ] = False,
    faults: Annotated[
        Path | None, typer.Option(help="JSON or TOML file with a list `faults`")
    ] = None,
    fault: Annotated[list[str] | None, typer.Option(help="One fault as JSON; repeatable")] = None,
    late_days: Annotated[
        float, typer.Option(min=0, max=1, help="Share of days that appear late")
    ] = LATENESS.late_days,
    revised_days: Annotated[
        float, typer.Option(min=0, max=1, help="Share of days that are renewed")
    ] = LATENESS.revised_days,
    missing_days: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of days the feed lost")
    ] = RATES.missing_days,
    files: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Publish this folder, not a city"),
    ] = None,
    prim_key: Annotated[
        str | None,
        typer.Option(envvar="PRIM_API_KEY", help="The only key PRIM takes; none: any key"),
    ] = None,
    prim_quota: Annotated[int, typer.Option(min=0, help="Answers of PRIM a day")] = PRIM_QUOTA,
) -> None:
    """Answer as the source services do, until Ctrl-C; addresses go to standard output."""
    clock = Clock(None if now is None else instant_of(now), running=running)
    asked_faults = read_faults(faults, fault or [])
    if files is None:
        rates, lateness = Rates(missing_days=missing_days), Lateness(late_days, revised_days)
        portal = Portal(Offer(seed, arcs, rates, lateness))
        world = synthetic_world(portal, clock, Prim(prim_key, prim_quota))
    else:
        world = _saved(files, clock)
    ports = [port + number if port else 0 for number in range(hosts)]
    serve_until_told(stand_ins(world, host, ports, asked_faults, seed))


def _saved(files: Path, clock: Clock) -> World:
    """The world of a folder; files that are of no dataset are named on standard error."""
    folder = read_folder(files)
    for path in folder.left_out:
        typer.echo(f"left out, of no known dataset: {path}", err=True)
    return saved_world(folder, clock)


def _report(work: Work, done: Generated, out: Path, seconds: float, as_json: bool) -> None:
    result = {
        "out": str(out),
        "synthetic": True,
        "first_day": work.first.isoformat(),
        "last_day": work.plan.end.isoformat(),
        "missing_days": done.truth["missing_days"],
        "rows": done.rows,
        "bytes": done.bytes,
        "seconds": round(seconds, 3),
        "mb_per_s": round(done.bytes / 1e6 / seconds, 1),
        "files": done.files,
    }
    table = Table(title=f"Synthetic Paris in {out}")
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_row(*(str(result[name]) for name in COLUMNS))
    print_result(result, [table], as_json)
