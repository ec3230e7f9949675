"""The published list of stops by line (IDFM, arrets-lignes), CSV and JSON: where each stop is."""

from collections.abc import Iterator
from typing import Final

from cityflow.contracts.traffic_tables import TRAFFIC_LIST
from cityflow_processor.records import values
from cityflow_processor.records.module import Contents, Outcome, Record, Reject, Source
from cityflow_processor.records.rows import Row, require, rows_of, technical_names
from cityflow_processor.records.values import Unusable

_REQUIRED: Final = ("stop_id", "stop_lon", "stop_lat")
_NAMES: Final = technical_names(dict.fromkeys((*_REQUIRED, "stop_name"), ()))
_POINT: Final = "stop_point:"


def read(source: Source) -> Contents:
    """The stops of one list; a stop of several lines stands in it several times.

    Raises FileRefused.
    """
    require(source, _NAMES, _REQUIRED)
    return Contents("list", TRAFFIC_LIST, _stops(source))


def listed_id(stop_id: str) -> str:
    """How the list names a stop of a feed: without the prefix of its kind.

    A stop area, which the list does not hold, keeps its own.
    """
    return stop_id.removeprefix(_POINT)


def _stops(source: Source) -> Iterator[Outcome]:
    for row in rows_of(source, _NAMES):
        yield row if isinstance(row, Reject) else _stop(row)


def _stop(row: Row) -> Outcome:
    try:
        stop = row.get("stop_id")
        if stop is None:
            raise Unusable("bad_stop", "no identifier")
        lon, lat = (values.number(row.get(name), "place") for name in ("stop_lon", "stop_lat"))
        at = values.point(f"{lat}, {lon}")
        if at is None:
            raise Unusable("bad_place", f"latitude {lat}, longitude {lon}")
    except Unusable as error:
        return row.reject(error.reason, error.detail)
    return Record(row.number, None, (listed_id(stop)[:64], values.short(row.get("stop_name")), *at))
