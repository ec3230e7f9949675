"""A day across datasets: its volumes beside days of similar weather, and arcs near works."""

from cityflow.contracts.across import AcrossSummary, AcrossZone, WorkEffect
from cityflow_dashboard import markup
from cityflow_dashboard.format import DASH, change, day_short, number, share
from cityflow_dashboard.headline import cover
from cityflow_dashboard.listing import place, whereabouts
from cityflow_dashboard.markup import Card, Cell, listed
from cityflow_dashboard.stage import Stage

Across = Stage[AcrossSummary]


def draw(stage: Across) -> None:
    """All sections."""
    stage.heading("across.title")
    stage.html(
        markup.note(_beside(stage)), markup.note(_similar(stage)), markup.cards(_cards(stage))
    )
    _effects(stage)
    _areas(stage)


def _similar(stage: Across) -> str:
    days = stage.summary.similar
    if stage.summary.city.like_ratio is None:
        return stage.text("across.silent", count=number(len(days), stage.lang))
    named = ", ".join(day_short(day, stage.lang) for day in days)
    return stage.text("across.similar", days=named)


def _beside(stage: Across) -> str:
    """Weather and works of the day, in one sentence each."""
    text, lang, summary = stage.text, stage.lang, stage.summary
    city, weather = summary.city, summary.weather
    said = text(
        "across.works",
        active=number(city.works_active, lang),
        arcs=number(city.exposed_arcs, lang),
        compared=number(city.works_compared, lang),
    )
    if weather is None:
        return said
    sky = text(
        "across.weather",
        sky=text(f"sky.{weather.category}"),
        degrees=number(weather.temperature_c, lang, 1),
        rain=number(weather.precipitation_mm, lang, 1),
    )
    return f"{sky} {said}"


def _cards(stage: Across) -> list[Card]:
    text, lang, city = stage.text, stage.lang, stage.summary.city
    transit = stage.summary.transit
    served, seen = (transit.availability, transit.coverage) if transit else (None, None)
    volumes = {"now": number(city.compared_veh, lang), "then": number(city.similar_veh, lang)}
    return [
        Card(text("across.like"), change(city.like_ratio, lang), text("across.like.unit"),
             text("across.like.note", **volumes),
             cover(city.compared_share, text("across.cover"), lang)),
        Card(text("across.index"), number(city.tti_area, lang, 2), text("across.index.unit"),
             text("across.index.note"), cover(city.index_coverage, text("across.index.cover"),
             lang)),
        Card(text("transit.availability"), share(served, lang),
             text("transit.availability.unit"), text("across.transit.note"),
             cover(seen, text("transit.cover"), lang)),
    ]  # fmt: skip


def _areas(stage: Across) -> None:
    stage.heading("across_areas.title")
    rows = [_area(one, stage) for one in stage.summary.arrondissements]
    titles = ("across.like", "across.compared", "across.index", "across.works_active",
              "across.exposed", "stops.disrupted")  # fmt: skip
    stage.html(listed(stage.text, "across_areas.title", ("column.area",), titles, rows))


def _area(one: AcrossZone, stage: Across) -> tuple[Cell, ...]:
    lang = stage.lang
    return (
        Cell(place(one.arrondissement, stage.text)),
        Cell(change(one.like_ratio, lang)),
        Cell(share(one.compared_share, lang, 0)),
        Cell(number(one.tti_area, lang, 2), sub=share(one.index_coverage, lang, 0)),
        Cell(number(one.works_active, lang)),
        Cell(number(one.exposed_arcs, lang)),
        Cell(number(one.disrupted_stops, lang)),
    )


def _effects(stage: Across) -> None:
    stage.heading("effects.title")
    text, found = stage.text, stage.summary.works
    if not found:
        stage.html(markup.note(text("effects.none")))
        return
    titles = ("effects.change", "effects.arc", "effects.control", "effects.days")
    rows = [_effect(one, stage) for one in found]
    stage.html(
        markup.note(text("effects.note")),
        listed(text, "effects.title", ("column.label",), titles, rows),
    )


def _effect(one: WorkEffect, stage: Across) -> tuple[Cell, ...]:
    lang, text = stage.lang, stage.text
    where = whereabouts(one.arc_id, one.arrondissement, text)
    since = text("works.since", day=day_short(one.start, lang))
    return (
        Cell(one.label or DASH, sub=f"{where} · {text(f'impact.{one.impact}')} {since}"),
        Cell(change(None if one.work_change is None else 1 + one.work_change, lang)),
        Cell(change(one.work_ratio, lang)),
        Cell(change(one.control_ratio, lang), sub=f"{number(one.control_arcs, lang)}"),
        Cell(f"{number(one.before_days, lang)} / {number(one.during_days, lang)}"),
    )
