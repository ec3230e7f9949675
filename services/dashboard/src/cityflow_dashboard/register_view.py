"""What people know to be wrong on the day: confirmed ranges, apart from what detectors flag."""

from datetime import datetime

from cityflow.calendar import PARIS
from cityflow.contracts.api import DatasetDay
from cityflow.contracts.register import AnomalousRange, Registered, RegisterSummary
from cityflow_dashboard import loading, markup
from cityflow_dashboard.format import clock, day_short, number
from cityflow_dashboard.markup import Cell, listed
from cityflow_dashboard.stage import Document, Stage, said_if_missing


def confirmed(stage: Stage[Document], register: DatasetDay | None, dataset: Registered) -> None:
    """The ranges that bear on the sensors of a dataset; without any there is no section."""
    if register is None:
        return
    with said_if_missing(stage):
        found = loading.document(
            stage.api_url, str(register.dataset), stage.summary.day, register.edition
        )
        if isinstance(found, RegisterSummary):
            _section(stage, found, dataset)


def _section(stage: Stage[Document], found: RegisterSummary, dataset: Registered) -> None:
    own = [one for one in found.ranges if one.dataset == dataset]
    if not own:
        return
    stage.heading("register.title")
    said = stage.text(
        "register.note",
        shown=number(len(found.ranges), stage.lang),
        total=number(found.ranges_total, stage.lang),
        register=found.edition,
    )
    names = ("column.sensor", "column.measure", "column.range", "column.problem", "column.who")
    rows = [_row(one, stage) for one in own]
    stage.html(markup.note(said), listed(stage.text, "register.title", names, (), rows))


def _row(one: AnomalousRange, stage: Stage[Document]) -> tuple[Cell, ...]:
    text = stage.text
    end = text("register.open") if one.end is None else _instant(one.end, stage)
    return (
        Cell(one.sensor or text("register.all_sensors")),
        Cell(text(f"measure.{one.measure or 'all'}")),
        Cell(f"{_instant(one.start, stage)} – {end}"),
        Cell(one.problem),
        Cell(one.who, sub=_instant(one.noted_at, stage)),
    )


def _instant(at: datetime, stage: Stage[Document]) -> str:
    day = day_short(at.astimezone(PARIS).date(), stage.lang)
    return f"{day} {clock(at, stage.lang)}"
