"""Which of the published forms of the weather a file is written in."""

from typing import Final

from cityflow.contracts.weather_tables import WEATHER_CLEAN
from cityflow_processor.records.module import Contents, Source
from cityflow_processor.records.rows import columns_of
from cityflow_processor.weather import meteo_france, open_meteo

READER_VERSION: Final = "w1"


def read(source: Source) -> Contents:
    """Rows of hours and days. Raises FileRefused."""
    if source.media == "json":
        return Contents("dated", WEATHER_CLEAN, open_meteo.json_rows(source))
    if "NUM_POSTE" in columns_of(source, meteo_france.NAMES):
        return Contents("dated", WEATHER_CLEAN, meteo_france.rows(source))
    return Contents("dated", WEATHER_CLEAN, open_meteo.csv_rows(source))
