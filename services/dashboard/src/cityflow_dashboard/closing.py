"""How every view ends: how the day was read, what the gates said, whom to name."""

import streamlit as st

from cityflow.contracts import Severity
from cityflow.contracts.across import AcrossQuality
from cityflow.contracts.roads import RoadsQuality
from cityflow_dashboard import listing, markup
from cityflow_dashboard.format import day_long, number
from cityflow_dashboard.stage import Document, Stage
from cityflow_dashboard.text import Text


def quality(stage: Stage[Document]) -> None:
    """What the gates said; reservations stand in the open."""
    stage.heading("quality.title")
    found, text = stage.summary.quality, stage.text
    reserved = [check for check in found.checks if check.severity is Severity.YELLOW]
    said = _verdict(len(found.checks), len(reserved), text)
    if not isinstance(found, RoadsQuality | AcrossQuality):
        stage.html(markup.note(listing.rows_read(found, text)))
    if reserved:
        stage.html(listing.checks(reserved, text, said))
    else:
        stage.html(f"<p>{said}</p>")
    with st.expander(text("quality.checks")):
        stage.html(listing.checks(found.checks, text, text("quality.checks"), False))


def no_data(stage: Stage[Document]) -> None:
    """A published day without a usable row: said, not drawn as zero."""
    found, day = stage.summary.quality, day_long(stage.summary.day, stage.lang)
    rows = 0 if isinstance(found, RoadsQuality | AcrossQuality) else found.rows_in
    why = "no_data.rejected" if rows else "no_data.text"
    said = stage.text(why, day=day, rows=number(rows, stage.lang))
    title = "no_data.rejected.title" if rows else "no_data.title"
    stage.html(
        markup.notice(stage.text(title), said),
        markup.stamp(stage.stamp),
    )


def closing(stage: Stage[Document]) -> None:
    """Source, licence, method, edition."""
    stage.html(listing.closing(stage.summary, stage.stamp, stage.text))


def _verdict(checks: int, reserved: int, text: Text) -> str:
    if not reserved:
        return text("quality.all_green_one" if checks == 1 else "quality.all_green", count=checks)
    return text("quality.yellow_one" if reserved == 1 else "quality.yellow", count=reserved)
