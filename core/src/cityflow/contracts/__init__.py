"""Models of every published document; the single source of the OpenAPI schema."""

from cityflow.contracts.base import (
    SCHEMA_VERSION,
    Attribution,
    Check,
    Dataset,
    Pointer,
    PublishedDocument,
    Severity,
)
from cityflow.contracts.comptages import ComptagesSummary, State
from cityflow.contracts.ledger import Counts, Lease, RawMeta, Receipt, Run
from cityflow.contracts.report import MEASURED, DailyReport, Missing, SourceState

__all__ = [
    "MEASURED",
    "SCHEMA_VERSION",
    "Attribution",
    "Check",
    "ComptagesSummary",
    "Counts",
    "DailyReport",
    "Dataset",
    "Lease",
    "Missing",
    "Pointer",
    "PublishedDocument",
    "RawMeta",
    "Receipt",
    "Run",
    "Severity",
    "SourceState",
    "State",
]
