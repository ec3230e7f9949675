"""The road loops: how sound they are, congestion as an estimate, and the repair list."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from cityflow.contracts.api import DatasetDay
from cityflow.contracts.roads import Repair, RoadsSummary
from cityflow_dashboard import loading, markup
from cityflow_dashboard.format import DASH, day_short, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import part, place, whereabouts
from cityflow_dashboard.markup import Card, Cell, listed
from cityflow_dashboard.stage import Stage, chart, hour_labels, hour_spans, said_if_missing

Loops = Stage[RoadsSummary]
HISTORY: Final = 14
SOUND: Final = ("good", "occupancy_only", "flow_only")
CLASS_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(SOUND, "sound"),
    **dict.fromkeys(("feed_down", "no_rows", "silent"), "silent"),
    "insufficient": "insufficient",
}
"""The class of a status in the chart of days; all others are faulty."""


def draw(stage: Loops, days: Mapping[date, DatasetDay]) -> None:
    """All sections; `days` has the published days of the analysis."""
    stage.heading("loops.title")
    stage.html(markup.cards(_cards(stage)))
    _hours(stage)
    health, history = st.columns([5, 7], gap="large")
    with health:
        _health(stage)
    with history, said_if_missing(stage):
        _days(stage, days)
    _repairs(stage)
    _areas(stage)
    _speeds(stage)


def _cards(stage: Loops) -> list[Card]:
    text, lang, summary = stage.text, stage.lang, stage.summary
    totals = summary.totals
    sound = sum(count.arcs for count in summary.health if count.status in SOUND)
    part_sound = sound / summary.arcs_known if summary.arcs_known else None
    index_cover = cover(totals.index_coverage, text("loops.cover"), lang)
    seen = totals.occupied_km
    congested = totals.congested_km / seen if seen and totals.congested_km is not None else None
    return [
        Card(text("loops.sound"), number(sound, lang),
             text("loops.sound.unit", arcs=number(summary.arcs_known, lang)),
             text("loops.sound.note", repairs=number(summary.repairs_total, lang)),
             cover(part_sound, text("loops.sound.cover"), lang)),
        Card(text("loops.index"), number(totals.tti_area, lang, 2), text("loops.index.unit"),
             text("loops.index.note"), index_cover),
        Card(text("loops.speed"), number(totals.speed_est_kmh, lang, 1), text("loops.speed.unit"),
             text("loops.speed.note"), index_cover),
        Card(text("loops.delay"), number(totals.delay_ref_veh_h, lang), text("loops.delay.unit"),
             text("loops.delay.note", excessive=number(totals.delay_60_veh_h, lang)), index_cover),
        Card(text("loops.congested"), number(totals.congested_km, lang, 1),
             text("loops.congested.unit"), text("loops.congested.note"),
             cover(congested, text("loops.congested.cover", km=number(seen, lang)), lang)),
    ]  # fmt: skip


def _hours(stage: Loops) -> None:
    hours, text, lang = stage.summary.hourly, stage.text, stage.lang
    stage.heading("loops_hours.title")
    starts = [one.hour_of_day for one in hours]
    frames = (
        ("loops.index", [one.tti_area for one in hours]),
        ("loops.delay", [one.delay_ref_veh_h for one in hours]),
    )
    coverage = [None if o.index_coverage is None else o.index_coverage * 100 for o in hours]
    for (title, values), column in zip(frames, st.columns(2, gap="large"), strict=True):
        with column:
            known = {"label": hour_labels(starts, lang), "value": values, "coverage_pct": coverage}
            chart(stage, title, pd.DataFrame(known), title)
    with st.expander(text("hours.table")):
        rows = [
            (
                Cell(label),
                Cell(number(one.tti_area, lang, 2)),
                Cell(number(one.speed_est_kmh, lang, 1)),
                Cell(number(one.delay_ref_veh_h, lang)),
                Cell(number(one.congested_km, lang, 1)),
                Cell(share(one.index_coverage, lang)),
            )
            for label, one in zip(hour_spans(starts, lang), hours, strict=True)
        ]
        titles = ("loops.index", "column.speed", "loops.delay", "column.congested",
                  "column.coverage")  # fmt: skip
        stage.html(listed(text, "loops_hours.title", ("hours.hour",), titles, rows))


def _health(stage: Loops) -> None:
    stage.heading("health.title")
    text, lang = stage.text, stage.lang
    found = [count for count in stage.summary.health if count.arcs]
    largest = max((count.arcs for count in found), default=0)
    rows = [
        (
            Cell(text(f"health.{count.status}")),
            Cell(number(count.arcs, lang), bar=part(count.arcs, largest)),
            Cell(share(count.arcs_share, lang)),
        )
        for count in found
    ]
    titles = ("column.arcs", "column.of_all")
    stage.html(listed(text, "health.title", ("column.status",), titles, rows))


def _days(stage: Loops, days: Mapping[date, DatasetDay]) -> None:
    """The classes of the loops over two weeks; a day without an edition is not drawn."""
    stage.heading("loops_days.title")
    last = stage.summary.day
    shown = [day for day in sorted(days) if last - timedelta(days=HISTORY) < day <= last]
    counted: list[dict[str, object]] = []
    for day in shown:
        found = loading.document(stage.api_url, "roads_analysis", day, days[day].edition)
        classes: dict[str, int] = {}
        for count in found.health if isinstance(found, RoadsSummary) else ():
            name = CLASS_OF.get(count.status, "faulty")
            classes[name] = classes.get(name, 0) + count.arcs
        label = day_short(day, stage.lang)
        counted += [{"label": label, "name": name, "arcs": arcs} for name, arcs in classes.items()]
    chart(stage, "loops.days", pd.DataFrame(counted), "loops_days")


def _repairs(stage: Loops) -> None:
    stage.heading("repairs.title")
    text, found = stage.text, stage.summary.repairs
    if not found:
        stage.html(markup.note(text("repairs.none")))
        return
    counts = {"shown": number(len(found), stage.lang),
              "total": number(stage.summary.repairs_total, stage.lang)}  # fmt: skip
    stage.html(markup.note(text("repairs.note", **counts)), _repair_table(stage, found[:10]))
    if len(found) > 10:
        with st.expander(text("alerts.more", shown=counts["shown"])):
            stage.html(_repair_table(stage, found))


def _repair_table(stage: Loops, found: tuple[Repair, ...]) -> str:
    text = stage.text
    titles = ("column.days_down", "column.typical_flow", "column.lost")
    names = ("column.arc", "column.status", "column.level")
    return listed(text, "repairs.title", names, titles, [_repair(one, stage) for one in found])


def _repair(one: Repair, stage: Loops) -> tuple[Cell, ...]:
    text, lang = stage.text, stage.lang
    last = DASH if one.last_good is None else day_short(one.last_good, lang)
    return (
        Cell(one.label or DASH, sub=whereabouts(one.arc_id, one.arrondissement, text)),
        Cell(text(f"health.{one.status}")),
        Cell(text(f"level.{one.failure_level}")),
        Cell(number(one.days_down, lang), sub=text("repairs.last_good", day=last)),
        Cell(number(one.typical_flow_veh, lang)),
        Cell(number(one.flow_lost_veh, lang)),
    )


def _areas(stage: Loops) -> None:
    stage.heading("areas.title")
    text, lang = stage.text, stage.lang
    largest = max((area.delay_ref_veh_h or 0 for area in stage.summary.arrondissements), default=0)
    rows = [
        (
            Cell(place(area.arrondissement, text)),
            Cell(number(area.tti_area, lang, 2)),
            Cell(number(area.speed_est_kmh, lang, 1)),
            Cell(number(area.delay_ref_veh_h, lang), bar=part(area.delay_ref_veh_h, largest)),
            Cell(number(area.congested_km, lang, 1)),
            Cell(share(area.index_coverage, lang)),
        )
        for area in stage.summary.arrondissements
    ]
    titles = ("loops.index", "column.speed", "loops.delay", "column.congested", "column.coverage")
    stage.html(listed(text, "areas.title", ("column.area",), titles, rows))


def _speeds(stage: Loops) -> None:
    text, lang = stage.text, stage.lang
    if not stage.summary.speeds:
        return
    stage.heading("speeds.title")
    rows = [
        (
            Cell(text(f"network.{one.network}")),
            Cell(number(one.speed_est_kmh, lang, 1)),
            Cell(
                f"{number(one.city_low_kmh, lang, 1)} – {number(one.city_high_kmh, lang, 1)}",
                sub=one.city_years,
            ),
            Cell(share(one.index_coverage, lang)),
        )
        for one in stage.summary.speeds
    ]
    titles = ("column.speed", "column.city_speed", "column.coverage")
    stage.html(listed(text, "speeds.title", ("column.network",), titles, rows))
