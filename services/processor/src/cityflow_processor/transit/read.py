"""The two published forms of the disruptions: PRIM in bulk, and pages of Navitia line_reports.

Lines, modes and stops come from the objects that a disruption touches, never from its words. The
list of stops beside them (IDFM, arrets-lignes) says where those are that a feed does not place.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cityflow.contracts.traffic_tables import TRAFFIC_CLEAN
from cityflow.errors import FileRefused
from cityflow_processor.records import values
from cityflow_processor.records.module import Contents, Outcome, Record, Reject, Source, Value
from cityflow_processor.records.rows import RAW_TEXT, document
from cityflow_processor.records.values import Unusable
from cityflow_processor.transit import navitia, prim, stop_list
from cityflow_processor.transit.lines import Lines
from cityflow_processor.transit.periods import localise, naive, spans_of, written
from cityflow_processor.transit.stops import Stops
from cityflow_processor.transit.thresholds import limits

READER_VERSION: Final = "t3"
_SEVERITIES: Final = {
    "bloquante": "blocking", "perturbee": "disrupted", "information": "information",
}  # fmt: skip
_Touched = tuple[Mapping[str, Lines], Mapping[str, Stops]]
"""Lines and stops by disruption."""
_CAUSES: Final = {"travaux": "works", "perturbation": "incident"}


def read(source: Source) -> Contents:
    """The disruptions of one answer, at the time it names, or the list of stops.

    Raises FileRefused.
    """
    if source.media == "csv":
        return stop_list.read(source)
    answer = document(source)
    if isinstance(answer, list):
        source.stream.seek(0)
        return stop_list.read(source)
    found = answer.get("disruptions") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise FileRefused(source.name, "no list of disruptions", "PRIM bulk or line_reports")
    is_navitia = "line_reports" in answer or any("application_periods" in d for d in _dicts(found))
    stated = navitia.stated(answer) if is_navitia else prim.stated(answer)
    taken = min(source.received_at, _instant(stated) or source.received_at).astimezone(UTC)
    page, *about = navitia.page(answer) if is_navitia else (0, None, None)
    feed = "navitia" if is_navitia else "prim"
    of_feed = navitia if is_navitia else prim
    touched = of_feed.lines_of(answer), of_feed.stops_of(answer)
    return Contents(
        "snapshot", TRAFFIC_CLEAN, _outcomes(found, (taken, feed, page or 0), touched, about), taken
    )


def _outcomes(
    found: list[Any],
    at: tuple[datetime, str, int],
    touched: _Touched,
    about: Sequence[Value],
) -> Iterator[Outcome]:
    for number, one in enumerate(found, 1):
        try:
            yield Record(number, None, (*at, *_disruption(one, *touched), *about))
        except Unusable as error:
            raw = json.dumps(one, ensure_ascii=False)[:RAW_TEXT]
            yield Reject(number, None, error.reason, error.detail, raw)


def _disruption(
    one: Any, lines: Mapping[str, Lines], stops: Mapping[str, Stops]
) -> tuple[Value, ...]:
    if not isinstance(one, dict):
        raise Unusable("not_an_object", "an item of the list of disruptions")
    identifier = one.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise Unusable("bad_disruption", f"the identifier {identifier!r}")
    spans = spans_of(one.get("applicationPeriods", one.get("application_periods")))
    severity, published, priority = _severity(one.get("severity"))
    return (
        identifier[:64],
        _instant(one.get("lastUpdate", one.get("updated_at"))),
        severity,
        _CAUSES.get(_plain(one.get("cause")), "other"),
        values.short(_title(one)),
        published,
        priority,
        written(spans),
        *(held[identifier].written() if identifier in held else "[]" for held in (lines, stops)),
    )


def _severity(found: Any) -> tuple[str, str | None, int | None]:
    """Class, name as published, priority: where there is one it decides, lower being worse."""
    name = found.get("name") if isinstance(found, dict) else found
    priority = found.get("priority") if isinstance(found, dict) else None
    if isinstance(priority, int) and not isinstance(priority, bool):
        if priority <= limits()["blocking_priority"]:
            return "blocking", values.short(str(name)), priority
        mild = priority > limits()["disrupted_priority"]
        return "information" if mild else "disrupted", values.short(str(name)), priority
    severity = _SEVERITIES.get(_plain(name))
    if severity is None:
        raise Unusable("bad_severity", f"the severity {name!r}")
    return severity, values.short(str(name)), None


def _title(one: Mapping[str, Any]) -> str | None:
    if isinstance(one.get("title"), str):
        return str(one["title"])
    for message in _dicts(one.get("messages")):
        channel = message.get("channel")
        if isinstance(channel, dict) and "title" in (channel.get("types") or ()):
            return str(message.get("text") or "") or None
    return None


def _instant(text: Any) -> datetime | None:
    """A time of the feed: with a zone, or naive and then of Paris; None for anything else."""
    try:
        return localise(naive(text), is_end=True)
    except Unusable:
        pass
    try:
        return values.instant(text if isinstance(text, str) else None)
    except Unusable:
        return None


def _plain(text: Any) -> str:
    """A word in lower case without accents."""
    letters = unicodedata.normalize("NFKD", str(text).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
