"""The page: what the API publishes for one day, or a plain word on why there is nothing to show.

It reads the API and nothing else; every run begins anew from the address of the page.
"""

from datetime import date
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cityflow.calendar import day_type
from cityflow_dashboard import address, arc_view, controls, loading, map_view, markup, views
from cityflow_dashboard.client import Api, ApiRefused, ApiUnreachable
from cityflow_dashboard.format import day_long
from cityflow_dashboard.palette import Palette, palette
from cityflow_dashboard.text import Text
from cityflow_dashboard.views import Scene

HERE: Final = Path(__file__).parent
TO_START: Final = ("cityflow-api", "API_URL=http://127.0.0.1:8000 cityflow-dashboard")
TO_PUBLISH: Final = (
    "cityflow-ingest files PATH…",
    "cityflow-processor backfill --dataset comptages",
)


def page() -> None:
    """Draw the page."""
    text = Text(address.language())
    st.set_page_config(
        page_title=text("page.title"),
        page_icon=str(HERE / "icon.svg"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    colours = palette(st.context.theme.type)
    st.html(markup.style((HERE / "style.css").read_text(encoding="utf-8"), colours.accent))
    api_url = loading.api_url()
    bar = st.container(horizontal=True, vertical_alignment="center")
    try:
        _day_or_nothing(bar, api_url, text, colours)
    except ApiUnreachable:
        _nothing(text, "down.title", text("down.text", url=Api(api_url).place), TO_START)
    except ApiRefused as error:
        _nothing(text, "refused.title", str(error))
    with bar:
        st.space("stretch")
        controls.language_control(text)


def _day_or_nothing(bar: DeltaGenerator, api_url: str, text: Text, colours: Palette) -> None:
    days = loading.published_days(api_url)
    if not days:
        _nothing(text, "no_days.title", text("no_days.text"), TO_PUBLISH)
        return
    day = address.chosen_day(list(days))
    with bar:
        controls.day_control(days, day, text)
    _warn_of_unknown_day(day, text)
    summary = loading.summary(api_url, day, days[day].edition)
    _day(Scene(summary, text, colours, api_url))


def _day(scene: Scene) -> None:
    text, summary = scene.text, scene.summary
    kind = text(f"day_type.{day_type(summary.day)}")
    title = markup.head(text("page.kicker"), day_long(summary.day, scene.lang), kind)
    said = [markup.banner(text("banner.synthetic"))] if summary.is_synthetic else []
    scene.html(title, *said)
    if summary.status == "no_data":
        views.no_data(scene)
    else:
        _sections(scene)
    views.quality(scene)
    views.closing(scene)


def _sections(scene: Scene) -> None:
    views.figures_of_the_day(scene)
    views.hour_by_hour(scene)
    ranking, network = st.columns([5, 7], gap="large")
    with ranking:
        views.top_arcs(scene)
    with network:
        map_view.arcs_map(scene)
    arc_view.one_arc(scene)
    areas, alerts = st.columns([8, 5], gap="large")
    with areas:
        views.arrondissements(scene)
    with alerts:
        views.congestion_alerts(scene)


def _warn_of_unknown_day(shown: date, text: Text) -> None:
    asked = address.asked_day()
    if asked is not None and asked != shown.isoformat():
        st.warning(text("nav.unknown_day", day=asked[:40]))


def _nothing(text: Text, title: str, why: str, commands: tuple[str, ...] = ()) -> None:
    """No figures: say why, what to run, and offer to look again."""
    st.html(
        markup.block(
            text.lang,
            f'<p class="cf-kicker">{text("page.kicker")}</p>',
            markup.notice(text(title), why, commands),
        )
    )
    if st.button(text("retry"), icon=":material/refresh:"):
        loading.published_days.clear()
        st.rerun()
