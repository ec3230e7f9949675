"""Published station states (GBFS and the portal's export) and the list of stations."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

from cityflow.calendar import paris_day
from cityflow.contracts.velib_tables import VELIB_CLEAN, VELIB_LIST
from cityflow.errors import FileRefused
from cityflow_processor.records import values
from cityflow_processor.records.module import Contents, Outcome, Record, Reject, Source, Value
from cityflow_processor.records.rows import RAW_TEXT, Row, document, rows_of, technical_names
from cityflow_processor.records.values import Unusable

READER_VERSION: Final = "v1"
_NAMES: Final = technical_names(
    {
        "stationcode": ("Identifiant station",),
        "name": ("Nom station",),
        "is_installed": ("Station en fonctionnement",),
        "capacity": ("Capacité de la station",),
        "numdocksavailable": ("Nombre bornettes libres",),
        "numbikesavailable": ("Nombre total vélos disponibles",),
        "mechanical": ("Vélos mécaniques disponibles",),
        "ebike": ("Vélos électriques disponibles",),
        "is_renting": ("Borne de paiement disponible",),
        "is_returning": ("Retour vélib possible",),
        "duedate": ("Actualisation de la donnée",),
        "coordonnees_geo": ("Coordonnées géographiques",),
        "nom_arrondissement_communes": ("Nom communes équipées",),
    }
)
_YES: Final = {"oui": 1, "1": 1, "true": 1, "non": 0, "0": 0, "false": 0}


def read(source: Source) -> Contents:
    """Stations' states, of the day of their answer, or the list of stations. Raises FileRefused."""
    if source.media == "json" and (answer := _gbfs(source)) is not None:
        stations = answer["data"]["stations"]
        if any("num_bikes_available" in one for one in stations if isinstance(one, dict)):
            day = paris_day(_updated(source.name, answer))
            return Contents("dated", VELIB_CLEAN, _states(stations, day))
        return Contents("list", VELIB_LIST, _listed(stations))
    return Contents("dated", VELIB_CLEAN, _export(source))


def _gbfs(source: Source) -> dict[str, Any] | None:
    """A GBFS answer; None for a table of the portal, its stream left at the start."""
    answer = document(source)
    source.stream.seek(0)
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict):
        if isinstance(answer["data"].get("stations"), list):
            return answer
        raise FileRefused(source.name, "GBFS without stations", "station_status or _information")
    return None


def _updated(name: str, answer: dict[str, Any]) -> datetime:
    stamp = answer.get("lastUpdatedOther", answer.get("last_updated"))
    if isinstance(stamp, int) and stamp > 0:
        return datetime.fromtimestamp(stamp, UTC)
    raise FileRefused(name, f"last_updated {stamp!r}", "seconds since 1970")


def _states(stations: list[Any], day: date) -> Iterator[Outcome]:
    for number, one in enumerate(stations, 1):
        raw = json.dumps(one, ensure_ascii=False)[:RAW_TEXT]
        try:
            yield Record(number, day, _state(one))
        except Unusable as error:
            yield Reject(number, day, error.reason, error.detail, raw)


def _state(one: Any) -> tuple[Value, ...]:
    kinds: dict[str, Any] = {}
    for kind in _field(one, "num_bikes_available_types") or ():
        kinds.update(kind)
    counted = (
        _count(one.get("num_bikes_available"), "bikes"),
        _count(kinds.get("mechanical"), "bikes"),
        _count(kinds.get("ebike"), "bikes"),
        _count(one.get("num_docks_available"), "docks"),
    )
    flags = [_flag(one.get(n)) for n in ("is_installed", "is_renting", "is_returning")]
    return (_code(one), _reported(one), *counted, *flags, None, None, None, None, None)


def _reported(one: Any) -> datetime:
    stamp = one.get("last_reported")
    if isinstance(stamp, int) and 0 < stamp < 4_102_444_800:
        return datetime.fromtimestamp(stamp, UTC)
    raise Unusable("bad_time", f"last_reported {stamp!r}")


def _listed(stations: list[Any]) -> Iterator[Outcome]:
    for number, one in enumerate(stations, 1):
        try:
            at = values.point(f"{_field(one, 'lat')}, {_field(one, 'lon')}")
            place = (at[1], at[0]) if at else (None, None)
            about = (values.short(one.get("name")), _count(one.get("capacity"), "capacity"))
            yield Record(number, None, (_code(one), *about, *place, None))
        except Unusable as error:
            raw = json.dumps(one, ensure_ascii=False)[:RAW_TEXT]
            yield Reject(number, None, error.reason, error.detail, raw)


def _field(one: Any, name: str) -> Any:
    if not isinstance(one, dict):
        raise Unusable("not_an_object", "an item of the list of stations")
    return one.get(name)


def _code(one: Any) -> str:
    code = _field(one, "stationCode") or one.get("station_id")
    if code is None:
        raise Unusable("bad_station", "neither stationCode nor station_id")
    return str(code)[:64]


def _count(value: Any, name: str) -> int | None:
    return values.count(None if value is None else str(value), name)


def _flag(value: Any) -> int | None:
    return _YES.get(str(value).casefold())


def _export(source: Source) -> Iterator[Outcome]:
    """Rows of the portal: their day is that of the newest report among them."""
    rows = list(rows_of(source, _NAMES))
    times = [at for row in rows if isinstance(row, Row) and (at := _due(row)) is not None]
    known = [at for at in times if at <= source.received_at] or times
    day = paris_day(max(known)) if known else None
    for row in rows:
        yield row if isinstance(row, Reject) else _exported(row, day)


def _due(row: Row) -> datetime | None:
    try:
        return values.instant(row.get("duedate"))
    except Unusable:
        return None


def _exported(row: Row, day: date | None) -> Outcome:
    try:
        reported = values.instant(row.get("duedate"))
        code = row.get("stationcode")
        if code is None:
            raise Unusable("bad_station", "no station code")
        counted = [
            values.count(row.get(name), what)
            for name, what in (
                ("numbikesavailable", "bikes"),
                ("mechanical", "bikes"),
                ("ebike", "bikes"),
                ("numdocksavailable", "docks"),
            )
        ]
        capacity = values.count(row.get("capacity"), "capacity")
    except Unusable as error:
        return row.reject(error.reason, error.detail, day)
    flags = [_flag(row.get(n)) for n in ("is_installed", "is_renting", "is_returning")]
    at = values.point(row.get("coordonnees_geo"))
    place = (at[1], at[0]) if at else (None, None)
    commune = values.short(row.get("nom_arrondissement_communes"))
    about = (values.short(row.get("name")), capacity, *place, commune)
    return Record(row.number, day, (code[:64], reported, *counted, *flags, *about))
