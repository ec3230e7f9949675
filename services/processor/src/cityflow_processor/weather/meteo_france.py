"""Météo-France's daily climatology (files Q_…): one row a station and day."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from cityflow.calendar import day_bounds
from cityflow_processor.records import values
from cityflow_processor.records.module import Outcome, Record, Reject, Source
from cityflow_processor.records.rows import Row, rows_of, technical_names
from cityflow_processor.records.values import Unusable

PROVIDER: Final = "meteo-france"
NAMES: Final = technical_names(
    dict.fromkeys(
        ("NUM_POSTE", "NOM_USUEL", "LAT", "LON", "AAAAMMJJ", "RR", "TN", "TX", "TM", "FFM", "FXI"),
        (),
    )
)
_KMH: Final = 3.6


def rows(source: Source) -> Iterator[Outcome]:
    """Days of stations. Rain of a day is from 06 to 06 UTC; wind is turned into km/h."""
    for row in rows_of(source, NAMES):
        yield row if isinstance(row, Reject) else _day(row)


def _day(row: Row) -> Outcome:
    day: date | None = None
    try:
        day = _date(row.get("AAAAMMJJ"))
        station = row.get("NUM_POSTE")
        if station is None:
            raise Unusable("bad_station", "no NUM_POSTE")
        mean, low, high, rain = (_number(row, name) for name in ("TM", "TN", "TX", "RR"))
        wind, gust = (_kmh(_number(row, name)) for name in ("FFM", "FXI"))
        at = (_number(row, "LAT"), _number(row, "LON"))
    except Unusable as error:
        return row.reject(error.reason, error.detail, day)
    place = (station, "day", day_bounds(day)[0], PROVIDER, values.short(row.get("NOM_USUEL")))
    measured = (mean, low, high, rain, None, wind, gust, None, None, None)
    return Record(row.number, day, (*place, *at, *measured))


def _date(text: str | None) -> date:
    try:
        return datetime.strptime(text or "", "%Y%m%d").date()
    except ValueError as error:
        raise Unusable("bad_time", f"{text!r} is not a day") from error


def _number(row: Row, name: str) -> float | None:
    return values.number(row.get(name), name.lower())


def _kmh(metres_per_second: float | None) -> float | None:
    return None if metres_per_second is None else round(metres_per_second * _KMH, 2)
