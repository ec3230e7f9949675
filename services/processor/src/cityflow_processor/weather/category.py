"""What kind of day the weather makes, and what that does to getting about."""

from collections.abc import Mapping
from typing import Any, Final

from cityflow.contracts.weather import Category, Impact
from cityflow_processor.weather.thresholds import limits

_SNOW: Final = {71, 73, 75, 77, 85, 86}
_FREEZING: Final = {56, 57, 66, 67}
FOG: Final = (45, 48)
IMPACTS: Final[dict[Category, Impact]] = {
    "storm": "high",
    "snow": "high",
    "ice": "high",
    "heavy_rain": "moderate",
    "windy": "moderate",
    "rain": "low",
    "fog": "low",
    "hot": "low",
    "cold": "low",
    "fair": "none",
    "unknown": "unknown",
}


def category(day: Mapping[str, Any]) -> Category:
    """The first kind that fits; unknown without any figure.

    `codes` are the day's WMO codes, `strongest_wind_kmh` is a mean wind of an hour.
    """
    value, codes = limits(), set(day["codes"])
    rain, gust = day["precipitation_mm"], day["gust_kmh"]
    low, high = day["temperature_min_c"], day["temperature_max_c"]
    if rain is None and high is None and not codes:
        return "unknown"
    rules: tuple[tuple[Category, bool], ...] = (
        ("storm", any(c >= value["storm_code"] for c in codes) or _from(gust, "storm_gust_kmh")),
        ("snow", bool(codes & _SNOW) or (day["snowfall_cm"] or 0) > 0),
        ("ice", bool(codes & _FREEZING) or (low is not None and low <= 0 < (rain or 0))),
        (
            "heavy_rain",
            _from(rain, "heavy_rain_day_mm") or _from(day["wettest_mm"], "heavy_rain_hour_mm"),
        ),
        (
            "windy",
            _from(day["strongest_wind_kmh"], "windy_kmh")
            or _from(day["strongest_gust_kmh"], "windy_gust_kmh"),
        ),
        ("rain", _from(rain, "rain_day_mm")),
        ("fog", day["fog_hours"] >= value["fog_hours"]),
        ("hot", _from(high, "hot_c")),
        ("cold", high is not None and high <= value["cold_c"]),
    )
    return next((name for name, fits in rules if fits), "fair")


def _from(figure: float | None, name: str) -> bool:
    return figure is not None and figure >= limits()[name]
