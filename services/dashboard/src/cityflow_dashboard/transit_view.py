"""Public transport: how much of the day its lines were disrupted, and which ones."""

import streamlit as st

from cityflow.contracts.traffic import (
    TrafficSummary,
    TransitLineRank,
    TransitMode,
    TransitMoment,
    TransitZone,
)
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import part, place
from cityflow_dashboard.markup import Card, Cell, listed
from cityflow_dashboard.stage import Stage

Transit = Stage[TrafficSummary]
SHOWN = 10


def draw(stage: Transit) -> None:
    """All sections."""
    stage.heading("transit.title")
    stage.html(markup.cards(_cards(stage)))
    moments, modes = st.columns(2, gap="large")
    with moments:
        _moments(stage)
    with modes:
        _modes(stage)
    _lines(stage)
    _areas(stage)


def _cards(stage: Transit) -> list[Card]:
    text, lang, totals = stage.text, stage.lang, stage.summary.totals
    seen = cover(totals.coverage, text("transit.cover"), lang)
    of_all = {"hours": number(totals.line_h, lang), "lines": number(totals.lines, lang)}
    causes = {"planned": number(totals.planned_line_h, lang),
              "unplanned": number(totals.unplanned_line_h, lang)}  # fmt: skip
    kinds = {"planned": number(totals.planned, lang), "unplanned": number(totals.unplanned, lang)}
    return [
        Card(text("transit.availability"), share(totals.availability, lang),
             text("transit.availability.unit"), text("transit.availability.note", **of_all), seen),
        Card(text("transit.disrupted"), number(totals.disrupted_line_h, lang),
             text("transit.line_h"), text("transit.disrupted.note", **causes), seen),
        Card(text("transit.blocked"), number(totals.blocked_line_h, lang), text("transit.line_h"),
             text("transit.blocked.note", stops=number(totals.stop_blocked_line_h, lang)), seen),
        Card(text("transit.messages"), number(totals.disruptions, lang),
             text("transit.messages.unit"), text("transit.messages.note", **kinds), seen),
    ]  # fmt: skip


def _moments(stage: Transit) -> None:
    stage.heading("moments.title")
    titles = ("column.blocking", "column.disrupting", "column.lines_disrupted", "column.age")
    rows = [_moment(one, stage) for one in stage.summary.moments]
    stage.html(
        listed(stage.text, "moments.title", ("column.when",), titles, rows),
        markup.note(stage.text("moments.note")),
    )


def _moment(one: TransitMoment, stage: Transit) -> tuple[Cell, ...]:
    lang = stage.lang
    age = number(one.snapshot_age_min, lang)
    return (
        Cell(one.local_time),
        Cell(number(one.blocking, lang)),
        Cell(number(one.disrupted, lang)),
        Cell(number(one.lines_disrupted, lang)),
        Cell(age if age == DASH else f"{age}\u202fmin"),
    )


def _modes(stage: Transit) -> None:
    stage.heading("modes.title")
    found = stage.summary.modes
    largest = max((one.disrupted_line_h for one in found), default=0.0)
    titles = ("column.lines", "transit.disrupted", "transit.blocked", "transit.availability",
              "column.coverage")  # fmt: skip
    rows = [_mode(one, largest, stage) for one in found]
    stage.html(listed(stage.text, "modes.title", ("column.mode",), titles, rows))


def _mode(one: TransitMode, largest: float, stage: Transit) -> tuple[Cell, ...]:
    lang = stage.lang
    return (
        Cell(one.mode),
        Cell(number(one.lines, lang)),
        Cell(number(one.disrupted_line_h, lang), bar=part(one.disrupted_line_h, largest)),
        Cell(number(one.blocked_line_h, lang)),
        Cell(share(one.availability, lang)),
        Cell(share(one.coverage, lang, 0)),
    )


def _lines(stage: Transit) -> None:
    stage.heading("lines.title")
    text, found = stage.text, stage.summary.top_lines
    if not found:
        stage.html(markup.note(text("lines.none")))
        return
    stage.html(markup.note(text("lines.note")), _line_table(stage, found[:SHOWN]))
    if len(found) > SHOWN:
        with st.expander(text("alerts.more", shown=number(len(found), stage.lang))):
            stage.html(_line_table(stage, found))


def _line_table(stage: Transit, found: tuple[TransitLineRank, ...]) -> str:
    lang = stage.lang
    rows = [
        (
            Cell(one.line_name or DASH, sub=one.line_id),
            Cell(one.mode),
            Cell(f"{number(one.blocked_h, lang, 1)}\u202fh"),
            Cell(f"{number(one.disrupted_h, lang, 1)}\u202fh"),
            Cell(share(one.availability, lang)),
        )
        for one in found
    ]
    titles = ("transit.blocked", "transit.disrupted", "transit.availability")
    return listed(stage.text, "lines.title", ("column.line", "column.mode"), titles, rows)


def _areas(stage: Transit) -> None:
    stops, text, lang = stage.summary.stops, stage.text, stage.lang
    if stops is None:
        return
    stage.heading("stops.title")
    about = {
        "stops": number(stops.stops, lang),
        "placed": share(stops.placed_share, lang, 0),
        "hours": share(stops.coverage, lang, 0),
    }
    found = [one for one in stage.summary.arrondissements if one.stops]
    largest = max((one.disrupted_stop_h for one in found), default=0.0)
    titles = ("stops.disrupted", "stops.blocked", "stops.hours", "stops.blocked_hours")
    rows = [_area(one, largest, stage) for one in found]
    stage.html(
        markup.note(text("stops.note", **about)),
        listed(text, "stops.title", ("column.area",), titles, rows),
    )


def _area(one: TransitZone, largest: float, stage: Transit) -> tuple[Cell, ...]:
    lang = stage.lang
    return (
        Cell(place(one.arrondissement, stage.text)),
        Cell(number(one.disrupted_stops, lang)),
        Cell(number(one.blocked_stops, lang)),
        Cell(number(one.disrupted_stop_h, lang), bar=part(one.disrupted_stop_h, largest)),
        Cell(number(one.blocked_stop_h, lang)),
    )
