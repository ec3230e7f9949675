"""The page: what the API publishes for one day, or a plain word on why there is nothing to show.

It reads the API and nothing else; every run begins anew from the address of the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cityflow.calendar import day_type
from cityflow.contracts import ComptagesSummary, PublishedDocument
from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.api import DatasetDay
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.daily import DaySummary
from cityflow.contracts.register import Registered
from cityflow.contracts.roads import RoadsSummary
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary
from cityflow_dashboard import (
    across_view,
    address,
    arc_view,
    bikes_view,
    closing,
    controls,
    loading,
    loops_view,
    map_view,
    markup,
    register_view,
    transit_view,
    velib_view,
    views,
    weather_view,
    works_view,
)
from cityflow_dashboard.client import Api, ApiRefused, ApiUnreachable
from cityflow_dashboard.covers import coverage
from cityflow_dashboard.format import day_long
from cityflow_dashboard.palette import Palette, palette
from cityflow_dashboard.stage import Stage
from cityflow_dashboard.text import Text
from cityflow_dashboard.views import Scene

Daily: TypeAlias = ComptagesSummary | RoadsSummary | AcrossSummary | DaySummary
Shown = TypeVar("Shown", bound=Stage[Any])
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
    view = address.view()
    dataset = address.VIEWS[view]
    own = {day: found[dataset] for day, found in days.items() if dataset in found}
    day = address.chosen_day(list(days), next(iter(own or days)))
    with bar:
        controls.day_control({d: own[d].status if d in own else "absent" for d in days}, day, text)
    controls.view_control(view, text)
    _warn_of_unknown_day(day, text)
    if day not in own:
        _absent(view, day, own, text)
        return
    summary = loading.document(api_url, dataset, day, own[day].edition)
    _day(view, summary, own, Surroundings(text, colours, api_url, days[day].get("register")))


@dataclass(frozen=True)
class Surroundings:
    """What a view is drawn with, beside its document; `register` of the same day, if any."""

    text: Text
    colours: Palette
    api_url: str
    register: DatasetDay | None


def _day(
    view: str, summary: PublishedDocument, own: Mapping[date, DatasetDay], around: Surroundings
) -> None:
    text = around.text
    said = [markup.banner(text("banner.synthetic"))] if summary.is_synthetic else []
    st.html(markup.block(text.lang, _head(view, summary.day, text), *said))
    confirmed = partial(_confirmed, register=around.register)
    match summary:
        case ComptagesSummary():
            _show(Scene(summary, *_rest(summary, around)), _roads, confirmed("comptages"))
        case RoadsSummary():
            draw = partial(loops_view.draw, days=own)
            _show(Stage(summary, *_rest(summary, around)), draw, confirmed("comptages"))
        case BikesSummary():
            _show(Stage(summary, *_rest(summary, around)), bikes_view.draw, confirmed("bikes"))
        case VelibSummary():
            _show(Stage(summary, *_rest(summary, around)), velib_view.draw)
        case TrafficSummary():
            _show(Stage(summary, *_rest(summary, around)), transit_view.draw)
        case ChantiersSummary():
            _show(Stage(summary, *_rest(summary, around)), works_view.draw)
        case WeatherSummary():
            _show(Stage(summary, *_rest(summary, around)), weather_view.draw)
        case AcrossSummary():
            _show(Stage(summary, *_rest(summary, around)), across_view.draw)


def _rest(summary: Daily, around: Surroundings) -> tuple[Text, Palette, str, str]:
    return around.text, around.colours, around.api_url, coverage(summary, around.text)


def _confirmed(dataset: Registered, register: DatasetDay | None) -> Callable[[Stage[Any]], None]:
    """Draws the ranges of the register that bear on a dataset."""
    return partial(register_view.confirmed, register=register, dataset=dataset)


def _show(
    stage: Shown,
    draw: Callable[[Shown], None],
    confirmed: Callable[[Stage[Any]], None] | None = None,
) -> None:
    """The sections of a view, or that there are none, and how every view ends."""
    if stage.summary.status == "no_data":
        closing.no_data(stage)
    else:
        draw(stage)
    closing.quality(stage)
    if confirmed is not None:
        confirmed(stage)
    closing.closing(stage)


def _head(view: str, day: date, text: Text) -> str:
    kind = text(f"day_type.{day_type(day)}")
    return markup.head(text(f"kicker.{view}"), day_long(day, text.lang), kind)


def _absent(view: str, day: date, own: Mapping[date, DatasetDay], text: Text) -> None:
    """The day is published, but not of this dataset."""
    newest = text("absent.newest", day=day_long(next(iter(own)), text.lang)) if own else ""
    said = text("absent.text", day=day_long(day, text.lang))
    st.html(
        markup.block(
            text.lang,
            _head(view, day, text),
            markup.notice(text("absent.title"), f"{said} {newest}".strip()),
        )
    )


def _roads(scene: Scene) -> None:
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
            f'<p class="cf-kicker">{text("kicker.any")}</p>',
            markup.notice(text(title), why, commands),
        )
    )
    if st.button(text("retry"), icon=":material/refresh:"):
        loading.published_days.clear()
        st.rerun()
