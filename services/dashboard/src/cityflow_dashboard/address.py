"""The address of the page is the one place where the day and the language are chosen.

`?day=YYYY-MM-DD&lang=fr|en` is a permalink: controls write it, and every run reads it afresh.
"""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from cityflow_dashboard.format import Lang
from cityflow_dashboard.text import preferred

DAY = "day"
LANG = "lang"


def language() -> Lang:
    """The language asked for, else the browser's."""
    asked = st.query_params.get(LANG, "")
    return Lang(asked) if asked in set(Lang) else preferred(st.context.locale)


def asked_day() -> str | None:
    """The day as it stands in the address, or None."""
    return st.query_params.get(DAY)


def chosen_day(days: Sequence[date]) -> date:
    """The day asked for if it is published, else the newest; `days` are newest first."""
    asked = asked_day()
    return next((day for day in days if day.isoformat() == asked), days[0])


def choose_day(day: date) -> None:
    """Write the day into the address."""
    st.query_params[DAY] = day.isoformat()


def choose_language(lang: Lang) -> None:
    """Write the language into the address."""
    st.query_params[LANG] = lang.value
