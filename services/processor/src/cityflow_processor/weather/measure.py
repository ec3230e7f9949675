"""The weather of a day: records in, tables and summary out. Pure."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from cityflow.calendar import PARIS, hour_ends
from cityflow.contracts import Check, Severity
from cityflow.contracts.weather import WeatherDay, WeatherHour
from cityflow_processor.records.module import Context, Measured
from cityflow_processor.weather.category import FOG, IMPACTS, category

METHOD_VERSION: Final = "2"
Day = dict[str, Any]


def measure(day: date, records: pl.DataFrame, context: Context) -> Measured:
    """Tables and summary of one day."""
    hours = _hours(records.filter(pl.col("period") == "hour"))
    places = [*_from_hours(hours), *_as_published(records.filter(pl.col("period") == "day"))]
    reference = _reference(places)
    expected = len(hour_ends(day))
    of_reference = _rows_of(hours, reference)
    blocks = {
        "hours_in_day": expected,
        "coverage": _coverage(reference, expected),
        "places": len({place["place"] for place in places}),
        "reference": None if reference is None else _as(WeatherDay, reference),
        "hourly": tuple(_as(WeatherHour, row) for row in of_reference),
    }
    columns = [name for name in places[0] if name not in _INNER] if places else []
    table = pl.DataFrame(
        [[place[name] for name in columns] for place in places],
        schema=columns,
        orient="row",
        infer_schema_length=None,
    )
    tables = {"hours": hours, "places": table} if places else {}
    return Measured(tables, blocks, [_complete(reference, expected)])


_INNER: Final = ("codes", "wettest_mm", "fog_hours", "strongest_wind_kmh", "strongest_gust_kmh")


def _hours(records: pl.DataFrame) -> pl.DataFrame:
    local = pl.col("start").dt.convert_time_zone(PARIS.key).dt.hour().cast(pl.Int64)
    return records.with_columns(local.alias("hour_of_day")).sort("place", "start")


def _from_hours(hours: pl.DataFrame) -> list[Day]:
    found = []
    for (place,), rows in hours.group_by(["place"], maintain_order=True):
        first = rows.row(0, named=True)
        temperatures = _known(rows, "temperature_c")
        rain, winds, gusts = (
            _known(rows, name) for name in ("precipitation_mm", "wind_kmh", "gust_kmh")
        )
        codes = [int(code) for code in _known(rows, "weather_code")]
        found.append(
            {
                "place": place,
                "period": "hour",
                **{name: first[name] for name in _WHERE},
                "hours": len(temperatures),
                "temperature_c": _mean(temperatures),
                "temperature_min_c": min(temperatures, default=None),
                "temperature_max_c": max(temperatures, default=None),
                "precipitation_mm": math.fsum(rain) if rain else None,
                "snowfall_cm": _sum(_known(rows, "snowfall_cm")),
                "wind_kmh": _mean(winds),
                "gust_kmh": max(gusts or winds, default=None),
                "weather_code": max(codes, default=None),
                "rain_hours": sum(one > 0 for one in rain) if rain else None,
                "codes": codes,
                "wettest_mm": max(rain, default=None),
                "fog_hours": sum(code in FOG for code in codes),
                "strongest_wind_kmh": max(winds, default=None),
                "strongest_gust_kmh": max(gusts, default=None),
            }
        )
    return [_judged(day) for day in found]


def _as_published(days: pl.DataFrame) -> list[Day]:
    found = []
    for row in days.sort("place").to_dicts():
        code = row["weather_code"]
        own = {name: row[name] for name in ("place", "period", *_WHERE)}
        figures = {name: row[name] for name in _FIGURES}
        inner = {
            "codes": [] if code is None else [code],
            "wettest_mm": None,
            "fog_hours": 0,
            "strongest_wind_kmh": row["wind_kmh"],
            "strongest_gust_kmh": row["gust_kmh"],
        }
        found.append({**own, "hours": 0, **figures, "rain_hours": None, **inner})
    return [_judged(day) for day in found]


_WHERE: Final = ("provider", "place_name", "latitude", "longitude")
_FIGURES: Final = (
    "temperature_c", "temperature_min_c", "temperature_max_c", "precipitation_mm", "snowfall_cm",
    "wind_kmh", "gust_kmh", "weather_code",
)  # fmt: skip


def _judged(day: Day) -> Day:
    kind = category(day)
    return {**day, "category": kind, "mobility_impact": IMPACTS[kind]}


def _known(rows: pl.DataFrame, name: str) -> list[float]:
    return rows[name].drop_nulls().to_list()


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _sum(values: Sequence[float]) -> float | None:
    return math.fsum(values) if values else None


def _reference(places: Sequence[Day]) -> Day | None:
    """The place with most hours, then with most figures, then by name."""

    def rank(place: Day) -> tuple[int, int, str]:
        known = sum(place[name] is not None for name in _FIGURES)
        return -place["hours"], -known, place["place"]

    return min(places, key=rank, default=None)


def _rows_of(hours: pl.DataFrame, reference: Day | None) -> list[Day]:
    if reference is None or reference["period"] != "hour":
        return []
    return hours.filter(pl.col("place") == reference["place"]).to_dicts()


def _coverage(reference: Day | None, expected: int) -> float | None:
    if reference is None or reference["period"] != "hour":
        return None
    return float(reference["hours"] / expected)


def _complete(reference: Day | None, expected: int) -> Check:
    hours = reference["hours"] if reference else 0
    short = reference is not None and reference["period"] == "hour" and hours < expected
    severity = Severity.YELLOW if short else Severity.GREEN
    said = f"{hours} of {expected} hours at the place of reference"
    return Check(name="coverage", severity=severity, message=said)


def _as(model: Any, row: Day) -> Any:
    return model(**{name: row[name] for name in model.model_fields})
