"""Models of every published document; the single source of the OpenAPI schema.

The report's, which hold those of every dataset, are in `cityflow.contracts.report`.
"""

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
from cityflow.contracts.saved import Manifest, SavedDocuments, SavedObject

__all__ = [
    "SCHEMA_VERSION",
    "Attribution",
    "Check",
    "ComptagesSummary",
    "Counts",
    "Dataset",
    "Holding",
    "Lease",
    "Manifest",
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
    "State",
    "history_of",
]
