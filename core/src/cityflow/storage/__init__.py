"""The shared storage layer: documents, objects, and what is built on the two ports."""

from cityflow.storage.editions import Candidate, Editions, Published
from cityflow.storage.factory import open_store
from cityflow.storage.leases import HeldLease, Leases
from cityflow.storage.ports import (
    Document,
    DocumentId,
    Documents,
    Json,
    ObjectInfo,
    Objects,
    Page,
    Store,
)
from cityflow.storage.raw import Archived, NewRaw, RawEntry, RawZone, first_meta
from cityflow.storage.runs import Outcome, Runs, Stage

__all__ = [
    "Archived",
    "Candidate",
    "Document",
    "DocumentId",
    "Documents",
    "Editions",
    "HeldLease",
    "Json",
    "Leases",
    "NewRaw",
    "ObjectInfo",
    "Objects",
    "Outcome",
    "Page",
    "Published",
    "RawEntry",
    "RawZone",
    "Runs",
    "Stage",
    "Store",
    "first_meta",
    "open_store",
]
