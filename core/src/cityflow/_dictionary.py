"""The data dictionary in Markdown, made of the contracts alone: it cannot say what they do not."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from cityflow.contracts import (
    ComptagesSummary,
    Holding,
    Lease,
    Manifest,
    MonthHistory,
    OutsideFile,
    Pointer,
    RawMeta,
    Run,
    Setback,
    SourceDay,
)
from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.published import TABLES
from cityflow.contracts.reference import ReferenceVersion
from cityflow.contracts.register import RegisterEntry, RegisterSummary
from cityflow.contracts.report import DailyReport
from cityflow.contracts.report_tables import FIGURES, SECTIONS
from cityflow.contracts.roads import CalibrationSummary, RoadsSummary
from cityflow.contracts.roads_year import RoadsYearSummary
from cityflow.contracts.tables import Kind, Table
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary
from cityflow.storage import layout

_DAY: Final = date(2025, 3, 30)
_EDITION: Final = "3f0c2d9a1b7e4f508c6d"
_PARQUET: Final[dict[Kind, str]] = {
    "text": "String",
    "int": "Int64",
    "float": "Float64",
    "instant": "Datetime (µs, UTC)",
    "date": "Date",
}
_NAMES: Final[dict[Any, str]] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    date: "date",
    datetime: "instant",
}


class _Published(NamedTuple):
    """A document, and where it stands."""

    model: type[BaseModel]
    where: str


DOCUMENTS: Final = (
    _Published(
        ComptagesSummary,
        "Document `edition/comptages`; the current one also as a file for people, "
        f"`{layout.summary_file('comptages', _DAY)}`.",
    ),
    _Published(RoadsSummary, "Document `edition/roads_analysis`; as a file like the others."),
    _Published(
        CalibrationSummary,
        "Document `edition/roads_calibration`, one a month, under its first day.",
    ),
    _Published(
        RoadsYearSummary,
        "Document `edition/roads_year`, one a month, under its first day.",
    ),
    _Published(BikesSummary, "Document `edition/bikes`; as a file like that of the road loops."),
    _Published(VelibSummary, "Document `edition/velib`; as a file like that of the road loops."),
    _Published(TrafficSummary, "Document `edition/traffic`; as a file like the others."),
    _Published(ChantiersSummary, "Document `edition/chantiers`; as a file like the others."),
    _Published(WeatherSummary, "Document `edition/weather`; as a file like the others."),
    _Published(AcrossSummary, "Document `edition/across`; as a file like the others."),
    _Published(
        RegisterSummary,
        "Document `edition/register`, of days that a confirmed range bears on, or once did.",
    ),
    _Published(
        ReferenceVersion,
        "Document `edition/referentiel` or `edition/arrondissements`, under the day of receipt.",
    ),
    _Published(
        DailyReport,
        f"Document `edition/report`; the current one also as `{layout.report_file(_DAY, 'json')}`.",
    ),
    _Published(MonthHistory, "Document `edition/history/<dataset>`, one a completed month."),
    _Published(Pointer, "Document `pointer/<dataset>` and `pointer/report`, one a day."),
    _Published(Run, "Document `run`, one an attempt."),
    _Published(RegisterEntry, "Document `register`, one a confirmed range."),
    _Published(Lease, "Document `lease`, while somebody works on a day."),
    _Published(Holding, "Document `holding/<dataset>`, one a feed and day."),
    _Published(Setback, "Document `setback/<dataset>`, one a feed and day that failed last."),
    _Published(SourceDay, "Document `source`, one a source and day."),
    _Published(OutsideFile, "Document `outside`, one a file that was registered in place."),
    _Published(Manifest, "File `manifest.json` of an export or a backup, written last."),
    _Published(RawMeta, "Object beside each raw object, its key followed by `.meta.json`."),
)


def documents() -> str:
    """Every stored document, then every part they share, one table of fields each."""
    parts = [part for top in DOCUMENTS for part in _parts(top.model)]
    tops = {top.model for top in DOCUMENTS}
    shared = [model for model in dict.fromkeys(parts) if model not in tops]
    return "\n".join(
        [
            "## Documents",
            "",
            *(_document(top.model, top.where) for top in DOCUMENTS),
            "## Parts of documents",
            "",
            *(_document(model, "") for model in shared),
        ]
    )


def tables() -> str:
    """Every published Parquet table, one table of columns each."""
    blocks = [
        _table(f"{dataset}: {table.name}", table, f"For example `{_key(dataset, table)}`.", parquet)
        for dataset, published in TABLES.items()
        for table in published
    ]
    return "\n".join(["## Tables (Parquet)", "", *blocks])


def report_files() -> str:
    """The report's CSV files, one table of columns each."""
    daily = f"`{layout.report_file(_DAY, 'csv')}`, the current one."
    blocks = [_table(f"report: {FIGURES.name}", FIGURES, daily, text)]
    for section in SECTIONS:
        where = f"For example `{layout.report_section(_DAY, _EDITION, section.name)}`."
        blocks.append(_table(f"report: {section.name}", section, where, text))
    return "\n".join(["## Files of the report (CSV)", "", *blocks])


def parquet(kind: Kind) -> str:
    """The type of a column in Parquet."""
    return _PARQUET[kind]


def text(kind: Kind) -> str:
    """The type of a column in a text file."""
    return {"int": "integer", "float": "number"}.get(kind, kind)


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---"] * len(list(head)), *map(list, rows)]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _key(dataset: str, table: Table) -> str:
    if table.name == "clean":
        return layout.clean(dataset, _DAY, _EDITION)
    if table.name == "rejects":
        return layout.rejects(dataset, _DAY, _EDITION)
    if table.name == "history":
        return layout.history(dataset, _DAY, _EDITION)
    return layout.table(dataset, _DAY, _EDITION, table.name)


def _table(title: str, table: Table, where: str, types: Any) -> str:
    rows = (
        (f"`{c.name}`", types(c.kind), c.unit, "yes" if c.nullable else "", c.description)
        for c in table.columns
    )
    keys = ", ".join(f"`{name}`" for name in table.key)
    head = f"### {title}\n\n{table.description} {where} One row per {keys}.\n"
    return f"{head}\n{grid(('column', 'type', 'unit', 'may be null', 'meaning'), rows)}"


def _document(model: type[BaseModel], where: str) -> str:
    rows = (
        (
            f"`{name}`",
            type_text(field.annotation),
            "yes" if NoneType in get_args(field.annotation) else "",
            field.description or "",
        )
        for name, field in model.model_fields.items()
    )
    about = " ".join(" ".join((model.__doc__ or "", where)).split())
    table = grid(("field", "type", "may be null", "meaning"), rows)
    return f"### {model.__name__}\n\n{about}\n\n{table}"


def type_text(annotation: Any) -> str:
    """A field's type in words; models as links, null left out."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(type_text(arg) for arg in arguments if arg is not NoneType)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {type_text(arguments[0])}"
    if origin is dict:
        return f"map of {type_text(arguments[0])} to {type_text(arguments[1])}"
    return _plain_type(annotation)


def _plain_type(kind: type) -> str:
    if issubclass(kind, BaseModel):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    if issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    return _NAMES[kind]


def _parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models inside a model, itself first, in reading order."""
    yield model
    for field in model.model_fields.values():
        yield from _inside(field.annotation)


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _parts(annotation)
    for argument in get_args(annotation):
        yield from _inside(argument)
