"""What every view stands on: one day's document of one dataset, the words, the colours, the API.

Day, edition and coverage are printed under every heading.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

import pandas as pd
import streamlit as st

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.daily import DaySummary
from cityflow.contracts.roads import RoadsSummary
from cityflow_dashboard import figures, markup, profiles
from cityflow_dashboard.client import ApiError
from cityflow_dashboard.format import Lang, day_short, hour, hour_span
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text

Document = TypeVar("Document", bound=ComptagesSummary | RoadsSummary | AcrossSummary | DaySummary)
Draw = Callable[[pd.DataFrame, Text, Palette], figures.Panel]
CHARTS: Final[dict[str, tuple[Draw, str]]] = {
    "hours.flow": (figures.flow, "flow_veh"),
    "hours.occupancy": (figures.occupancy, "occupancy_mean_pct"),
    "hours.coverage": (figures.coverage, "flow_coverage_pct"),
    "hours.states": (figures.states, "share_pct"),
    "arc.history": (figures.history, "flow_veh"),
    "loops.index": (partial(profiles.line, "loops.index"), "value"),
    "loops.delay": (partial(profiles.bars, "loops.delay"), "value"),
    "loops.days": (profiles.statuses, "arcs"),
    "bikes.hours": (partial(profiles.bars, "bikes.hours"), "value"),
    "weather.temperature": (partial(profiles.line, "weather.temperature"), "value"),
    "weather.rain": (partial(profiles.bars, "weather.rain"), "value"),
}
"""By their title: how each is drawn, and of which column."""


@dataclass(frozen=True)
class Stage(Generic[Document]):
    """What a view needs; `coverage` says in words what its figures rest on."""

    summary: Document
    text: Text
    colours: Palette
    api_url: str
    coverage: str

    @property
    def lang(self) -> Lang:
        """The language of the page."""
        return self.text.lang

    @property
    def stamp(self) -> str:
        """Day, edition and coverage, to print on every view."""
        day = day_short(self.summary.day, self.lang)
        return self.text("stamp", day=day, edition=self.summary.edition, coverage=self.coverage)

    def html(self, *parts: str) -> None:
        """Put HTML on the page in the page's language."""
        st.html(markup.block(self.lang, *parts))

    def heading(self, key: str) -> None:
        """A section's heading, and under it the stamp."""
        self.html(markup.heading(self.text(key), key.partition(".")[0]), markup.stamp(self.stamp))


def hour_labels(starts: list[int], lang: Lang) -> list[str]:
    """One label an hour of the day, the repeated autumn hour told apart."""
    return _told_apart([hour(start, lang) for start in starts])


def hour_spans(starts: list[int], lang: Lang) -> list[str]:
    """The same as spans, start to end."""
    return _told_apart([hour_span(start, lang) for start in starts])


def chart(stage: Stage[Document], title: str, table: pd.DataFrame, key: str) -> None:
    """Draw a table, or say that it holds nothing to draw: no axis stands without a figure."""
    draw, measure = CHARTS[title]
    if table.empty or table[measure].isna().all():
        stage.html(markup.note(stage.text("chart.none", what=stage.text(title))))
        return
    drawn = draw(table, stage.text, stage.colours)
    st.altair_chart(drawn, width="stretch", alt=stage.text(f"{title}.alt"), key=key)


@contextmanager
def said_if_missing(stage: Stage[Document]) -> Iterator[None]:
    """A section whose own question to the API fails says so; the rest of the page stands."""
    try:
        yield
    except ApiError as error:
        stage.html(markup.notice(stage.text("refused.title"), str(error)))


def _told_apart(labels: list[str]) -> list[str]:
    return [
        f"{label} (2)" if label in labels[:position] else label
        for position, label in enumerate(labels)
    ]
