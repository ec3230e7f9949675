"""The published daily document of the weather. Null means not observed, never zero."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import Dataset, Model, Share
from cityflow.contracts.daily import DaySummary

Category = Literal[
    "storm", "snow", "ice", "heavy_rain", "windy", "rain", "fog", "hot", "cold", "fair", "unknown"
]
Impact = Literal["none", "low", "moderate", "high", "unknown"]


class WeatherDay(Model):
    """The weather of one place on the day."""

    place: str = Field(description="Station number, or `latitude,longitude` of a grid cell")
    place_name: str | None = Field(description="Name of the station as published")
    provider: str = Field(description="open-meteo or meteo-france")
    period: Literal["hour", "day"] = Field(description="hour: made of hours; day: as published")
    hours: int = Field(ge=0, description="Hours with a temperature; of a station 0")
    temperature_c: float | None = Field(description="Mean temperature, °C")
    temperature_min_c: float | None = Field(description="Lowest temperature, °C")
    temperature_max_c: float | None = Field(description="Highest temperature, °C")
    precipitation_mm: float | None = Field(description="Rain, showers and snow, mm of water")
    snowfall_cm: float | None = Field(description="Fresh snow, cm")
    rain_hours: int | None = Field(description="Hours with precipitation")
    wind_kmh: float | None = Field(description="Mean wind at 10 m, km/h")
    gust_kmh: float | None = Field(description="Strongest gust, or strongest hourly wind, km/h")
    weather_code: int | None = Field(description="Highest WMO code of the day")
    category: Category = Field(description="Kind of day; unknown: too little is observed")
    mobility_impact: Impact = Field(description="What it does to getting about, by category")


class WeatherHour(Model):
    """One hour at the place of reference."""

    start: datetime = Field(description="Start of the hour, UTC")
    hour_of_day: int = Field(ge=0, le=23, description="Local hour at which it starts, 0–23")
    temperature_c: float | None = Field(description="Temperature, °C")
    precipitation_mm: float | None = Field(description="Precipitation, mm")
    wind_kmh: float | None = Field(description="Wind, km/h")
    weather_code: int | None = Field(description="WMO code")


class WeatherSummary(DaySummary):
    """The weather of the day, of the place with most hours; the others stand in the table."""

    dataset: Literal[Dataset.WEATHER] = Field(default=Dataset.WEATHER, description="Dataset")
    hours_in_day: int = Field(ge=23, le=25, description="Hours of this local day: 23, 24 or 25")
    coverage: Share | None = Field(description="Hours with a temperature ÷ hours of the day")
    places: int = Field(ge=0, description="Places with a row")
    reference: WeatherDay | None = Field(description="The place of reference; null if none")
    hourly: tuple[WeatherHour, ...] = Field(description="Its hours, in time order")
