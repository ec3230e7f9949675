"""Road works: what stands on the road on the day, where, and what it leaves of the traffic."""

from typing import Final

import streamlit as st

from cityflow.contracts.chantiers import ChantiersSummary, WorkRank, WorksZone
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, clock, day_short, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import part, place, whereabouts
from cityflow_dashboard.markup import Card, Cell, Part, listed
from cityflow_dashboard.stage import Stage

Works = Stage[ChantiersSummary]
SHOWN: Final = 10
IMPACTS: Final = ("closed", "dead_end", "one_way", "restricted")


def draw(stage: Works) -> None:
    """All sections."""
    stage.heading("works.title")
    stage.html(
        markup.note(_list_used(stage)),
        markup.cards(_cards(stage), _impacts(stage)),
    )
    heaviest, areas = st.columns([7, 5], gap="large")
    with heaviest:
        _heaviest(stage)
    with areas:
        _areas(stage)


def _list_used(stage: Works) -> str:
    summary, lang = stage.summary, stage.lang
    if summary.snapshot_at is None:
        return stage.text("works.no_list")
    said = "works.list_later" if summary.snapshot_later else "works.list"
    at = f"{day_short(summary.snapshot_at.date(), lang)} {clock(summary.snapshot_at, lang)}"
    return stage.text(said, at=at, listed=number(summary.totals.listed, lang))


def _cards(stage: Works) -> list[Card]:
    text, lang, totals = stage.text, stage.lang, stage.summary.totals
    known = cover(totals.impact_share, text("works.cover"), lang)
    drawn = cover(totals.geometry_share, text("works.area.cover"), lang)
    turn = {"starting": number(totals.starting, lang), "ending": number(totals.ending, lang)}
    return [
        Card(text("works.active"), number(totals.active, lang), text("works.active.unit"),
             text("works.active.note", **turn), known),
        Card(text("works.weight"), number(totals.impact_weight, lang, 1), text("works.weight.unit"),
             text("works.weight.note"), known),
        Card(text("works.area"), number(totals.area_m2, lang), "m²", text("works.area.note"),
             drawn),
        Card(text("works.arcs"), number(totals.exposed_arcs, lang), text("works.arcs.unit"),
             text("works.arcs.note"), drawn),
    ]  # fmt: skip


def _impacts(stage: Works) -> str:
    text, lang, totals, colours = stage.text, stage.lang, stage.summary.totals, stage.colours
    counts = (totals.closed, totals.dead_end, totals.one_way, totals.restricted)
    shades = (colours.blocked, colours.saturated, colours.pre_saturated, colours.fluid)
    parts = [
        Part(text(f"impact.{name}"), number(count, lang), part(count, totals.active) or 0.0, shade)
        for name, count, shade in zip(IMPACTS, counts, shades, strict=True)
    ]
    said = text("works.impacts.unit", severe=number(totals.severe, lang))
    return markup.parts_card(text("works.impacts"), number(totals.closed, lang), said, parts)


def _heaviest(stage: Works) -> None:
    stage.heading("heaviest.title")
    text, found = stage.text, stage.summary.top_works
    if not found:
        stage.html(markup.note(text("heaviest.none")))
        return
    stage.html(_work_table(stage, found[:SHOWN]))
    if len(found) > SHOWN:
        with st.expander(text("alerts.more", shown=number(len(found), stage.lang))):
            stage.html(_work_table(stage, found))


def _work_table(stage: Works, found: tuple[WorkRank, ...]) -> str:
    titles = ("works.area", "works.arcs")
    names = ("column.label", "column.impact", "column.until")
    rows = [_work(one, stage) for one in found]
    return listed(stage.text, "heaviest.title", names, titles, rows)


def _work(one: WorkRank, stage: Works) -> tuple[Cell, ...]:
    text, lang = stage.text, stage.lang
    area = number(one.area_m2, lang)
    return (
        Cell(one.street or DASH, sub=whereabouts(one.work_id, one.arrondissement, text)),
        Cell(text(f"impact.{one.impact}")),
        Cell(day_short(one.end, lang), sub=text("works.since", day=day_short(one.start, lang))),
        Cell(area if area == DASH else f"{area}\u202fm²"),
        Cell(number(one.exposed_arcs, lang)),
    )


def _areas(stage: Works) -> None:
    stage.heading("areas.title")
    found = stage.summary.arrondissements
    largest = max((one.active for one in found), default=0)
    titles = ("works.active", "column.closed", "works.arcs", "column.coverage")
    rows = [_area(one, largest, stage) for one in found]
    stage.html(listed(stage.text, "areas.title", ("column.area",), titles, rows))


def _area(one: WorksZone, largest: int, stage: Works) -> tuple[Cell, ...]:
    lang = stage.lang
    return (
        Cell(place(one.arrondissement, stage.text)),
        Cell(number(one.active, lang), bar=part(one.active, largest)),
        Cell(number(one.closed, lang)),
        Cell(number(one.exposed_arcs, lang)),
        Cell(share(one.impact_share, lang, 0)),
    )
