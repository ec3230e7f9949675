"""The small datasets, each a module of the common pipeline."""

from typing import Final

from cityflow_processor.bikes.module import BIKES
from cityflow_processor.chantiers.module import CHANTIERS
from cityflow_processor.records.module import Module
from cityflow_processor.transit.module import TRAFFIC
from cityflow_processor.velib.module import VELIB
from cityflow_processor.weather.module import WEATHER

MODULES: Final[dict[str, Module]] = {
    module.name: module for module in (BIKES, VELIB, TRAFFIC, CHANTIERS, WEATHER)
}
