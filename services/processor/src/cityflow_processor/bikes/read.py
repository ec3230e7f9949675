"""Published bike counts and the list of counters, CSV with labels or technical names, and JSON."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from cityflow.calendar import paris_day
from cityflow.contracts.bikes_tables import BIKES_CLEAN, BIKES_LIST
from cityflow_processor.records import values
from cityflow_processor.records.module import Contents, Outcome, Record, Reject, Source, Value
from cityflow_processor.records.rows import Row, columns_of, require, rows_of, technical_names
from cityflow_processor.records.values import Unusable

READER_VERSION: Final = "b1"
BIKE: Final = "bike"
_NAMES: Final = technical_names(
    {
        "id_compteur": ("Identifiant du compteur",),
        "nom_compteur": ("Nom du compteur",),
        "id": ("Identifiant du site de comptage",),
        "name": ("Nom du site de comptage",),
        "sum_counts": ("Comptage horaire",),
        "date": ("Date et heure de comptage",),
        "installation_date": ("Date d'installation du site de comptage",),
        "coordinates": ("Coordonnées géographiques",),
        "mode": ("Mode",),
    }
)
_COUNTER: Final = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.:-]{0,63}", re.ASCII)


def read(source: Source) -> Contents:
    """Rows of counts by service day, or the list of counters. Raises FileRefused."""
    if "sum_counts" in columns_of(source, _NAMES):
        require(source, _NAMES, ("id_compteur", "sum_counts", "date"))
        return Contents("dated", BIKES_CLEAN, _counts(source))
    require(source, _NAMES, ("id_compteur", "nom_compteur"))
    return Contents("list", BIKES_LIST, _listed(source))


def _counts(source: Source) -> Iterator[Outcome]:
    for row in rows_of(source, _NAMES):
        yield row if isinstance(row, Reject) else _count(row)


def _count(row: Row) -> Outcome:
    day: date | None = None
    try:
        start: datetime = values.on_the_hour(row.get("date"))
        day = paris_day(start)
        counter = _counter(row)
        bikes = values.count(row.get("sum_counts"), "count")
    except Unusable as error:
        return row.reject(error.reason, error.detail, day)
    mode = (row.get("mode") or BIKE).casefold()
    return Record(row.number, day, (counter, mode, start, bikes, *_site(row, counter)))


def _listed(source: Source) -> Iterator[Outcome]:
    for row in rows_of(source, _NAMES):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            counter = _counter(row)
        except Unusable as error:
            yield row.reject(error.reason, error.detail)
            continue
        yield Record(row.number, None, (counter, *_site(row, counter)))


def _counter(row: Row) -> str:
    text = row.get("id_compteur")
    if text is None or not _COUNTER.fullmatch(text):
        raise Unusable("bad_counter", f"{text!r} is not the identifier of a counter")
    return text


def _site(row: Row, counter: str) -> tuple[Value, ...]:
    at = values.point(row.get("coordinates"))
    site = values.short(row.get("id")) or counter.partition("-")[0]
    return (
        values.short(row.get("nom_compteur")),
        site,
        values.short(row.get("name")),
        values.day(row.get("installation_date")),
        None if at is None else at[1],
        None if at is None else at[0],
    )
