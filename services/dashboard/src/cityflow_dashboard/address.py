"""The address of the page is the one place where view, day and language are chosen.

`?view=bikes&day=YYYY-MM-DD&lang=fr|en` is a permalink: controls write it, and every run reads it
afresh.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import streamlit as st

from cityflow_dashboard.format import Lang
from cityflow_dashboard.text import preferred

DAY = "day"
LANG = "lang"
VIEW = "view"
VIEWS: Final[Mapping[str, str]] = {
    "roads": "comptages",
    "loops": "roads_analysis",
    "bikes": "bikes",
    "velib": "velib",
    "transit": "traffic",
    "works": "chantiers",
    "weather": "weather",
    "across": "across",
}
"""The views of the page, each with the dataset it shows; the first one is what a visitor finds."""


def language() -> Lang:
    """The language asked for, else the browser's."""
    asked = st.query_params.get(LANG, "")
    return Lang(asked) if asked in set(Lang) else preferred(st.context.locale)


def asked_day() -> str | None:
    """The day as it stands in the address, or None."""
    return st.query_params.get(DAY)


def view() -> str:
    """The view asked for, else the first."""
    asked = st.query_params.get(VIEW, "")
    return asked if asked in VIEWS else next(iter(VIEWS))


def chosen_day(days: Sequence[date], newest: date) -> date:
    """The day asked for if it is published, else the newest of the view."""
    asked = asked_day()
    return next((day for day in days if day.isoformat() == asked), newest)


def choose_day(day: date) -> None:
    """Write the day into the address."""
    st.query_params[DAY] = day.isoformat()


def choose_view(name: str) -> None:
    """Write the view into the address."""
    st.query_params[VIEW] = name


def choose_language(lang: Lang) -> None:
    """Write the language into the address."""
    st.query_params[LANG] = lang.value
