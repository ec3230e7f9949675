"""The weather as one dataset of the common pipeline."""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.weather import WeatherSummary
from cityflow.contracts.weather_tables import WEATHER_CLEAN, WEATHER_TABLES, WEATHER_VALUES
from cityflow_processor.records.module import Module
from cityflow_processor.weather.measure import METHOD_VERSION, measure
from cityflow_processor.weather.read import READER_VERSION, read
from cityflow_processor.weather.thresholds import limits

WEATHER: Final = Module(
    dataset=Dataset.WEATHER,
    reader_version=READER_VERSION,
    method_version=METHOD_VERSION,
    thresholds_version=limits().version,
    clean=WEATHER_CLEAN,
    tables=WEATHER_TABLES,
    summary=WeatherSummary,
    read=read,
    measure=measure,
    value_columns=tuple(column.name for column in WEATHER_VALUES),
    uses_districts=False,
)
