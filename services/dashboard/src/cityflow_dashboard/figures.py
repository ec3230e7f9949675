"""The charts of hours and days: pure functions from tables to Altair; no figure is a gap."""

from datetime import date
from typing import Any, Final, TypeAlias

import altair as alt
import pandas as pd

from cityflow.contracts import State
from cityflow_dashboard.format import Lang, day_short, number, percent, share
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text

FLOW_HEIGHT: Final = 240
OCCUPANCY_HEIGHT: Final = 165
COVERAGE_HEIGHT: Final = 185
STATES_HEIGHT: Final = 480
HISTORY_HEIGHT: Final = 405
FULL: Final = 0.8
LEFT: Final = 66
"""One width for all vertical axes, so the hours of all panels stand in line."""

Panel: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart


def locale(lang: Lang) -> alt.Locale:
    """How axes print numbers: `1 234,5` or `1,234.5`."""
    french = lang is Lang.FR
    return alt.Locale(
        number=alt.NumberLocale(
            decimal="," if french else ".",
            thousands="\u202f" if french else ",",
            grouping=[3],
            currency=["", ""],
        )
    )


def flow(hours: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Columns of the vehicles counted by hour; `hours` is an `hours_frame`."""
    chart = (
        alt.Chart(_with_tips(hours, text.lang))
        .mark_bar(color=colours.accent, cornerRadiusEnd=2)
        .encode(
            x=hour_axis(hours),
            y=alt.Y("flow_veh:Q", title=None).axis(minExtent=LEFT, tickCount=5),
            tooltip=_tips(text),
        )
    )
    return styled(chart, FLOW_HEIGHT, text("hours.flow"), text.lang, colours)


def occupancy(hours: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """A line of the mean occupancy by hour; `hours` is an `hours_frame`."""
    base = alt.Chart(_with_tips(hours, text.lang)).encode(
        x=hour_axis(hours),
        y=alt.Y("occupancy_mean_pct:Q", title=None)
        .axis(minExtent=LEFT, tickCount=4)
        .scale(zero=True),
        tooltip=_tips(text),
    )
    line = base.mark_line(color=colours.accent, strokeWidth=2.5, interpolate="monotone")
    points = base.mark_point(color=colours.accent, filled=True, size=40, opacity=1)
    return styled(
        alt.layer(line, points), OCCUPANCY_HEIGHT, text("hours.occupancy"), text.lang, colours
    )


def coverage(hours: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Lines of the coverage of flow and occupancy by hour; `hours` is an `hours_frame`."""
    names = {
        "flow_coverage_pct": text("hours.flow_coverage"),
        "occupancy_coverage_pct": text("hours.occupancy_coverage"),
    }
    table = _with_tips(hours, text.lang).rename(columns=names)
    chart = (
        alt.Chart(table)
        .transform_fold(list(names.values()), as_=["name", "value"])
        .mark_line(color=colours.muted, strokeWidth=1.8)
        .encode(
            x=hour_axis(hours, title=text("hours.axis")),
            y=alt.Y("value:Q", title=None)
            .axis(minExtent=LEFT, values=[0, 50, 100])
            .scale(domain=[0, 100]),
            strokeDash=alt.StrokeDash("name:N", title=None)
            .scale(domain=list(names.values()), range=[[1, 0], [5, 3]])
            .legend(orient="top", labelLimit=0, symbolStrokeColor=colours.muted),
            tooltip=_tips(text),
        )
    )
    return styled(chart, COVERAGE_HEIGHT, text("hours.coverage"), text.lang, colours)


def states(shares: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Columns of the share of arcs in each state, hour by hour; `shares` is a `states_frame`."""
    names = {s: text(f"state.{s}") for s in shares["state"].unique()}
    table = shares.assign(
        name=shares["state"].map(names),
        tip_share=[percent(or_none(v), text.lang) for v in shares["share_pct"]],
        tip_arcs=[number(v, text.lang) for v in shares["arcs"]],
    )
    chart = (
        alt.Chart(table)
        .mark_bar(binSpacing=0)
        .encode(
            x=hour_axis(shares, title=text("hours.axis")),
            y=alt.Y("share_pct:Q", title=None)
            .axis(minExtent=LEFT, tickCount=5)
            .scale(domain=[0, 100]),
            color=alt.Color("name:N", legend=None).scale(
                domain=list(names.values()), range=[colours.of(State(s)) for s in names]
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("label:N", title=text("hours.hour")),
                alt.Tooltip("name:N", title=text("hours.states")),
                alt.Tooltip("tip_share:N", title="%"),
                alt.Tooltip("tip_arcs:N", title=text("column.arcs")),
            ],
        )
    )
    return styled(chart, STATES_HEIGHT, text("hours.states.axis"), text.lang, colours)


def history(days: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Columns of one arc's flow by day, pale where less than 80 % of the hours were counted.

    `days` is a `history_frame`; a day without a figure is a gap.
    """
    names = {True: text("arc.full"), False: text("arc.part")}
    table = days.assign(
        basis=[names[not pd.isna(c) and c >= FULL] for c in days["flow_coverage"]],
        tip_day=[day_short(date.fromisoformat(day), text.lang) for day in days["day"]],
        tip_flow=[number(or_none(v), text.lang) for v in days["flow_veh"]],
        tip_coverage=[share(or_none(v), text.lang) for v in days["flow_coverage"]],
    )
    chart = (
        alt.Chart(table)
        .mark_bar(color=colours.accent, cornerRadiusEnd=2)
        .encode(
            x=alt.X("tip_day:N", title=None)
            .scale(type="band", domain=list(table["tip_day"]), paddingInner=0.16)
            .axis(labelAngle=0, ticks=False, values=list(table["tip_day"])[::-7][::-1]),
            y=alt.Y("flow_veh:Q", title=None).axis(minExtent=LEFT, tickCount=5),
            opacity=alt.Opacity("basis:O", title=None)
            .scale(domain=list(names.values()), range=[1, 0.4])
            .legend(orient="top", labelLimit=0, symbolFillColor=colours.accent),
            tooltip=[
                alt.Tooltip("tip_day:N", title=text("nav.day")),
                alt.Tooltip("tip_flow:N", title=text("column.flow")),
                alt.Tooltip("tip_coverage:N", title=text("hours.flow_coverage")),
            ],
        )
    )
    return styled(chart, HISTORY_HEIGHT, text("arc.history"), text.lang, colours)


def hour_axis(table: pd.DataFrame, title: str | None = None) -> alt.X:
    """The hours of a table's `label`, in its order; without a title no label is printed."""
    labels = list(table["label"].unique())
    return (
        alt.X("label:N", title=title)
        .scale(type="band", domain=labels, paddingInner=0.16, paddingOuter=0.1)
        .axis(values=labels[::3], labelAngle=0, ticks=False, labels=title is not None, grid=False)
    )


def _with_tips(hours: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    return hours.assign(
        tip_flow=[number(or_none(v), lang) for v in hours["flow_veh"]],
        tip_occupancy=[percent(or_none(v), lang) for v in hours["occupancy_mean_pct"]],
        tip_flow_coverage=[percent(or_none(v), lang) for v in hours["flow_coverage_pct"]],
        tip_occupancy_coverage=[percent(or_none(v), lang) for v in hours["occupancy_coverage_pct"]],
    )


def _tips(text: Text) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title=text("hours.hour")),
        alt.Tooltip("tip_flow:N", title=text("column.flow")),
        alt.Tooltip("tip_flow_coverage:N", title=text("hours.flow_coverage")),
        alt.Tooltip("tip_occupancy:N", title=text("column.occupancy")),
        alt.Tooltip("tip_occupancy_coverage:N", title=text("hours.occupancy_coverage")),
    ]


def or_none(value: Any) -> Any:
    """The value, or None where pandas holds no value."""
    return None if pd.isna(value) else value


def styled(chart: Any, height: int, title: str, lang: Lang, colours: Palette) -> Panel:
    """The chart in the page's own style, its title above it."""
    heading = alt.Title(
        title, anchor="start", frame="group", fontSize=13, fontWeight="normal", offset=8
    )
    styled: Panel = chart.properties(height=height, title=heading).configure(
        background="transparent",
        locale=locale(lang),
        title=alt.TitleConfig(color=colours.muted),
        axis=alt.AxisConfig(
            labelColor=colours.muted,
            titleColor=colours.muted,
            gridColor=colours.grid,
            domain=False,
            titleFontWeight="normal",
        ),
        legend=alt.LegendConfig(labelColor=colours.muted),
        view=alt.ViewConfig(stroke=None),
    )
    return styled
