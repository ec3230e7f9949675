"""What is published of each dataset: its tables, and the model of its daily document."""

from typing import Final

from cityflow.contracts.across import AcrossSummary
from cityflow.contracts.across_tables import ACROSS_TABLES
from cityflow.contracts.base import PublishedDocument
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.bikes_tables import BIKES_TABLES
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.chantiers_tables import CHANTIERS_TABLES
from cityflow.contracts.comptages import ComptagesSummary
from cityflow.contracts.reference import ReferenceVersion
from cityflow.contracts.reference_tables import ARRONDISSEMENTS_ZONES, REFERENTIEL_ARCS
from cityflow.contracts.register import RegisterSummary
from cityflow.contracts.register_tables import REGISTER_TABLES
from cityflow.contracts.roads import CalibrationSummary, RoadsSummary
from cityflow.contracts.roads_tables import CALIBRATION_TABLES, ROADS_TABLES, YEAR_TABLES
from cityflow.contracts.roads_year import RoadsYearSummary
from cityflow.contracts.tables import COMPTAGES_TABLES, Table
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.traffic_tables import TRAFFIC_TABLES
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.velib_tables import VELIB_TABLES
from cityflow.contracts.weather import WeatherSummary
from cityflow.contracts.weather_tables import WEATHER_TABLES

TABLES: Final[dict[str, tuple[Table, ...]]] = {
    "comptages": COMPTAGES_TABLES,
    "roads_analysis": ROADS_TABLES,
    "roads_calibration": CALIBRATION_TABLES,
    "roads_year": YEAR_TABLES,
    "bikes": BIKES_TABLES,
    "velib": VELIB_TABLES,
    "traffic": TRAFFIC_TABLES,
    "chantiers": CHANTIERS_TABLES,
    "weather": WEATHER_TABLES,
    "register": REGISTER_TABLES,
    "across": ACROSS_TABLES,
    "referentiel": (REFERENTIEL_ARCS,),
    "arrondissements": (ARRONDISSEMENTS_ZONES,),
}

SUMMARIES: Final[dict[str, type[PublishedDocument]]] = {
    "comptages": ComptagesSummary,
    "roads_analysis": RoadsSummary,
    "roads_calibration": CalibrationSummary,
    "roads_year": RoadsYearSummary,
    "bikes": BikesSummary,
    "velib": VelibSummary,
    "traffic": TrafficSummary,
    "chantiers": ChantiersSummary,
    "weather": WeatherSummary,
    "register": RegisterSummary,
    "across": AcrossSummary,
    "referentiel": ReferenceVersion,
    "arrondissements": ReferenceVersion,
}
