"""The sections of a day: each draws one thing, with day, edition and coverage printed on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pandas as pd
import streamlit as st

from cityflow.contracts import ComptagesSummary, Severity
from cityflow_dashboard import figures, headline, listing, markup, network
from cityflow_dashboard.client import ApiError
from cityflow_dashboard.format import Lang, day_long, day_short, hour, hour_span, number
from cityflow_dashboard.frames import KNOWN_STATES, hours_frame, states_frame
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text

ALERTS_SHOWN = 10
Draw = Callable[[pd.DataFrame, Text, Palette], figures.Panel]
CHARTS: Final[dict[str, tuple[Draw, str]]] = {
    "hours.flow": (figures.flow, "flow_veh"),
    "hours.occupancy": (figures.occupancy, "occupancy_mean_pct"),
    "hours.coverage": (figures.coverage, "flow_coverage_pct"),
    "hours.states": (figures.states, "share_pct"),
    "arc.history": (figures.history, "flow_veh"),
}
"""By their title: how each is drawn, and of which column."""


@dataclass(frozen=True)
class Scene:
    """What every section needs: the day's document, the words, the colours, where the API is."""

    summary: ComptagesSummary
    text: Text
    colours: Palette
    api_url: str

    @property
    def lang(self) -> Lang:
        """The language of the page."""
        return self.text.lang

    @cached_property
    def stamp(self) -> str:
        """Day, edition and coverage, to print on every view."""
        day = day_short(self.summary.day, self.lang)
        return headline.edition_stamp(self.summary, day, self.text)

    @cached_property
    def hour_labels(self) -> list[str]:
        """One label an hour of the day, the repeated autumn hour told apart."""
        return _told_apart([hour(h.hour_of_day, self.lang) for h in self.summary.hourly])

    @cached_property
    def hour_spans(self) -> list[str]:
        """The same as spans, start to end."""
        return _told_apart([hour_span(h.hour_of_day, self.lang) for h in self.summary.hourly])

    def html(self, *parts: str) -> None:
        """Put HTML on the page in the page's language."""
        st.html(markup.block(self.lang, *parts))

    def heading(self, key: str) -> None:
        """A section's heading, and under it the stamp."""
        self.html(markup.heading(self.text(key), key.partition(".")[0]), markup.stamp(self.stamp))


def chart(scene: Scene, title: str, table: pd.DataFrame, key: str) -> None:
    """Draw a table, or say that it holds nothing to draw: no axis stands without a figure."""
    draw, measure = CHARTS[title]
    if table[measure].isna().all():
        scene.html(markup.note(scene.text("chart.none", what=scene.text(title))))
        return
    drawn = draw(table, scene.text, scene.colours)
    st.altair_chart(drawn, width="stretch", alt=scene.text(f"{title}.alt"), key=key)


@contextmanager
def said_if_missing(scene: Scene) -> Iterator[None]:
    """A section whose own question to the API fails says so; the rest of the page stands."""
    try:
        yield
    except ApiError as error:
        scene.html(markup.notice(scene.text("refused.title"), str(error)))


def figures_of_the_day(scene: Scene) -> None:
    """The headline cards."""
    scene.heading("figures.title")
    scene.html(headline.headline(scene.summary, scene.text, scene.colours))


def hour_by_hour(scene: Scene) -> None:
    """The hourly profile, the states, and both as a table."""
    scene.heading("hours.title")
    text, hours = scene.text, scene.summary.hourly
    profile, states = st.columns([3, 2], gap="large")
    with profile, st.container(gap="xsmall"):
        _profile(scene)
    with states:
        entries = network.legend(text, scene.colours, saturated=False)[: len(KNOWN_STATES)]
        scene.html(
            markup.subheading(text("hours.states")), markup.legend(text("map.legend"), entries)
        )
        shares = states_frame(hours, scene.hour_labels)
        chart(scene, "hours.states", shares, "states")
    if scene.summary.hours_in_day != 24:
        scene.html(markup.note(_clock_change(scene)))
    with st.expander(text("hours.table")):
        scene.html(listing.hours(hours, scene.hour_spans, text))


