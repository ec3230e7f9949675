"""The tables of the page as HTML; nulls print as "—", rankings keep the order of the API."""

from collections.abc import Sequence
from typing import Final

from cityflow.contracts import Check, ComptagesSummary, Severity
from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.comptages import ArcRank, AreaTotals, CongestionAlert, Hour, ReadingQuality
from cityflow.contracts.daily import DayQuality, DaySummary
from cityflow.contracts.roads import RoadsSummary
from cityflow_dashboard import markup
from cityflow_dashboard.findings_fr import in_french
from cityflow_dashboard.format import DASH, Lang, clock, number, percent, share
from cityflow_dashboard.frames import KNOWN_STATES
from cityflow_dashboard.markup import Cell, Column
from cityflow_dashboard.text import Text

_PLACES: Final = {"outside": "areas.outside", "unknown": "areas.unknown"}
_CHECKS: Final = (
    *("schema", "duplicates", "derivation", "range", "volume", "conservation", "coverage"),
    *("history", "identity", "snapshots", "pages", "freshness", "geometry", "inputs"),
    "exposed arcs",
)
_RESULTS: Final = {
    Severity.GREEN: "quality.green",
    Severity.YELLOW: "quality.yellow_mark",
    Severity.RED: "quality.red",
}


def place(arrondissement: str, text: Text) -> str:
    """An arrondissement's number, or the words for outside and unknown."""
    return text(_PLACES[arrondissement]) if arrondissement in _PLACES else arrondissement


def by_flow(arcs: Sequence[ArcRank], text: Text) -> str:
    """The arcs with the largest flow, each with its coverage."""
    largest = max((arc.flow_veh or 0 for arc in arcs), default=0)
    columns = _rank_columns(text, text("column.flow"), text("column.coverage"))
    rows = [
        (
            *_rank_cells(arc, text),
            Cell(number(arc.flow_veh, text.lang), bar=part(arc.flow_veh, largest)),
            Cell(share(arc.flow_coverage, text.lang, 0)),
        )
        for arc in arcs
    ]
    return markup.table(text("top.flow"), columns, rows, caption_shown=False)


def by_saturated_hours(arcs: Sequence[ArcRank], text: Text) -> str:
    """The arcs with most hours at or above 30 %, each with its coverage."""
    largest = max((arc.saturated_hours for arc in arcs), default=0)
    titles = ("column.saturated", "column.blocked", "column.occupancy", "column.coverage")
    columns = _rank_columns(text, *(text(title) for title in titles))
    rows = [
        (
            *_rank_cells(arc, text),
            Cell(_hours(arc.saturated_hours, text.lang), bar=part(arc.saturated_hours, largest)),
            Cell(_hours(arc.blocked_hours, text.lang)),
            Cell(percent(arc.occupancy_mean_pct, text.lang)),
            Cell(share(arc.occupancy_coverage, text.lang, 0)),
        )
        for arc in arcs
    ]
    return markup.table(text("top.saturated"), columns, rows, caption_shown=False)


def areas(found: Sequence[AreaTotals], text: Text) -> str:
    """Every arrondissement, with outside and unknown, in the order of the API."""
    titles = ("column.arcs", "column.flow", "column.coverage", "column.vkt", "column.occupancy")
    columns = [
        Column(text("column.area"), numeric=False),
        *(Column(text(title)) for title in titles),
        Column(text("column.coverage")),
        Column(text("column.saturated")),
    ]
    largest = max((area.flow_veh or 0 for area in found), default=0)
    return markup.table(
        text("areas.title"),
        columns,
        [_area_cells(area, largest, text) for area in found],
        caption_shown=False,
    )


def alerts(found: Sequence[CongestionAlert], text: Text) -> str:
    """Congestion alerts with their time in Paris."""
    titles = ("column.when", "column.hours", "column.peak")
    columns = [
        Column(text("column.arc"), numeric=False),
        *(Column(text(title)) for title in titles),
        Column(text("column.severity"), numeric=False),
    ]
    rows = [
        (
            Cell(alert.label or DASH, sub=whereabouts(alert.arc_id, alert.arrondissement, text)),
            Cell(f"{clock(alert.start, text.lang)} – {clock(alert.end, text.lang)}"),
            Cell(number(alert.hours, text.lang)),
            Cell(percent(alert.peak_occupancy_pct, text.lang)),
            Cell(text(f"severity.{alert.severity}")),
        )
        for alert in found
    ]
    return markup.table(text("alerts.title"), columns, rows, caption_shown=False)


