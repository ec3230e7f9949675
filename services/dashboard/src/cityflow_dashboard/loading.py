"""What the page holds in memory: an edition never changes, so it is asked for once.

Only the list of days is asked for again, since it says which edition is the current one.
"""

from datetime import date, datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from cityflow.contracts import PublishedDocument
from cityflow.contracts.api import ArcHourRow, DatasetDay
from cityflow.settings import Settings
from cityflow_dashboard.client import Api
from cityflow_dashboard.frames import arcs_frame, history_frame, hour_frame

DAYS_SECONDS: Final = 15
EDITIONS_HELD: Final = 24
DOCUMENTS_HELD: Final = 96
HOURS_HELD: Final = 96
HISTORY_DAYS: Final = 31


@st.cache_resource(show_spinner=False)
def api_url() -> str:
    """API_URL of this process, read once."""
    return Settings.load().api_url


@st.cache_data(ttl=DAYS_SECONDS, show_spinner=False)
def published_days(api_url: str) -> dict[date, dict[str, DatasetDay]]:
    """The editions of each published day by dataset, newest day first."""
    return {
        entry.day: {str(found.dataset): found for found in entry.datasets}
        for entry in Api(api_url).days()
        if entry.datasets
    }


@st.cache_data(max_entries=DOCUMENTS_HELD, show_spinner=False)
def document(api_url: str, dataset: str, day: date, edition: str) -> PublishedDocument:
    """The summary document of one edition."""
    return Api(api_url).document(dataset, day, edition)


@st.cache_data(max_entries=EDITIONS_HELD, show_spinner=False)
def arcs(api_url: str, day: date, edition: str) -> pd.DataFrame:
    """The arcs of one edition (an `arcs_frame`)."""
    return arcs_frame(Api(api_url).arcs(day, edition))


@st.cache_data(max_entries=HOURS_HELD, show_spinner=False)
def one_hour(
    api_url: str, day: date, edition: str, hour_of_day: int, hour_end: datetime
) -> pd.DataFrame:
    """The arcs in the hour that ends at `hour_end`, an `hour_frame`."""
    rows = Api(api_url).arc_hours(day, edition, hour_of_day)
    return hour_frame([row for row in rows if row.hour_end == hour_end])


@st.cache_data(max_entries=HOURS_HELD, show_spinner=False)
def hours_of_arc(api_url: str, day: date, edition: str, arc_id: str) -> tuple[ArcHourRow, ...]:
    """The hours of one arc in one edition."""
    return Api(api_url).hours_of_arc(day, edition, arc_id)


@st.cache_data(ttl=DAYS_SECONDS, show_spinner=False)
def history(api_url: str, day: date, arc_id: str) -> pd.DataFrame:
    """One arc on the published days of the month up to a day, a `history_frame`."""
    first = day - timedelta(days=HISTORY_DAYS - 1)
    return history_frame(Api(api_url).arc_days(arc_id, first, day))
