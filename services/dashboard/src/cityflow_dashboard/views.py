"""The sections of the road traffic: each draws one thing, with day, edition and coverage on it."""

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from cityflow.contracts import ComptagesSummary
from cityflow_dashboard import headline, listing, markup, network
from cityflow_dashboard.format import number
from cityflow_dashboard.frames import KNOWN_STATES, hours_frame, states_frame
from cityflow_dashboard.stage import Stage, chart, hour_labels, hour_spans

ALERTS_SHOWN = 10


@dataclass(frozen=True)
class Scene(Stage[ComptagesSummary]):
    """The stage of the road traffic, with the hours of its day."""

    @cached_property
    def hour_labels(self) -> list[str]:
        """One label an hour of the day, the repeated autumn hour told apart."""
        return hour_labels([h.hour_of_day for h in self.summary.hourly], self.lang)

    @cached_property
    def hour_spans(self) -> list[str]:
        """The same as spans, start to end."""
        return hour_spans([h.hour_of_day for h in self.summary.hourly], self.lang)


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


def _clock_change(scene: Scene) -> str:
    summary = scene.summary
    return scene.text("hours.clock", hours=summary.hours_in_day, expected=summary.hours_expected)
