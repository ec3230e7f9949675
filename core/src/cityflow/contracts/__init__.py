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
from cityflow.contracts.history import MonthHistory, history_of
from cityflow.contracts.ledger import (
    Counts,
    Holding,
    Lease,
    OutsideFile,
    RawMeta,
    Receipt,
    Retry,
    Run,
    Setback,
    SourceDay,
)
from cityflow.contracts.report import CARRIED, MEASURED, DailyReport, Missing, SourceState
from cityflow.contracts.saved import Manifest, SavedDocuments, SavedObject

__all__ = [
    "CARRIED",
    "MEASURED",
    "SCHEMA_VERSION",
    "Attribution",
    "Check",
    "ComptagesSummary",
    "Counts",
    "DailyReport",
    "Dataset",
    "Holding",
    "Lease",
    "Manifest",
    "Missing",
    "MonthHistory",
    "OutsideFile",
    "Pointer",
    "PublishedDocument",
    "RawMeta",
    "Receipt",
    "Retry",
    "Run",
    "SavedDocuments",
    "SavedObject",
    "Setback",
    "Severity",
    "SourceDay",
    "SourceState",
    "State",
    "history_of",
]
