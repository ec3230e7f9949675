"""The bike counters: the day beside what is typical of it, and the counters that need a look."""

import pandas as pd
import streamlit as st

from cityflow.contracts.bikes import BikesSummary
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, change, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import part, place, whereabouts
from cityflow_dashboard.markup import Card, Cell, listed
from cityflow_dashboard.stage import Stage, chart, hour_labels, hour_spans

Bikes = Stage[BikesSummary]


def draw(stage: Bikes) -> None:
    """All sections."""
    stage.heading("bikes.title")
    stage.html(markup.cards(_cards(stage)))
    _hours(stage)
    top, areas = st.columns(2, gap="large")
    with top:
        _top(stage)
    with areas:
        _areas(stage)
    _findings(stage)


def _cards(stage: Bikes) -> list[Card]:
    text, lang, totals, year = stage.text, stage.lang, stage.summary.totals, stage.summary.year
    compared = _ratio(totals.compared_bikes, totals.bikes)
    counting = _ratio(totals.counters_counting, totals.counters)
    return [
        Card(text("bikes.counted"), number(totals.bikes, lang), text("bikes.counted.unit"),
             text("bikes.counted.note"),
             cover(totals.coverage, text("bikes.counted.cover"), lang)),
        Card(text("bikes.typical"), change(totals.ratio, stage.lang), text("bikes.typical.unit"),
             text(f"baseline.{stage.summary.baseline}"),
             cover(compared, text("bikes.typical.cover"), lang)),
        Card(text("bikes.counters"), number(totals.counters_counting, lang),
             text("bikes.counters.unit", sites=number(totals.sites, lang)),
             text("bikes.counters.note", findings=number(stage.summary.findings_total, lang)),
             cover(counting, text("bikes.counters.cover",
                                  counters=number(totals.counters, lang)), lang)),
        Card(text("bikes.year"), share(year.change, lang), text("bikes.year.unit"),
             text("bikes.year.note"),
             cover(_ratio(year.panel_counters, totals.counters), text("bikes.year.cover"), lang)),
    ]  # fmt: skip


def _hours(stage: Bikes) -> None:
    hours, text, lang = stage.summary.hourly, stage.text, stage.lang
    stage.heading("bikes_hours.title")
    modes = sorted({one.mode for one in hours})
    for mode in modes:
        own = [one for one in hours if one.mode == mode]
        if len(modes) > 1:
            stage.html(markup.subheading(mode))
        starts = [one.hour_of_day for one in own]
        table = pd.DataFrame(
            {
                "label": hour_labels(starts, lang),
                "value": [one.bikes for one in own],
                "typical": [one.typical_bikes for one in own],
                "coverage_pct": [None if o.coverage is None else o.coverage * 100 for o in own],
            }
        )
        stage.html(markup.note(text("bikes.hours.note")))
        chart(stage, "bikes.hours", table, f"bikes.hours {mode}")
        rows = [
            (
                Cell(label),
                Cell(number(one.bikes, lang)),
                Cell(number(one.typical_bikes, lang)),
                Cell(change(one.ratio, stage.lang)),
                Cell(share(one.coverage, lang)),
            )
            for label, one in zip(hour_spans(starts, lang), own, strict=True)
        ]
        titles = ("column.bikes", "column.typical", "column.change", "column.coverage")
        with st.expander(text("hours.table")):
            stage.html(listed(text, "bikes_hours.title", ("hours.hour",), titles, rows))


def _top(stage: Bikes) -> None:
    stage.heading("bikes_top.title")
    text, lang, found = stage.text, stage.lang, stage.summary.top_counters
    largest = max((one.bikes for one in found), default=0)
    rows = [
        (
            Cell(one.counter_name or DASH,
                 sub=whereabouts(one.counter_id, one.arrondissement, text)),
            Cell(number(one.bikes, lang), bar=part(one.bikes, largest)),
            Cell(change(one.ratio, stage.lang)),
            Cell(share(one.coverage, lang, 0)),
        )
        for one in found
    ]  # fmt: skip
    titles = ("column.bikes", "column.change", "column.coverage")
    stage.html(listed(text, "bikes_top.title", ("column.counter",), titles, rows))


def _areas(stage: Bikes) -> None:
    stage.heading("areas.title")
    text, lang, found = stage.text, stage.lang, stage.summary.arrondissements
    largest = max((one.bikes or 0 for one in found), default=0)
    rows = [
        (
            Cell(place(one.arrondissement, text)),
            Cell(number(one.counters, lang)),
            Cell(number(one.bikes, lang), bar=part(one.bikes, largest)),
            Cell(change(one.ratio, stage.lang)),
            Cell(share(one.coverage, lang, 0)),
        )
        for one in found
    ]
    titles = ("column.counters", "column.bikes", "column.change", "column.coverage")
    stage.html(listed(text, "areas.title", ("column.area",), titles, rows))


def _findings(stage: Bikes) -> None:
    stage.heading("findings.title")
    text, lang, found = stage.text, stage.lang, stage.summary.findings
    if not found:
        stage.html(markup.note(text("findings.none")))
        return
    counts = {"shown": number(len(found), lang),
              "total": number(stage.summary.findings_total, lang)}  # fmt: skip
    rows = [
        (
            Cell(one.counter_name or DASH,
                 sub=whereabouts(one.counter_id, one.arrondissement, text)),
            Cell(", ".join(text(f"finding.{name}") for name in one.reasons.split("; "))),
            Cell(number(one.outage_days, lang)),
            Cell(number(one.typical_bikes, lang)),
        )
        for one in found
    ]  # fmt: skip
    titles = ("column.days_out", "column.typical_day")
    names = ("column.counter", "column.found")
    table = listed(text, "findings.title", names, titles, rows)
    stage.html(markup.note(text("findings.note", **counts)), table)


def _ratio(some: int | None, every: int | None) -> float | None:
    return some / every if every and some is not None else None
