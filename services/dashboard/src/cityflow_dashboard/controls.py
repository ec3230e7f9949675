"""The controls of the page: view, day, earlier, later, language. They only write the address."""

from collections.abc import Mapping
from datetime import date

import streamlit as st

from cityflow_dashboard import address
from cityflow_dashboard.format import Lang, day_long
from cityflow_dashboard.text import Text

_DAY = "control_day"
_LANG = "control_lang"
_VIEW = "control_view"


def language_control(text: Text) -> None:
    """French or English."""
    st.session_state[_LANG] = text.lang
    st.segmented_control(
        text("nav.language"),
        list(Lang),
        format_func=lambda lang: lang.upper(),
        key=_LANG,
        on_change=_write_language,
        label_visibility="collapsed",
        required=True,
    )


def view_control(view: str, text: Text) -> None:
    """What to look at."""
    st.session_state[_VIEW] = view
    st.segmented_control(
        text("nav.view"),
        list(address.VIEWS),
        format_func=lambda name: text(f"view.{name}"),
        key=_VIEW,
        on_change=_write_view,
        label_visibility="collapsed",
        required=True,
    )


def day_control(days: Mapping[date, str], day: date, text: Text) -> None:
    """The days, newest first, with the status of the view's dataset, and steps beside the one
    shown.
    """
    order = list(days)
    place = order.index(day)
    _step("chevron_left", "nav.earlier", order[place + 1 : place + 2], text)
    st.session_state[_DAY] = day
    st.selectbox(
        text("nav.day"),
        order,
        format_func=lambda d: _day_name(d, days[d], text),
        key=_DAY,
        on_change=_write_day,
        label_visibility="collapsed",
        width=330,
    )
    _step("chevron_right", "nav.later", order[max(place - 1, 0) : place], text)


def _step(icon: str, name: str, target: list[date], text: Text) -> None:
    st.button(
        text(name),
        icon=f":material/{icon}:",
        key=name,
        disabled=not target,
        on_click=address.choose_day,
        args=target,
    )


def _day_name(day: date, status: str, text: Text) -> str:
    name = day_long(day, text.lang)
    return name if status == "published" else f"{name} ({text(f'nav.{status}')})"


def _write_view() -> None:
    address.choose_view(st.session_state[_VIEW])


def _write_day() -> None:
    address.choose_day(st.session_state[_DAY])


def _write_language() -> None:
    address.choose_language(Lang(st.session_state[_LANG]))
