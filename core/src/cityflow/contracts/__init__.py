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
from cityflow.contracts.ledger import (
    Counts,
    Holding,
    Lease,
    OutsideFile,
    RawMeta,
    Receipt,
    Retry,
    Run,
    SourceDay,
)
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
    "Holding",
    "Lease",
    "Missing",
    "OutsideFile",
    "Pointer",
    "PublishedDocument",
    "RawMeta",
    "Receipt",
    "Retry",
    "Run",
    "Severity",
    "SourceDay",
    "SourceState",
    "State",
]
