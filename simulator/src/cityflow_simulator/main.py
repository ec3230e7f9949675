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

app = App(help="A synthetic Paris: invented streets and counts in the city's published formats.")

COLUMNS = ("first_day", "last_day", "rows", "bytes", "seconds", "mb_per_s")
PLAN, RATES = Plan(), Rates()


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
    as_json: Annotated[bool, typer.Option("--json", help="Result as one JSON document")] = False,
) -> None:
    """Write comptages, referentiel, arrondissements and the truth about them into a folder."""
    rates = Rates(duplicates, conflicts, phantoms, missing_days)
    plan = Plan(days, end, arcs, seed, layout, form, order, size_gb, rates)
    started = perf_counter()
    work = prepare(plan)
    with progress("Generating", total=work.day_count, unit="days") as bar:
        done = write_files(work, out, bar.advance)
    _report(work, done, out, perf_counter() - started, as_json)


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
