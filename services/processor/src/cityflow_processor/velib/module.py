"""The bike-share stations as one dataset of the common pipeline."""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.velib_tables import VELIB_CLEAN, VELIB_LIST, VELIB_TABLES
from cityflow_processor.records.module import Module
from cityflow_processor.velib.measure import METHOD_VERSION, measure
from cityflow_processor.velib.read import READER_VERSION, read
from cityflow_processor.velib.thresholds import limits

VELIB: Final = Module(
    dataset=Dataset.VELIB,
    reader_version=READER_VERSION,
    method_version=METHOD_VERSION,
    thresholds_version=limits().version,
    clean=VELIB_CLEAN,
    tables=VELIB_TABLES,
    summary=VelibSummary,
    read=read,
    measure=measure,
    value_columns=("bikes", "docks"),
    listed=VELIB_LIST,
)
