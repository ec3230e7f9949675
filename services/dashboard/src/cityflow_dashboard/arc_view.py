"""One arc on one day and over the month before it: any arc can be reached by its name or number."""

from typing import Any

import pandas as pd
import streamlit as st

from cityflow_dashboard import loading, markup
from cityflow_dashboard.format import DASH, hour_span, number, percent, share
from cityflow_dashboard.frames import arc_hours_frame
from cityflow_dashboard.listing import place
from cityflow_dashboard.markup import Cell, Column
from cityflow_dashboard.stage import chart, said_if_missing
from cityflow_dashboard.views import Scene


@st.fragment
def one_arc(scene: Scene) -> None:
    """A chosen arc: its figures with their coverage, its hours, its days."""
    scene.heading("arc.title")
    with said_if_missing(scene):
        _chosen_arc(scene)


def _chosen_arc(scene: Scene) -> None:
    text, summary = scene.text, scene.summary
    arcs = loading.arcs(scene.api_url, summary.day, summary.edition).set_index("arc_id")
    names = {str(arc_id): f"{label or DASH} ({arc_id})" for arc_id, label in arcs["label"].items()}
    first = next((rank.arc_id for rank in summary.top_arcs_by_flow), next(iter(names)))
    order = sorted(names, key=lambda arc_id: names[arc_id].casefold())
    arc_id = st.selectbox(
        text("arc.choose"),
        order,
        index=order.index(first),
        format_func=names.__getitem__,
        key="arc",
        width=420,
    )
    scene.html(_figures(arc_id, names[arc_id], arcs.loc[arc_id].to_dict(), scene))
    hours, days = st.columns(2, gap="large")
    with hours, st.container(gap="xsmall"):
        _hours(arc_id, scene)
    with days:
        history = loading.history(scene.api_url, summary.day, arc_id)
        chart(scene, "arc.history", history, "arc_history")


def _hours(arc_id: str, scene: Scene) -> None:
    summary = scene.summary
    rows = loading.hours_of_arc(scene.api_url, summary.day, summary.edition, arc_id)
    ends = [hour.hour_end for hour in summary.hourly]
    table = arc_hours_frame(rows, ends, scene.hour_labels)
    for title in ("hours.flow", "hours.occupancy"):
        chart(scene, title, table, f"arc {title}")


def _figures(arc_id: str, name: str, arc: dict[Any, Any], scene: Scene) -> str:
    text, lang = scene.text, scene.lang
    known = {key: None if pd.isna(arc[key]) else arc[key] for key in _SHOWN}
    titles = ("area", "flow", "coverage", "vkt", "peak", "occupancy", "coverage")
    columns = [
        Column(text("column.arc"), numeric=False),
        *(Column(text(f"column.{title}")) for title in titles),
        Column(text("column.saturated")),
        Column(text("column.length")),
    ]
    saturated = known["saturated_hours"] if known["occupancy_mean_pct"] is not None else None
    row = (
        Cell(name),
        Cell(place(str(arc["arrondissement"]), text)),
        Cell(number(known["flow_veh"], lang)),
        Cell(share(known["flow_coverage"], lang, 0)),
        Cell(number(known["vkt_veh_km"], lang)),
        Cell(_peak(known, scene)),
        Cell(percent(known["occupancy_mean_pct"], lang)),
        Cell(share(known["occupancy_coverage"], lang, 0)),
        Cell(DASH if saturated is None else f"{number(saturated, lang)}\u202fh"),
        Cell(DASH if known["length_m"] is None else f"{number(known['length_m'], lang)}\u202fm"),
    )
    return markup.table(f"{text('arc.title')} {arc_id}", columns, [row], caption_shown=False)


def _peak(known: dict[str, Any], scene: Scene) -> str:
    if known["peak_hour"] is None:
        return DASH
    span = hour_span(int(known["peak_hour"]), scene.lang)
    return f"{number(known['peak_flow_veh'], scene.lang)} ({span})"


_SHOWN = (
    "flow_veh",
    "flow_coverage",
    "vkt_veh_km",
    "peak_hour",
    "peak_flow_veh",
    "occupancy_mean_pct",
    "occupancy_coverage",
    "saturated_hours",
    "length_m",
)
