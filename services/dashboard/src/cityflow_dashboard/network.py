"""The map of the arcs, drawn from their own geometry alone: no tiles, no request, no WebGL.

Colour is traffic, width is flow; what is not known is grey, dashed or dotted, never coloured in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from cityflow.contracts import State
from cityflow_dashboard.format import DASH, number, percent, share
from cityflow_dashboard.frames import Kind
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text

HEIGHT: Final = 480
WIDEST: Final = 8.0
THIN: Final = 0.9
DASHES: Final[dict[Kind, list[float]]] = {
    Kind.SILENT: [1, 3.5],
    Kind.OCCUPANCY_ONLY: [5, 3],
    Kind.FLOW_ONLY: [1, 0],
    Kind.BOTH: [1, 0],
}
_FEATURES: Final = "arcs"
_SATURATED: Final = ((6, State.BLOCKED), (3, State.SATURATED), (1, State.PRE_SATURATED))
_BANDS: Final = {
    State.FLUID: "none",
    State.PRE_SATURATED: "low",
    State.SATURATED: "mid",
    State.BLOCKED: "high",
}


@dataclass(frozen=True)
class Entry:
    """One line of the legend: how it is drawn and what it means."""

    colour: str
    kind: Kind
    name: str


def by_state(arcs: pd.DataFrame) -> pd.DataFrame:
    """Colour by the state of the occupancy: adds `hue`, a State."""
    return arcs.assign(hue=arcs["state"])


def by_saturated_hours(arcs: pd.DataFrame) -> pd.DataFrame:
    """Colour by the hours at or above 30 %: adds `hue`, the State whose colour the band takes."""
    known = arcs["occupancy_mean_pct"].notna()
    bands = [
        next((s for least, s in _SATURATED if hours >= least), State.FLUID)
        for hours in arcs["saturated_hours"]
    ]
    hue = [band if is_known else State.UNKNOWN for band, is_known in zip(bands, known, strict=True)]
    return arcs.assign(hue=hue)


def in_hour(arcs: pd.DataFrame, hour: pd.DataFrame) -> pd.DataFrame:
    """The arcs with the figures of one hour (an `hour_frame`); no row in it is silent."""
    place = arcs[["arc_id", "label", "arrondissement", "geometry"]]
    table = place.merge(hour, on="arc_id", how="left")
    table["kind"] = table["kind"].fillna(Kind.SILENT.value)
    table["state"] = table["state"].fillna(State.UNKNOWN.value)
    return table.rename(columns={"occupancy_pct": "occupancy_mean_pct"})


def legend(text: Text, colours: Palette, saturated: bool) -> tuple[Entry, ...]:
    """What colours and dashes mean; `saturated` for `by_saturated_hours`, else states."""
    known = tuple(
        Entry(
            colours.of(state),
            Kind.BOTH,
            text(f"map.saturated.{band}") if saturated else text(f"state.{state}"),
        )
        for state, band in _BANDS.items()
    )
    return (
        *known,
        Entry(colours.absent, Kind.FLOW_ONLY, text("map.flow_only")),
        Entry(colours.pre_saturated, Kind.OCCUPANCY_ONLY, text("map.occupancy_only")),
        Entry(colours.absent, Kind.SILENT, text("map.silent")),
    )


def network(arcs: pd.DataFrame, text: Text, colours: Palette) -> dict[str, Any]:
    """The map of arcs that have `hue`, as a Vega-Lite specification; silent arcs lie below.

    Needs `arc_id`, `label`, `arrondissement`, `geometry`, `flow_veh`, `occupancy_mean_pct`,
    `kind` and `hue`; coverage and saturated hours go to the tooltip where the table has them.
    Arcs without geometry are left out. A specification, since Altair copies inline features
    one by one: a second and more for the 3,000 arcs of Paris.
    """
    placed = arcs[arcs["geometry"].notna()].sort_values("flow_veh", na_position="first")
    largest = placed["flow_veh"].max()
    chart = (
        alt.layer(*(_layer(kind, text) for kind in DASHES))
        .project(type="mercator")
        .properties(height=HEIGHT, background="transparent")
        .configure_view(stroke=None)
    )
    features = [_feature(arc, largest, text, colours) for arc in placed.to_dict("records")]
    specification: dict[str, Any] = chart.to_dict()
    return specification | {
        "datasets": {_FEATURES: features},
        "usermeta": {"embedOptions": {"renderer": "svg"}},
    }


def _layer(kind: Kind, text: Text) -> alt.Chart:
    layer: alt.Chart = (
        alt.Chart(alt.NamedData(_FEATURES))
        .transform_filter(f"datum.properties.kind == '{kind}'")
        .mark_geoshape(
            filled=False,
            strokeCap="butt" if kind is Kind.SILENT else "round",
            strokeJoin="round",
            strokeDash=DASHES[kind],
            aria=False,
        )
        .encode(
            stroke=alt.Stroke("properties.colour:N", scale=None),
            strokeWidth=alt.StrokeWidth("properties.width:Q", scale=None),
            tooltip=[alt.Tooltip(f"properties.{k}:N", title=v) for k, v in _titles(text).items()],
        )
    )
    return layer


def _feature(arc: dict[Any, Any], largest: Any, text: Text, colours: Palette) -> dict[str, Any]:
    drawn = {
        "kind": arc["kind"],
        "colour": colours.of(State(arc["hue"])),
        "width": _width(arc["flow_veh"], largest),
    }
    return {
        "type": "Feature",
        "geometry": _rounded(arc["geometry"]),
        "properties": _tips(arc, text) | drawn,
    }


def _width(flow: Any, largest: Any) -> float:
    """Pixels, in proportion to the flow above the thinnest line."""
    if pd.isna(flow) or not largest:
        return THIN
    return round(float(THIN + (WIDEST - THIN) * flow / largest), 2)


def _titles(text: Text) -> dict[str, str]:
    return {
        "label": text("column.arc"),
        "arrondissement": text("column.area"),
        "flow": text("column.flow"),
        "flow_coverage": text("hours.flow_coverage"),
        "occupancy": text("column.occupancy"),
        "occupancy_coverage": text("hours.occupancy_coverage"),
        "saturated": text("column.saturated"),
    }


def _tips(arc: dict[Any, Any], text: Text) -> dict[str, str]:
    def value(column: str) -> Any:
        found = arc.get(column)
        return None if found is None or pd.isna(found) else found

    hours = value("saturated_hours")
    return {
        "label": f"{value('label') or DASH} ({arc['arc_id']})",
        "arrondissement": str(arc["arrondissement"]),
        "flow": number(value("flow_veh"), text.lang),
        "flow_coverage": share(value("flow_coverage"), text.lang),
        "occupancy": percent(value("occupancy_mean_pct"), text.lang),
        "occupancy_coverage": share(value("occupancy_coverage"), text.lang),
        "saturated": DASH if hours is None else f"{hours} h",
    }


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    """The geometry to 5 decimals, about a metre: a third of the bytes, the same picture."""
    return {"type": geometry["type"], "coordinates": _round(geometry["coordinates"])}


def _round(coordinates: Sequence[Any]) -> list[Any]:
    return [round(c, 5) if isinstance(c, int | float) else _round(c) for c in coordinates]
