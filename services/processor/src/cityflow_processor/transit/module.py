"""The disruptions of public transport as one dataset of the common pipeline."""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.traffic_tables import TRAFFIC_CLEAN, TRAFFIC_LIST, TRAFFIC_TABLES
from cityflow_processor.records.module import Module
from cityflow_processor.transit.measure import METHOD_VERSION, look_back, measure
from cityflow_processor.transit.read import READER_VERSION, read
from cityflow_processor.transit.thresholds import limits

TRAFFIC: Final = Module(
    dataset=Dataset.TRAFFIC,
    reader_version=READER_VERSION,
    method_version=METHOD_VERSION,
    thresholds_version=limits().version,
    clean=TRAFFIC_CLEAN,
    tables=TRAFFIC_TABLES,
    summary=TrafficSummary,
    read=read,
    measure=measure,
    value_columns=("periods", "severity"),
    look_back=look_back,
    is_snapshot=True,
    uses_every_snapshot=True,
    listed=TRAFFIC_LIST,
    uses_arcs=True,
)
