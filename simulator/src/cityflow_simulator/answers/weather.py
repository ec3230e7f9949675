"""Weather answers in the form of Open-Meteo: parallel arrays by local hour or day.

Local times are written without an offset, so the autumn change gives one of them twice. The
archive knows nothing of the last days; a forecast of the future is wrong by more, the farther off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cityflow.calendar import days
from cityflow.contracts.synthetic import SYNTHETIC_MEMBER
from cityflow_simulator.randomness import bell, stream
from cityflow_simulator.weather import Weather, at

Kind = Literal["forecast", "archive"]
Number = float | int | None
HOUR: Final = timedelta(hours=1)
PAST_DAYS, FUTURE_DAYS, FORECAST_DAYS = 92, 16, 7
ARCHIVE_LAG: Final = timedelta(days=5)
ARCHIVE_FIRST: Final = date(1940, 1, 1)
LONGEST_DAYS: Final = 3_660
NULLS: Final = 0.0006
ELEVATION_M: Final = 38.0

HOURLY: Final[Mapping[str, tuple[str, Callable[[Weather, int], float | int]]]] = {
    "temperature_2m": ("°C", lambda weather, hour: float(weather.temperature_c[hour])),
    "relative_humidity_2m": ("%", lambda weather, hour: int(weather.humidity_pct[hour])),
    "precipitation": ("mm", lambda weather, hour: float(weather.precipitation_mm[hour])),
    "rain": ("mm", lambda weather, hour: float(weather.rain_mm[hour])),
    "snowfall": ("cm", lambda weather, hour: float(weather.snowfall_cm[hour])),
    "cloud_cover": ("%", lambda weather, hour: int(weather.cloud_pct[hour])),
    "wind_speed_10m": ("km/h", lambda weather, hour: float(weather.wind_kmh[hour])),
    "weather_code": ("wmo code", lambda weather, hour: int(weather.code[hour])),
}
DAILY: Final[Mapping[str, tuple[str, str, str]]] = {
    "weather_code": ("wmo code", "weather_code", "max"),
    "temperature_2m_max": ("°C", "temperature_2m", "max"),
    "temperature_2m_min": ("°C", "temperature_2m", "min"),
    "temperature_2m_mean": ("°C", "temperature_2m", "mean"),
    "precipitation_sum": ("mm", "precipitation", "sum"),
    "rain_sum": ("mm", "rain", "sum"),
    "snowfall_sum": ("cm", "snowfall", "sum"),
    "precipitation_hours": ("h", "precipitation", "hours"),
    "wind_speed_10m_max": ("km/h", "wind_speed_10m", "max"),
}
NOISE: Final = {"temperature_2m": 0.9, "wind_speed_10m": 2.5, "precipitation": 0.4, "rain": 0.4}


class WeatherError(Exception):
    """A request that is answered by 400 and a reason."""


@dataclass(frozen=True)
class Asked:
    """A request, understood."""

    kind: Kind
    latitude: float
    longitude: float
    hourly: tuple[str, ...]
    daily: tuple[str, ...]
    zone: ZoneInfo
    first: date
    last: date
    unix: bool


def understand(kind: Kind, given: Mapping[str, str], now: datetime) -> Asked:
    """The parameters of a request. Raises WeatherError."""
    daily = _names(given, "daily", DAILY)
    if daily and "timezone" not in given:
        raise WeatherError("Timezone is required")
    zone = _zone(given.get("timezone", "GMT"))
    first, last = _range(kind, given, now.astimezone(zone).date())
    return Asked(
        kind=kind,
        latitude=_number(given, "latitude", 90),
        longitude=_number(given, "longitude", 180),
        hourly=_names(given, "hourly", HOURLY),
        daily=daily,
        zone=zone,
        first=first,
        last=last,
        unix=given.get("timeformat", "iso8601") == "unixtime",
    )


def answer(asked: Asked, seed: int, now: datetime) -> dict[str, Any]:
    """The whole body; the grid cell lies a little beside the place asked for."""
    offset = now.astimezone(asked.zone).utcoffset() or timedelta()
    body: dict[str, Any] = {
        SYNTHETIC_MEMBER: True,
        "latitude": round(asked.latitude - 0.03, 2),
        "longitude": round(asked.longitude - 0.06, 2),
        "generationtime_ms": 0.25,
        "utc_offset_seconds": int(offset.total_seconds()),
        "timezone": asked.zone.key,
        "timezone_abbreviation": now.astimezone(asked.zone).tzname(),
        "elevation": ELEVATION_M,
    }
    source = _Source(asked, seed, now)
    if asked.hourly:
        instants = source.instants(asked.first, asked.last)
        units = {name: HOURLY[name][0] for name in asked.hourly}
        body["hourly_units"] = {"time": _time_unit(asked), **units}
        body["hourly"] = {"time": [source.written(instant) for instant in instants]} | {
            name: [source.value(name, instant) for instant in instants] for name in asked.hourly
        }
    if asked.daily:
        every = list(days(asked.first, asked.last))
        units = {name: DAILY[name][0] for name in asked.daily}
        body["daily_units"] = {"time": _time_unit(asked), **units}
        body["daily"] = {"time": [source.day_written(day) for day in every]} | {
            name: [source.day_value(name, day) for day in every] for name in asked.daily
        }
    return body


class _Source:
    """Values of a request, one at a time."""

    def __init__(self, asked: Asked, seed: int, now: datetime) -> None:
        self._asked = asked
        self._seed = seed
        self._now = now

    def instants(self, first: date, last: date) -> list[datetime]:
        """The whole hours of local days, in UTC: 23 or 25 where the clocks change."""
        start, end = (datetime.combine(day, time(), self._asked.zone).astimezone(UTC)
                      for day in (first, last + timedelta(days=1)))  # fmt: skip
        return [start + HOUR * n for n in range((end - start) // HOUR)]

    def written(self, instant: datetime) -> str | int:
        """A time as the answer has it: local, without an offset."""
        if self._asked.unix:
            return int(instant.timestamp())
        return instant.astimezone(self._asked.zone).strftime("%Y-%m-%dT%H:%M")

    def day_written(self, day: date) -> str | int:
        """A day as the answer has it."""
        midnight = datetime.combine(day, time(), self._asked.zone)
        return int(midnight.timestamp()) if self._asked.unix else day.isoformat()

    def value(self, name: str, instant: datetime) -> Number:
        """One value, null where it is not known."""
        hour = int(instant.timestamp()) // 3_600
        known = self._now - ARCHIVE_LAG if self._asked.kind == "archive" else instant
        if instant > known or float(stream(self._seed, f"null-{name}", hour).random()) < NULLS:
            return None
        weather, index = at(self._seed, instant)
        value = HOURLY[name][1](weather, index)
        if instant <= self._now or name not in NOISE:
            return value
        lead = (instant - self._now).total_seconds() / 86_400
        run = int(self._now.timestamp()) // 21_600
        error = NOISE[name] * (lead + 0.2) * float(bell(stream(self._seed, name, run, hour), 1)[0])
        return round(value + error, 1) if name == "temperature_2m" else max(
            0.0, round(value + error * (value > 0), 1)
        )  # fmt: skip

    def day_value(self, name: str, day: date) -> Number:
        """One figure of a day, null if any of its hours is."""
        _, source, figure = DAILY[name]
        values = [self.value(source, instant) for instant in self.instants(day, day)]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        match figure:
            case "max":
                return max(known)
            case "min":
                return min(known)
            case "mean":
                return round(sum(known) / len(known), 1)
            case "hours":
                return float(sum(value > 0 for value in known))
        return round(sum(known), 2)


def _time_unit(asked: Asked) -> str:
    return "unixtime" if asked.unix else "iso8601"


def _names(given: Mapping[str, str], key: str, known: Mapping[str, object]) -> tuple[str, ...]:
    names = tuple(name for name in given.get(key, "").split(",") if name)
    for name in names:
        if name not in known:
            raise WeatherError(
                f"Data corrupted at path ''. Cannot initialize ForecastVariable{key.title()} "
                f"from invalid String value {name}."
            )
    return names


def _number(given: Mapping[str, str], key: str, most: float) -> float:
    if key not in given:
        raise WeatherError(f"Value of type 'String' required for key '{key}'.")
    try:
        value = float(given[key])
    except ValueError as error:
        raise WeatherError(f"Value of type 'Float' required for key '{key}'.") from error
    if not -most <= value <= most:
        raise WeatherError(f"{key.title()} must be in range of -{most} to {most}°. Given: {value}.")
    return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo({"auto": "Europe/Paris"}.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WeatherError("Invalid timezone") from error


def _range(kind: Kind, given: Mapping[str, str], today: date) -> tuple[date, date]:
    """First and last day asked for, within what the service holds."""
    if kind == "archive":
        low, high = ARCHIVE_FIRST, today
    else:
        low, high = today - timedelta(days=PAST_DAYS + 1), today + timedelta(days=FUTURE_DAYS - 1)
    if kind == "archive" or "start_date" in given or "end_date" in given:
        first, last = (_day(given, key, low, high) for key in ("start_date", "end_date"))
    else:
        first = today - timedelta(days=_whole(given, "past_days", 0, PAST_DAYS))
        ahead = _whole(given, "forecast_days", FORECAST_DAYS, FUTURE_DAYS)
        last = today + timedelta(days=ahead - 1)
    if last < first:
        raise WeatherError("End-date must be larger or equals than start-date")
    if (last - first).days > LONGEST_DAYS:
        raise WeatherError("Too many days are asked for at once")
    return first, last


def _day(given: Mapping[str, str], key: str, low: date, high: date) -> date:
    if key not in given:
        raise WeatherError(f"Value of type 'String' required for key '{key}'.")
    try:
        day = date.fromisoformat(given[key])
    except ValueError as error:
        raise WeatherError(f"Invalid date format. Make sure to use 'YYYY-MM-DD': {key}") from error
    if not low <= day <= high:
        raise WeatherError(f"Parameter '{key}' is out of allowed range from {low} to {high}")
    return day


def _whole(given: Mapping[str, str], key: str, default: int, most: int) -> int:
    try:
        value = int(given.get(key, default))
    except ValueError as error:
        raise WeatherError(f"Value of type 'Int' required for key '{key}'.") from error
    if not 0 <= value <= most:
        raise WeatherError(f"Parameter '{key}' is out of allowed range from 0 to {most}")
    return value
