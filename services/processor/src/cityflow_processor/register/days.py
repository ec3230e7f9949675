"""Editions of the register: of each day that a confirmed range bears on, or once bore on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import polars as pl

from cityflow.console import progress
from cityflow.contracts import Check, Counts, Severity
from cityflow.contracts.base import credit_of
from cityflow.contracts.register import (
    MEASURES,
    FilteredView,
    RegisterContext,
    Registered,
    RegisterEntry,
    RegisterQuality,
    RegisterSummary,
)
from cityflow.contracts.register_tables import (
    REGISTER_ARC_HOURS,
    REGISTER_CLEAN,
    REGISTER_COUNTER_HOURS,
)
from cityflow.contracts.tables import REJECTS, Table
from cityflow.storage import Editions, Runs, Store, layout
from cityflow.storage.canonical import digest, dumps
from cityflow_processor import published
from cityflow_processor.asked import Asked
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, publish_day
from cityflow_processor.register.book import Book, bearing_on
from cityflow_processor.register.view import HOURS, filtered
from cityflow_processor.result import Result
from cityflow_processor.tables import WRITER_VERSION, conform, schema

REGISTER: Final = "register"
METHOD_VERSION: Final = "1"
ROWS_IN_SUMMARY: Final = 50
_EDITION_DIGITS: Final = 20
_TABLES: Final[dict[Registered, Table]] = {
    "comptages": REGISTER_ARC_HOURS,
    "bikes": REGISTER_COUNTER_HOURS,
}
_TOTAL: Final[dict[Registered, str]] = {"comptages": "flow_veh", "bikes": "bikes"}


@dataclass(frozen=True)
class Sources:
    """What a day's edition is made of: the ranges that bear on it, and raw editions by dataset."""

    day: date
    entries: Sequence[RegisterEntry]
    raw: Mapping[Registered, str]


def process(store: Store, asked: Asked) -> Result:
    """Publish the views of the days asked for that ranges bear on. Raises StoreUnavailable."""
    Runs(store).close_orphans("process")
    result, entries = Result(REGISTER), Book(store).standing()
    listing, editions = Listing.take(store, REGISTER), Editions(store)
    raw: dict[Registered, dict[date, str]] = {
        name: {one.day: one.edition for one in editions.pointers(name) if one.status != "no_data"}
        for name in MEASURES
    }
    days = [*_days(asked, entries, raw, set(listing.editions))]
    with progress("Filtering", total=len(days), unit="days") as shown:
        for day in days:
            shown.advance()
            of_day = sources(day, entries, {name: held.get(day) for name, held in raw.items()})
            if asked.changed and identity(of_day) == listing.editions.get(day):
                continue
            done = publish_day(store, listing, day, partial(built, store, of_day))
            result.days.append(done)
            result.rows_in += done.counts.rows_in
    return result


def sources(
    day: date, entries: Sequence[RegisterEntry], editions: Mapping[Registered, str | None]
) -> Sources:
    """What a day's edition is made of; raw editions only where a range bears on their dataset."""
    bearing = bearing_on(entries, day)
    touched = {one.range.dataset for one in bearing}
    raw = {name: of for name, of in editions.items() if of is not None and name in touched}
    return Sources(day, bearing, raw)


def _days(
    asked: Asked,
    entries: Sequence[RegisterEntry],
    raw: Mapping[Registered, Mapping[date, str]],
    published: set[date],
) -> Iterator[date]:
    for day in sorted({day for held in raw.values() for day in held}):
        if asked.includes(day) and (day in published or bearing_on(entries, day)):
            yield day


def built(store: Store, used: Sources) -> Built:
    """The edition of a day, audited."""
    documents = {
        name: published.document(store, name, used.day, of) for name, of in used.raw.items()
    }
    tables, views, checks = {}, list[FilteredView](), []
    for name, of in used.raw.items():
        own = [one.range for one in used.entries if one.range.dataset == name]
        raw = _raw(store, name, used.day, of)
        table, lost = filtered(name, raw, own)
        tables[_TABLES[name].name] = table
        views += lost
        checks += [
            _conservation(name, documents[name], lost),
            _known(name, raw, [one.sensor for one in own if one.sensor is not None]),
        ]
    summary = RegisterSummary(
        day=used.day,
        edition=identity(used),
        **_credit(store, used, documents),
        status="published",
        method_version=METHOD_VERSION,
        writer_version=WRITER_VERSION,
        context=RegisterContext(comptages=used.raw.get("comptages"), bikes=used.raw.get("bikes")),
        ranges_total=len(used.entries),
        ranges=tuple(one.range for one in used.entries[:ROWS_IN_SUMMARY]),
        views=tuple(views),
        quality=RegisterQuality(checks=tuple(checks)),
    )
    rows = [{"range_id": one.range_id, **one.range.model_dump()} for one in used.entries]
    clean = pl.DataFrame(rows, schema=schema(REGISTER_CLEAN)).sort(REGISTER_CLEAN.key)
    return Built(
        edition=summary.edition,
        describe=partial(summary.model_dump, mode="json"),
        clean=clean,
        tables=tables,
        rejects=pl.DataFrame(schema=schema(REJECTS)),
        counts=Counts(rows_in=clean.height, published=clean.height),
        rejected_by_reason={},
        checks=tuple(checks),
        inputs=(*used.raw.values(), *(one.range_id for one in used.entries)),
    )


def identity(used: Sources) -> str:
    """The edition: of the ranges, the raw editions, the rules and the writer."""
    facts = {
        "dataset": REGISTER,
        "day": str(used.day),
        "ranges": [one.range_id for one in used.entries],
        "raw": dict(used.raw),
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(facts))[:_EDITION_DIGITS]


def _raw(store: Store, dataset: Registered, day: date, edition: str) -> pl.DataFrame:
    key = layout.table(dataset, day, edition, _TABLES[dataset].name)
    return conform(published.table(store, key), _TABLES[dataset])


def _credit(
    store: Store, used: Sources, documents: Mapping[Registered, Mapping[str, Any]]
) -> dict[str, Any]:
    """Whom to name; of a day without ranges those of whatever is counted on it."""
    found = list(documents.values())
    for name in () if found else MEASURES:
        pointer = Editions(store).current(name, used.day)
        if pointer is not None:
            found.append(published.document(store, name, used.day, pointer.edition))
    every = [credit for one in found for credit in credit_of(one).attributions]
    named = list(dict.fromkeys(every))
    return {"attribution": named[0], "context_attributions": tuple(named[1:])}


def _conservation(
    dataset: Registered, document: Mapping[str, Any], views: Sequence[FilteredView]
) -> Check:
    """Red: raw hours that do not add up to the headline total are a fault of CityFlow."""
    measure = _TOTAL[dataset]
    (found,) = [view.raw_sum for view in views if view.measure == measure]
    said = document["totals"][measure]
    severity = Severity.GREEN if found == said else Severity.RED
    message = f"hours {found}, total {said} of {measure}"
    return Check(name=f"conservation of {dataset}", severity=severity, message=message)


def _known(dataset: Registered, raw: pl.DataFrame, sensors: Sequence[str]) -> Check:
    """Yellow: a range of a sensor that has no row on the day may name the wrong one."""
    unknown = sorted(set(sensors) - set(raw[HOURS[dataset].sensor]))
    severity = Severity.YELLOW if unknown else Severity.GREEN
    message = f"{len(unknown)} sensors without a row: {', '.join(unknown[:5]) or 'none'}"
    return Check(name=f"sensors of {dataset}", severity=severity, message=message)
