"""Charts of the smaller datasets: pure functions from tables to Altair; no figure is a gap."""

from typing import Any, Final

import altair as alt
import pandas as pd

from cityflow_dashboard.figures import LEFT, Panel, hour_axis, or_none, styled
from cityflow_dashboard.format import number, percent
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text

HEIGHT: Final = 250
DAYS_HEIGHT: Final = 380
CLASSES: Final = ("sound", "insufficient", "faulty", "silent")
"""What the statuses of loops come down to, best first."""


def bars(title: str, hours: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Columns by hour, and a line of what is typical of the hour where the table has it.

    `hours` has `label`, `value`, `coverage_pct` and perhaps `typical`, in time order.
    """
    base = _base(title, hours, text)
    layers = [base.mark_bar(color=colours.accent, cornerRadiusEnd=2)]
    if "typical" in hours and hours["typical"].notna().any():
        typical = base.encode(y=alt.Y("typical:Q"))
        layers.append(typical.mark_line(color=colours.text, strokeWidth=2, strokeDash=[5, 3]))
    return styled(alt.layer(*layers), HEIGHT, text(title), text.lang, colours)


def line(title: str, hours: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """A line by hour with its points; the axis need not hold zero."""
    base = _base(title, hours, text, zero=False)
    drawn = base.mark_line(color=colours.accent, strokeWidth=2.5, interpolate="monotone")
    points = base.mark_point(color=colours.accent, filled=True, size=40, opacity=1)
    return styled(alt.layer(drawn, points), HEIGHT, text(title), text.lang, colours)


def statuses(days: pd.DataFrame, text: Text, colours: Palette) -> Panel:
    """Columns of the loops by class and day; `days` has `label`, `name`, `arcs`, in time order."""
    names = [text(f"loops.class.{name}") for name in CLASSES]
    shades = (colours.fluid, colours.pre_saturated, colours.saturated, colours.absent)
    labels = list(days["label"].unique())
    table = days.assign(
        shown=[text(f"loops.class.{name}") for name in days["name"]],
        order=[CLASSES.index(name) for name in days["name"]],
        tip=[number(arcs, text.lang) for arcs in days["arcs"]],
    )
    drawn = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("label:N", title=None)
            .scale(type="band", domain=labels, paddingInner=0.16)
            .axis(labelAngle=0, ticks=False, values=labels[::-4][::-1]),
            y=alt.Y("arcs:Q", title=None).axis(minExtent=LEFT, tickCount=5),
            color=alt.Color("shown:N", title=None)
            .scale(domain=names, range=list(shades))
            .legend(orient="top", labelLimit=0, columns=2),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("label:N", title=text("nav.day")),
                alt.Tooltip("shown:N", title=text("column.status")),
                alt.Tooltip("tip:N", title=text("column.arcs")),
            ],
        )
    )
    return styled(drawn, DAYS_HEIGHT, text("loops.days"), text.lang, colours)


def _base(title: str, hours: pd.DataFrame, text: Text, zero: bool = True) -> alt.Chart:
    lang = text.lang
    tips = {"tip_value": text(title), "tip_coverage": text("column.coverage")}
    table: Any = hours.assign(
        tip_value=[number(or_none(v), lang, 0 if zero and v >= 100 else 2) for v in hours["value"]],
        tip_coverage=[percent(or_none(v), lang) for v in hours["coverage_pct"]],
    )
    if "typical" in hours:
        table["tip_typical"] = [number(or_none(v), lang) for v in hours["typical"]]
        tips["tip_typical"] = text("column.typical")
    # A day of zeros has an axis all the same: drawn to itself it would show nothing but a line.
    scale = {"zero": zero} if not zero or (hours["value"] > 0).any() else {"domain": [0, 1]}
    chart: alt.Chart = alt.Chart(table).encode(
        x=hour_axis(hours, title=text("hours.axis")),
        y=alt.Y("value:Q", title=None).axis(minExtent=LEFT, tickCount=5).scale(**scale),
        tooltip=[
            alt.Tooltip("label:N", title=text("hours.hour")),
            *(alt.Tooltip(f"{column}:N", title=name) for column, name in tips.items()),
        ],
    )
    return chart
