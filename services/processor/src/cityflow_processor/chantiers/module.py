"""The road works as one dataset of the common pipeline."""

from typing import Final

from cityflow.contracts import Dataset
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.chantiers_tables import CHANTIERS_CLEAN, CHANTIERS_TABLES
from cityflow_processor.chantiers.measure import METHOD_VERSION, measure
from cityflow_processor.chantiers.read import READER_VERSION, read
from cityflow_processor.chantiers.thresholds import limits
from cityflow_processor.records.module import Module

CHANTIERS: Final = Module(
    dataset=Dataset.CHANTIERS,
    reader_version=READER_VERSION,
    method_version=METHOD_VERSION,
    thresholds_version=limits().version,
    clean=CHANTIERS_CLEAN,
    tables=CHANTIERS_TABLES,
    summary=ChantiersSummary,
    read=read,
    measure=measure,
    value_columns=("start", "end", "published_impact", "geometry"),
    is_snapshot=True,
    uses_arcs=True,
)
