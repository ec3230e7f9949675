"""One day across datasets: what it is made of, its edition, its publication."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import polars as pl

from cityflow.console import progress
from cityflow.contracts import Counts, Dataset
from cityflow.contracts.across import AcrossContext, AcrossQuality, AcrossSummary
from cityflow.contracts.base import credit_of
from cityflow.contracts.tables import REJECTS
from cityflow.storage import Runs, Store
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.across.effects import Change, Exposure, change, windows
from cityflow_processor.across.like import Like, Sky, similar_days
from cityflow_processor.across.measure import METHOD_VERSION, Told, Works, measure
from cityflow_processor.across.shelf import BESIDE, ROADS, NearArc, Shelf
from cityflow_processor.across.thresholds import limits
from cityflow_processor.asked import Asked
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, publish_day
from cityflow_processor.result import Result
from cityflow_processor.tables import WRITER_VERSION, schema

ACROSS: Final = Dataset.ACROSS.value
_EDITION_DIGITS: Final = 20
_CHANTIERS, _TRAFFIC, _WEATHER = BESIDE


@dataclass(frozen=True)
class Sources:
    """Editions that a day is made of: of the day by dataset, of earlier days by dataset and day.

    What a run of earlier had read is told by these alone.
    """

    day: date
    own: Mapping[str, str]
    roads: Mapping[date, str] = field(default_factory=dict)
    skies: Mapping[date, str] = field(default_factory=dict)


def process(store: Store, asked: Asked) -> Result:
    """Publish the days asked for that have an analysis of the roads, and works, transit or weather.

    Raises StoreUnavailable.
    """
    Runs(store).close_orphans("process")
    result, listing, shelf = Result(ACROSS), Listing.take(store, ACROSS), Shelf(store)
    days = [*_days(shelf, asked)]
    with progress("Looking across", total=len(days), unit="days") as shown:
        for day in days:
            shown.advance()
            used = sources(shelf, day)
            if asked.changed and identity(shelf, used) == listing.editions.get(day):
                continue
            done = publish_day(store, listing, day, partial(built, shelf, used))
            result.days.append(done)
            result.rows_in += done.counts.rows_in
    return result


def _days(shelf: Shelf, asked: Asked) -> Iterator[date]:
    """Days of the roads beside which something stands."""
    beside = {day for name in BESIDE for day in shelf.pointers[name]}
    for day in sorted(shelf.pointers[ROADS]):
        if asked.includes(day) and day in beside:
            yield day


def sources(shelf: Shelf, day: date) -> Sources:
    """What a day is made of, as the editions stand now."""
    own = {name: held[day] for name, held in shelf.pointers.items() if day in held}
    roads, weather = shelf.pointers[ROADS], shelf.pointers[_WEATHER]
    furthest = limits().whole("after_most") + limits().whole("before_days")
    span = [
        day - timedelta(days=n) for n in range(max(furthest, limits().whole("like_days")), 0, -1)
    ]
    earlier = {one: roads[one] for one in span if one in roads}
    told = [one for one in earlier if shelf.has_flows(one, earlier[one])]
    skies = {one: weather[one] for one in told if one in weather}
    all_given = Sources(day, own, {one: earlier[one] for one in told}, skies)
    similar = _similar(shelf, all_given)
    looked = _looked(shelf, all_given, similar)
    return Sources(
        day,
        own,
        {one: earlier[one] for one in looked if one != day},
        {one: skies[one] for one in similar},
    )


def _similar(shelf: Shelf, used: Sources) -> list[date]:
    if _WEATHER not in used.own:
        return []
    skies: dict[date, Sky] = {day: shelf.sky(day, of) for day, of in used.skies.items()}
    skies[used.day] = shelf.sky(used.day, used.own[_WEATHER])
    return similar_days(used.day, skies)


def _looked(shelf: Shelf, used: Sources, similar: Sequence[date]) -> list[date]:
    """The days whose volumes a day looks at, itself too if it is compared with its works."""
    held, found = [*used.roads, used.day], set(similar)
    for start in {one.start for one in _works(shelf, used)}:
        span = windows(used.day, start, held)
        if span is not None:
            found |= {*span.before, *span.during}
    return sorted(found)


def _works(shelf: Shelf, used: Sources) -> list[NearArc]:
    edition = used.own.get(_CHANTIERS)
    return [] if edition is None else shelf.works(used.day, edition)


def built(shelf: Shelf, used: Sources) -> Built:
    """The edition of a day, audited."""
    day = used.day
    documents = {name: shelf.document(name, day, of) for name, of in used.own.items()}
    found = measure(_told(shelf, used, documents))
    edition = identity(shelf, used)
    credits = [c for one in documents.values() for c in credit_of(one).attributions]
    named = list(dict.fromkeys(credits))
    summary = AcrossSummary(
        day=day,
        edition=edition,
        attribution=named[0],
        context_attributions=tuple(named[1:]),
        method_version=METHOD_VERSION,
        thresholds_version=limits().version,
        writer_version=WRITER_VERSION,
        context=AcrossContext(
            roads_analysis=used.own[ROADS],
            **{name: used.own.get(name) for name in BESIDE},
            earlier=_earlier(shelf, used),
        ),
        quality=AcrossQuality(checks=found.checks),
        **found.blocks,
    )
    return Built(
        edition=edition,
        describe=partial(summary.model_dump, mode="json"),
        clean=found.clean,
        tables=found.tables,
        rejects=pl.DataFrame(schema=schema(REJECTS)),
        counts=Counts(rows_in=found.clean.height, published=found.clean.height),
        rejected_by_reason={},
        checks=found.checks,
        inputs=(*used.own.values(), *used.roads.values(), *used.skies.values()),
    )


def _told(shelf: Shelf, used: Sources, documents: Mapping[str, Any]) -> Told:
    day, editions = used.day, {**used.roads, used.day: used.own[ROADS]}
    arcs = shelf.arcs(day, used.own[ROADS])
    names = arcs["arc_id"].to_list()
    stack = partial(shelf.stack, names, editions=editions)
    similar = _similar(shelf, used)
    works = _works(shelf, used)
    at = {arc: n for n, arc in enumerate(names)}
    exposures = [
        Exposure(one.work_id, one.start, one.impact, at[one.arc_id])
        for one in works
        if one.arc_id in at
    ]
    held = sorted(editions) if shelf.has_flows(day, used.own[ROADS]) else sorted(used.roads)
    of_start: dict[date, Change] = {}
    for start in sorted({one.start for one in exposures}):
        span = windows(day, start, held)
        if span is not None:
            of_start[start] = change(span, lambda days: stack(days=days))
    return Told(
        documents=documents,
        arcs=arcs,
        like=Like.of(stack(days=[day])[0], stack(days=similar)),
        similar=similar,
        works=Works(
            exposures,
            sorted({one.arc_id for one in works} - at.keys()),
            {one.work_id: one.impact_weight for one in works},
        ),
        of_start=of_start,
        stops=shelf.near_stops(day, used.own[_TRAFFIC]) if _TRAFFIC in used.own else None,
    )


def _earlier(shelf: Shelf, used: Sources) -> str | None:
    """A digest of all that is taken from earlier days, by content."""
    signs = {str(day): shelf.flows_digest(day, of) for day, of in used.roads.items()}
    seen = [str(day) for day in used.skies]
    return digest(dumps({"flows": signs, "similar": seen}))[:_EDITION_DIGITS] if signs else None


def identity(shelf: Shelf, used: Sources) -> str:
    """The edition of a day: of its own editions, of earlier days by content, of the rules."""
    facts = {
        "dataset": ACROSS,
        "day": str(used.day),
        "own": dict(used.own),
        "earlier": _earlier(shelf, used),
        "thresholds": limits().version,
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(facts))[:_EDITION_DIGITS]
