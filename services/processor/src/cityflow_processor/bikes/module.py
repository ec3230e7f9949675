"""The bike counters as one dataset of the common pipeline."""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.bikes_tables import BIKES_CLEAN, BIKES_LIST, BIKES_TABLES
from cityflow_processor.bikes.look import look_back
from cityflow_processor.bikes.measure import METHOD_VERSION, measure
from cityflow_processor.bikes.read import READER_VERSION, read
from cityflow_processor.bikes.thresholds import limits
from cityflow_processor.records.module import Module

BIKES: Final = Module(
    dataset=Dataset.BIKES,
    reader_version=READER_VERSION,
    method_version=METHOD_VERSION,
    thresholds_version=limits().version,
    clean=BIKES_CLEAN,
    tables=BIKES_TABLES,
    summary=BikesSummary,
    read=read,
    measure=measure,
    value_columns=("bikes",),
    listed=BIKES_LIST,
    look_back=look_back,
)
