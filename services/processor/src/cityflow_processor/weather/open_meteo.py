"""Open-Meteo: CSV blocks with a preamble, and JSON of columns; times are those of its zone."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cityflow.calendar import PARIS, day_bounds, paris_day
from cityflow.contracts.weather_tables import WEATHER_VALUES
from cityflow.errors import FileRefused
from cityflow_processor.records import values
from cityflow_processor.records.module import Outcome, Record, Reject, Source
from cityflow_processor.records.rows import document, text_of
from cityflow_processor.records.values import Unusable

PROVIDER: Final = "open-meteo"
_COLUMNS: Final = {
    "temperature_2m": "temperature_c",
    "temperature_2m_mean": "temperature_c",
    "temperature_2m_min": "temperature_min_c",
    "temperature_2m_max": "temperature_max_c",
    "precipitation": "precipitation_mm",
    "precipitation_sum": "precipitation_mm",
    "snowfall": "snowfall_cm",
    "snowfall_sum": "snowfall_cm",
    "wind_speed_10m": "wind_kmh",
    "wind_gusts_10m": "gust_kmh",
    "wind_gusts_10m_max": "gust_kmh",
    "relative_humidity_2m": "humidity_pct",
    "cloud_cover": "cloud_pct",
    "weather_code": "weather_code",
}
_NAMES: Final = tuple(column.name for column in WEATHER_VALUES)
Cells = Mapping[str, str | None]


def csv_rows(source: Source) -> Iterator[Outcome]:
    """Rows of all blocks: the place first, then hours, then days."""
    stream = io.TextIOWrapper(source.stream, "utf-8-sig", "replace", newline="")
    reader = csv.reader(stream)
    place: _Place | None = None
    head: list[str] = []
    for cells in reader:
        if not any(cells):
            head = []
        elif not head:
            head = cells
        elif place is None:
            place = _Place.read(source.name, dict(zip(head, cells, strict=False)))
        else:
            yield _row(source.name, place, reader.line_num, head, cells)
    stream.detach()


def _row(
    name: str, place: "_Place", number: int, head: Sequence[str], cells: Sequence[str]
) -> Outcome:
    raw = ",".join(cells)
    if len(cells) != len(head):
        detail = f"{len(cells)} cells under {len(head)} columns"
        return Reject(number, None, "cell_count", detail, raw)
    titles = [_known_unit(name, title) for title in head]
    return place.outcome(number, dict(zip(titles, cells, strict=True)), raw)


def json_rows(source: Source) -> Iterator[Outcome]:
    """Hours, then days, numbered from one."""
    answer = document(source)
    for one in answer if isinstance(answer, list) else [answer]:
        yield from _answer(source.name, one)


def _answer(name: str, answer: Any) -> Iterator[Outcome]:
    place = _Place.read(name, {key: text_of(answer.get(key)) for key in _PLACE})
    number = 0
    for block in ("hourly", "daily"):
        columns = answer.get(block) or {}
        for unit in (answer.get(f"{block}_units") or {}).values():
            _refuse_unit(name, str(unit))
        for at in range(len(columns.get("time") or ())):
            number += 1
            cells = {key: text_of(c[at] if at < len(c) else None) for key, c in columns.items()}
            yield place.outcome(number, cells, str(cells))


_PLACE: Final = ("latitude", "longitude", "utc_offset_seconds", "timezone")


def _known_unit(name: str, title: str) -> str:
    bare, _, unit = title.partition(" (")
    _refuse_unit(name, unit.removesuffix(")"))
    return bare


def _refuse_unit(name: str, unit: str) -> None:
    if unit in ("°F", "inch", "m/s", "ms", "mp/h", "mph", "kn"):
        raise FileRefused(name, f"the unit {unit}", "°C, mm, cm and km/h, the service's defaults")


class _Place:
    """The grid cell of an answer and its zone; remembers times, to tell the autumn hour twice."""

    def __init__(self, latitude: float, longitude: float, zone: ZoneInfo) -> None:
        self.latitude, self.longitude, self.zone = latitude, longitude, zone
        self._seen: set[datetime] = set()

    @classmethod
    def read(cls, name: str, cells: Cells) -> "_Place":
        try:
            latitude = values.number(cells.get("latitude"), "place")
            longitude = values.number(cells.get("longitude"), "place")
            zone = cells.get("timezone") or "GMT"
            found = PARIS if zone == PARIS.key else ZoneInfo(zone)
        except (Unusable, ZoneInfoNotFoundError, ValueError) as error:
            raise FileRefused(name, f"a place that cannot be read ({error})", PROVIDER) from error
        if latitude is None or longitude is None:
            raise FileRefused(name, "no latitude or longitude", PROVIDER)
        return cls(round(latitude, 4), round(longitude, 4), found)

    def outcome(self, number: int, cells: Cells, raw: str) -> Outcome:
        """A record of an hour or a day."""
        day: date | None = None
        try:
            period, start, day = self._when(cells.get("time"))
            found = {_COLUMNS[key]: cells[key] for key in cells if key in _COLUMNS}
            measured = [_value(name, found.get(name)) for name in _NAMES]
        except Unusable as error:
            return Reject(number, day, error.reason, error.detail, raw)
        where = f"{self.latitude},{self.longitude}"
        place = (where, period, start, PROVIDER, None, self.latitude, self.longitude)
        return Record(number, day, (*place, *measured))

    def _when(self, text: str | None) -> tuple[str, datetime, date]:
        if text and text.isdecimal():
            start = datetime.fromtimestamp(int(text), UTC)
            return "hour", start, paris_day(start)
        if text and len(text) == 10 and (day := values.day(text)):
            return "day", day_bounds(day)[0], day
        try:
            wall = datetime.fromisoformat(text or "")
        except ValueError as error:
            raise Unusable("bad_time", f"{text!r} is not a time") from error
        start = self._instant(wall)
        return "hour", start, paris_day(start)

    def _instant(self, wall: datetime) -> datetime:
        """Of two equal times the first is the earlier; one alone is the later."""
        fold = 0 if wall not in self._seen and self._repeats(wall) else 1
        self._seen.add(wall)
        local = wall.replace(tzinfo=self.zone, fold=fold)
        instant = local.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None, fold=0) != wall:
            raise Unusable("no_such_local_hour", f"{wall} does not exist in {self.zone.key}")
        return instant

    def _repeats(self, wall: datetime) -> bool:
        offsets = {wall.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1)}
        return len(offsets) == 2


def _value(name: str, text: str | None) -> float | int | None:
    value = values.number(text, name)
    return None if value is None else int(value) if name == "weather_code" else value