def _profile(scene: Scene) -> None:
    hours = hours_frame(scene.summary.hourly, scene.hour_labels)
    scene.html(markup.subheading(scene.text("hours.profile")))
    for title in ("hours.flow", "hours.occupancy", "hours.coverage"):
        chart(scene, title, hours, title)


def top_arcs(scene: Scene) -> None:
    """The two rankings."""
    scene.heading("top.title")
    text, summary = scene.text, scene.summary
    flow, saturated = st.tabs([text("top.flow"), text("top.saturated")])
    rankings = (
        (flow, listing.by_flow, summary.top_arcs_by_flow),
        (saturated, listing.by_saturated_hours, summary.top_arcs_by_saturated_hours),
    )
    for tab, draw, arcs in rankings:
        with tab:
            scene.html(draw(arcs, text) if arcs else markup.note(text("top.none")))


def arrondissements(scene: Scene) -> None:
    """Totals by arrondissement."""
    scene.heading("areas.title")
    scene.html(listing.areas(scene.summary.arrondissements, scene.text))


def congestion_alerts(scene: Scene) -> None:
    """The heaviest alerts, the rest one step away."""
    scene.heading("alerts.title")
    found, text = scene.summary.alerts, scene.text
    if not found:
        scene.html(markup.note(text("alerts.none")))
        return
    counts = {
        "shown": number(min(ALERTS_SHOWN, len(found)), scene.lang),
        "total": number(scene.summary.alerts_total, scene.lang),
    }
    scene.html(
        markup.note(text("alerts.note", **counts)), listing.alerts(found[:ALERTS_SHOWN], text)
    )
    if len(found) > ALERTS_SHOWN:
        with st.expander(text("alerts.more", shown=number(len(found), scene.lang))):
            scene.html(listing.alerts(found, text))


def quality(scene: Scene) -> None:
    """What the gates said; reservations stand in the open."""
    scene.heading("quality.title")
    found, text = scene.summary.quality, scene.text
    reserved = [check for check in found.checks if check.severity is Severity.YELLOW]
    said = _verdict(len(found.checks), len(reserved), text)
    scene.html(markup.note(listing.rows_read(found, text)))
    if reserved:
        scene.html(listing.checks(reserved, text, said))
    else:
        scene.html(f"<p>{said}</p>")
    with st.expander(text("quality.checks")):
        scene.html(listing.checks(found.checks, text, text("quality.checks"), False))


def no_data(scene: Scene) -> None:
    """A published day without a usable row: said, not drawn as zero."""
    day, rows = day_long(scene.summary.day, scene.lang), scene.summary.quality.rows_in
    why = "no_data.rejected" if rows else "no_data.text"
    said = scene.text(why, day=day, rows=number(rows, scene.lang))
    title = "no_data.rejected.title" if rows else "no_data.title"
    scene.html(
        markup.notice(scene.text(title), said),
        markup.stamp(scene.stamp),
    )


def closing(scene: Scene) -> None:
    """Source, licence, method, edition."""
    scene.html(listing.closing(scene.summary, scene.stamp, scene.text))


def _verdict(checks: int, reserved: int, text: Text) -> str:
    if not reserved:
        return text("quality.all_green", count=checks)
    return text("quality.yellow_one" if reserved == 1 else "quality.yellow", count=reserved)


def _clock_change(scene: Scene) -> str:
    summary = scene.summary
    return scene.text("hours.clock", hours=summary.hours_in_day, expected=summary.hours_expected)


def _told_apart(labels: list[str]) -> list[str]:
    return [
        f"{label} (2)" if label in labels[:position] else label
        for position, label in enumerate(labels)
    ]
