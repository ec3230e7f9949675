"""Columns of the published tables of the weather."""

from cityflow.contracts.tables import REJECTS, Column, Table

_PLACE = Column("place", "text", "", "Station number, or `latitude,longitude` of a grid cell")
_WHERE = (
    Column("place_name", "text", "", "Name of the station as published", nullable=True),
    Column("latitude", "float", "°", "WGS 84", nullable=True),
    Column("longitude", "float", "°", "WGS 84", nullable=True),
)
WEATHER_VALUES = (
    Column("temperature_c", "float", "°C", "Temperature at 2 m; of a day its mean", nullable=True),
    Column("temperature_min_c", "float", "°C", "Lowest of the day", nullable=True),
    Column("temperature_max_c", "float", "°C", "Highest of the day", nullable=True),
    Column("precipitation_mm", "float", "mm", "Rain, showers and snow, as water", nullable=True),
    Column("snowfall_cm", "float", "cm", "Fresh snow", nullable=True),
    Column("wind_kmh", "float", "km/h", "Wind at 10 m; of a day its mean", nullable=True),
    Column("gust_kmh", "float", "km/h", "Strongest gust", nullable=True),
    Column("humidity_pct", "float", "%", "Relative humidity", nullable=True),
    Column("cloud_pct", "float", "%", "Cloud cover", nullable=True),
    Column("weather_code", "int", "WMO", "Weather code (WMO 4677)", nullable=True),
)

WEATHER_CLEAN = Table(
    "clean",
    ("place", "period", "start"),
    "The day's canonical records: hours of grid cells, days of stations.",
    (
        _PLACE,
        Column("period", "text", "", "hour or day"),
        Column("start", "instant", "UTC", "Start of the hour, or of the local day"),
        Column("provider", "text", "", "open-meteo or meteo-france"),
        *_WHERE,
        *WEATHER_VALUES,
    ),
)

WEATHER_HOURS = Table(
    "hours",
    ("place", "start"),
    "One row per place and hour.",
    (
        _PLACE,
        Column("start", "instant", "UTC", "Start of the hour"),
        Column("hour_of_day", "int", "h", "Local hour at which it starts, 0–23"),
        *(c for c in WEATHER_VALUES if not c.name.startswith(("temperature_m",))),
    ),
)

WEATHER_PLACES = Table(
    "places",
    ("place", "period"),
    "One row per place: the day from its hours, or as its station published it.",
    (
        _PLACE,
        Column("period", "text", "", "hour: made of hours; day: published as a day"),
        Column("provider", "text", "", "open-meteo or meteo-france"),
        *_WHERE,
        Column("hours", "int", "h", "Hours with a temperature; of a station 0"),
        *(c for c in WEATHER_VALUES if c.name not in ("humidity_pct", "cloud_pct")),
        Column("rain_hours", "int", "h", "Hours with precipitation", nullable=True),
        Column("category", "text", "", "Kind of day, see the methodology"),
        Column("mobility_impact", "text", "", "none, low, moderate or high"),
    ),
)

WEATHER_TABLES = (WEATHER_CLEAN, WEATHER_HOURS, WEATHER_PLACES, REJECTS)
