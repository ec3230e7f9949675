"""The map section: what to colour by, which hour, which area; redrawn without the rest."""

import pandas as pd
import streamlit as st

from cityflow.spreadsheets import defused
from cityflow_dashboard import loading, markup, network
from cityflow_dashboard.format import number, share
from cityflow_dashboard.listing import place
from cityflow_dashboard.stage import said_if_missing
from cityflow_dashboard.views import Scene

HUES = ("state", "saturated", "hour")
EVERYWHERE = ""
_COLUMNS = {
    "arc_id": "column.arc",
    "label": "column.label",
    "arrondissement": "column.area",
    "flow_veh": "column.flow",
    "flow_coverage": "hours.flow_coverage",
    "occupancy_mean_pct": "hours.occupancy",
    "occupancy_coverage": "hours.occupancy_coverage",
    "saturated_hours": "column.saturated",
    "blocked_hours": "column.blocked",
}


@st.fragment
def arcs_map(scene: Scene) -> None:
    """The arcs of the day on a map and as a table, with what was chosen to be seen."""
    scene.heading("map.title")
    with said_if_missing(scene):
        _map_and_table(scene)


def _map_and_table(scene: Scene) -> None:
    text, summary = scene.text, scene.summary
    arcs = loading.arcs(scene.api_url, summary.day, summary.edition)
    hue, area = _choices(arcs, scene)
    shown = arcs if area == EVERYWHERE else arcs[arcs["arrondissement"] == area]
    coloured = _coloured(shown, hue, scene)
    _draw(coloured, hue, scene)
    unplaced = int(coloured["geometry"].isna().sum())
    if unplaced:
        scene.html(markup.note(text("map.unplaced", count=number(unplaced, scene.lang))))
    _as_table(coloured, scene)


def _choices(arcs: pd.DataFrame, scene: Scene) -> tuple[str, str]:
    text = scene.text
    with st.container(horizontal=True, vertical_alignment="top"):
        hue = st.segmented_control(
            text("map.hue"),
            HUES,
            format_func=lambda key: text(f"map.hue.{key}"),
            default=HUES[0],
            key="map_hue",
            required=True,
        )
        area = st.selectbox(
            text("map.area"),
            [EVERYWHERE, *sorted(arcs["arrondissement"].unique(), key=_area_order)],
            format_func=lambda a: place(a, text) if a else text("map.area.all"),
            key="map_area",
            width=200,
        )
    return hue or HUES[0], area


def _coloured(arcs: pd.DataFrame, hue: str, scene: Scene) -> pd.DataFrame:
    if hue == "saturated":
        return network.by_saturated_hours(arcs)
    if hue == "state":
        return network.by_state(arcs)
    return network.by_state(_in_chosen_hour(arcs, scene))


def _in_chosen_hour(arcs: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    hours = scene.summary.hourly
    position = st.select_slider(
        scene.text("map.hour"),
        range(len(hours)),
        value=min(8, len(hours) - 1),
        format_func=lambda p: scene.hour_spans[p],
        key="map_hour",
    )
    chosen = hours[position]
    known = {
        "flow": share(chosen.flow_coverage, scene.lang),
        "occupancy": share(chosen.occupancy_coverage, scene.lang),
    }
    span = scene.hour_spans[position]
    scene.html(markup.note(scene.text("map.hour.cover", hour=span, **known)))
    rows = loading.one_hour(
        scene.api_url,
        scene.summary.day,
        scene.summary.edition,
        chosen.hour_of_day,
        chosen.hour_end,
    )
    return network.in_hour(arcs, rows)


def _draw(arcs: pd.DataFrame, hue: str, scene: Scene) -> None:
    text = scene.text
    if not arcs["geometry"].notna().any():
        scene.html(markup.note(text("map.none")))
        return
    largest = arcs["flow_veh"].max()
    width = text("map.width", veh=number(None if pd.isna(largest) else int(largest), scene.lang))
    entries = network.legend(text, scene.colours, saturated=hue == "saturated")
    scene.html(markup.legend(text("map.legend"), entries, width))
    spec = network.network(arcs, text, scene.colours)
    with st.container(key="map"):
        st.vega_lite_chart(spec=spec, width="stretch", alt=text("map.alt"))


def _as_table(arcs: pd.DataFrame, scene: Scene) -> None:
    text, summary = scene.text, scene.summary
    columns = {name: text(key) for name, key in _COLUMNS.items() if name in arcs}
    table = arcs[list(columns)]
    with st.expander(text("map.table")):
        st.dataframe(table.rename(columns=columns), hide_index=True, alt=text("map.table"))
        st.download_button(
            text("map.download"),
            table.map(_cell).to_csv(index=False),
            file_name=f"cityflow_arcs_{summary.day}_{summary.edition}.csv",
            mime="text/csv",
            icon=":material/download:",
        )


def _cell(value: object) -> object:
    return defused(value) if isinstance(value, str) else value


def _area_order(area: str) -> tuple[int, str]:
    return (int(area), "") if area.isdecimal() else (99, area)