def hours(found: Sequence[Hour], labels: Sequence[str], text: Text) -> str:
    """What the hourly charts draw, as a table."""
    titles = ("hours.flow", "hours.flow_coverage", "column.occupancy", "hours.occupancy_coverage")
    columns = [
        Column(text("hours.hour"), numeric=False),
        *(Column(text(title)) for title in titles),
        *(Column(text(f"state.{state}")) for state in KNOWN_STATES),
    ]
    rows = [
        (
            Cell(label),
            Cell(number(hour.flow_veh, text.lang)),
            Cell(share(hour.flow_coverage, text.lang)),
            Cell(percent(hour.occupancy_mean_pct, text.lang)),
            Cell(share(hour.occupancy_coverage, text.lang)),
            *(Cell(share(getattr(hour.states, f"{s}_share"), text.lang)) for s in KNOWN_STATES),
        )
        for hour, label in zip(found, labels, strict=True)
    ]
    return markup.table(text("hours.title"), columns, rows, caption_shown=False)


def checks(found: Sequence[Check], text: Text, caption: str, caption_shown: bool = True) -> str:
    """Quality checks and what each found."""
    columns = [
        Column(text(t), numeric=False) for t in ("column.check", "column.result", "column.found")
    ]
    rows = [
        (Cell(_title(check, text)), Cell(text(_RESULTS[check.severity])), Cell(_found(check, text)))
        for check in found
    ]
    return markup.table(caption, columns, rows, caption_shown=caption_shown)


def _title(check: Check, text: Text) -> str:
    return text(f"check.{check.name}") if check.name in _CHECKS else check.name


def _found(check: Check, text: Text) -> str:
    french = in_french(check.message) if text.lang is Lang.FR else None
    return french or check.message


def rows_read(quality: ReadingQuality | DayQuality, text: Text) -> str:
    """How many rows came in and what became of them, in one sentence."""
    return text(
        "quality.rows",
        rows=number(quality.rows_in, text.lang),
        published=number(quality.published, text.lang),
        rejected=number(quality.rejected, text.lang),
        duplicates=number(quality.duplicates, text.lang),
    )


def closing(
    summary: ComptagesSummary | RoadsSummary | AcrossSummary | DaySummary, stamp: str, text: Text
) -> str:
    """Source, licence with its text, method and edition."""
    credits = summary.attributions
    sources = dict.fromkeys(markup.link(one.source_url, one.attribution) for one in credits)
    licences = dict.fromkeys(markup.link(one.licence_url, one.licence) for one in credits)
    return markup.footer(
        f"{text('footer.source')}{_colon(text.lang)} {' · '.join(sources)}",
        f"{text('footer.licence')}{_colon(text.lang)} {' · '.join(licences)}",
        text("footer.method"),
        text(
            "quality.method",
            method=summary.method_version,
            thresholds=summary.thresholds_version,
            writer=summary.writer_version,
        ),
        stamp,
    )


def _rank_columns(text: Text, *titles: str) -> list[Column]:
    return [
        Column(text("column.rank")),
        Column(text("column.arc"), numeric=False),
        *(Column(title) for title in titles),
    ]


def _rank_cells(arc: ArcRank, text: Text) -> tuple[Cell, Cell]:
    where = whereabouts(arc.arc_id, arc.arrondissement, text)
    return Cell(str(arc.rank)), Cell(arc.label or DASH, sub=where)


def _area_cells(area: AreaTotals, largest: int, text: Text) -> Sequence[Cell]:
    known = area.occupancy_hours > 0
    return (
        Cell(_area_name(area, text)),
        Cell(number(area.arcs, text.lang)),
        Cell(number(area.flow_veh, text.lang), bar=part(area.flow_veh, largest)),
        Cell(share(area.flow_coverage, text.lang, 0)),
        Cell(number(area.vkt_veh_km, text.lang)),
        Cell(percent(area.occupancy_mean_pct, text.lang)),
        Cell(share(area.occupancy_coverage, text.lang, 0)),
        Cell(_hours(area.saturated_hours, text.lang) if known else DASH),
    )


def _area_name(area: AreaTotals, text: Text) -> str:
    name = place(area.arrondissement, text)
    return (
        name if area.arrondissement in _PLACES else f"{name} · {area.label}".replace(" ", "\u00a0")
    )


def whereabouts(arc_id: str, arrondissement: str, text: Text) -> str:
    """An identifier and where it lies, to stand under a name."""
    where = place(arrondissement, text)
    prefix = "" if arrondissement in _PLACES else f"{text('column.area')} "
    return f"{arc_id} · {prefix}{where}"


def _hours(count: int, lang: Lang) -> str:
    return f"{number(count, lang)}\u202fh"


def part(value: float | None, largest: float) -> float | None:
    """The share of the largest, for the bar under a number."""
    return value / largest if value is not None and largest else None


def _colon(lang: Lang) -> str:
    return "\u202f:" if lang is Lang.FR else ":"
