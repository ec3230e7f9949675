"""The bike-share stations by their last report of the day."""

from cityflow.contracts.velib import VelibArea, VelibSummary
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, clock, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import part, place
from cityflow_dashboard.markup import Card, Cell, Part, listed
from cityflow_dashboard.stage import Stage

Velib = Stage[VelibSummary]


def draw(stage: Velib) -> None:
    """All sections."""
    stage.heading("velib.title")
    newest = stage.summary.newest_report_at
    at = DASH if newest is None else clock(newest, stage.lang)
    stage.html(
        markup.note(stage.text("velib.newest", at=at)),
        markup.cards(_cards(stage), _stations(stage)),
    )
    _areas(stage)


def _cards(stage: Velib) -> list[Card]:
    text, lang, totals = stage.text, stage.lang, stage.summary.totals
    live = cover(totals.live_share, text("velib.cover"), lang)
    kinds = {"mechanical": number(totals.mechanical, lang), "ebikes": number(totals.ebikes, lang)}
    return [
        Card(text("velib.bikes"), number(totals.bikes, lang), text("velib.bikes.unit"),
             text("velib.bikes.note", **kinds), live),
        Card(text("velib.docks"), number(totals.docks, lang), text("velib.docks.unit"),
             text("velib.docks.note"), live),
        Card(text("velib.empty"), share(totals.empty_share, lang), text("velib.empty.unit"),
             text("velib.empty.note", count=number(totals.empty, lang)), live),
        Card(text("velib.full"), share(totals.full_share, lang), text("velib.full.unit"),
             text("velib.full.note", count=number(totals.full, lang)), live),
    ]  # fmt: skip


def _stations(stage: Velib) -> str:
    text, lang, totals, colours = stage.text, stage.lang, stage.summary.totals, stage.colours
    counts = (
        ("velib.live", totals.live, colours.accent),
        ("velib.stale", totals.stale, colours.muted),
        ("velib.closed", totals.closed, colours.grid),
    )
    parts = [
        Part(text(name), number(count, lang), part(count, totals.stations) or 0.0, colour)
        for name, count, colour in counts
    ]
    return markup.parts_card(
        text("velib.stations"), number(totals.stations, lang), text("velib.stations.unit"), parts
    )


def _areas(stage: Velib) -> None:
    stage.heading("areas.title")
    found = stage.summary.arrondissements
    largest = max((one.bikes or 0 for one in found), default=0)
    titles = ("velib.stations", "column.live", "velib.bikes", "velib.docks", "velib.empty",
              "velib.full")  # fmt: skip
    rows = [_area(one, largest, stage) for one in found]
    stage.html(listed(stage.text, "areas.title", ("column.area",), titles, rows))


def _area(one: VelibArea, largest: int, stage: Velib) -> tuple[Cell, ...]:
    lang = stage.lang
    return (
        Cell(place(one.arrondissement, stage.text)),
        Cell(number(one.stations, lang)),
        Cell(share(one.live_share, lang, 0)),
        Cell(number(one.bikes, lang), bar=part(one.bikes, largest)),
        Cell(number(one.docks, lang)),
        Cell(share(one.empty_share, lang)),
        Cell(share(one.full_share, lang)),
    )
