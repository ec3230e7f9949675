"""The day's headline figures as cards: no figure stands without the coverage it rests on."""

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.comptages import DayTotals
from cityflow_dashboard import markup
from cityflow_dashboard.format import Lang, number, percent, share
from cityflow_dashboard.markup import Card, Cover, Part
from cityflow_dashboard.palette import Palette
from cityflow_dashboard.text import Text


def headline(summary: ComptagesSummary, text: Text, colours: Palette) -> str:
    """The cards of the day: flow, distance, occupancy, saturation, arcs."""
    totals = summary.totals
    figures = (
        _flow(totals, text),
        _distance(totals, text),
        _occupancy(totals, text),
        _saturated(totals, text),
    )
    return markup.cards(figures, _arcs(totals, text, colours))


def _flow(totals: DayTotals, text: Text) -> Card:
    return Card(
        text("figures.flow"),
        number(totals.flow_veh, text.lang),
        text("figures.flow.unit"),
        text("figures.flow.note"),
        cover(totals.flow_coverage, text("figures.flow.cover"), text.lang),
    )


def _distance(totals: DayTotals, text: Text) -> Card:
    return Card(
        text("figures.vkt"),
        number(totals.vkt_veh_km, text.lang),
        text("figures.vkt.unit"),
        text("figures.vkt.note"),
        cover(totals.vkt_flow_share, text("figures.vkt.cover"), text.lang),
    )


def _occupancy(totals: DayTotals, text: Text) -> Card:
    return Card(
        text("figures.occupancy"),
        percent(totals.occupancy_mean_pct, text.lang),
        text("figures.occupancy.unit"),
        text("figures.occupancy.note"),
        cover(totals.occupancy_coverage, text("figures.occupancy.cover"), text.lang),
    )


def _saturated(totals: DayTotals, text: Text) -> Card:
    known = totals.occupancy_hours > 0
    hours = totals.saturated_hours if known else None
    blocked = totals.blocked_hours if known else None
    return Card(
        text("figures.saturated"),
        number(hours, text.lang),
        text("figures.saturated.unit"),
        text("figures.saturated.note", blocked=number(blocked, text.lang)),
        cover(totals.occupancy_coverage, text("figures.saturated.cover"), text.lang),
    )


def _arcs(totals: DayTotals, text: Text, colours: Palette) -> str:
    counts = (
        ("counting", totals.arcs_with_flow, colours.accent),
        ("occupancy_only", totals.arcs_occupancy_only, colours.muted),
        ("silent", totals.arcs_silent, colours.grid),
    )
    parts = [
        Part(
            text(f"figures.arcs.{name}"),
            number(count, text.lang),
            count / totals.arcs if totals.arcs else 0.0,
            colour,
        )
        for name, count, colour in counts
    ]
    return markup.parts_card(
        text("figures.arcs"), number(totals.arcs, text.lang), text("figures.arcs.unit"), parts
    )


def cover(value: float | None, of_what: str, lang: Lang) -> Cover:
    """The coverage to print beside a figure."""
    return Cover(value, share(value, lang), of_what)
