"""What the ledger and the raw zone say is still to be processed, without reading a raw file.

A day is pending if the latest version that ingest holds of it is not the last that its last run
read; everything is, if a file that ingest knows no day of was never read, or a reference changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from cityflow.contracts import Holding, Run
from cityflow.contracts.base import SCHEMA_VERSION
from cityflow.storage import DocumentId, RawZone, Runs, Store, rules
from cityflow.storage.canonical import digest, dumps
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import NO_DAY
from cityflow.storage.updating import update
from cityflow_processor.listing import REFERENCES

_CONCLUSIVE: Final = {"new", "unchanged", "red"}
_META: Final = ".meta.json"
_SIGN: Final = 12
"""Hex digits of its digest in the name of a raw object."""


@dataclass(frozen=True)
class Arrived:
    """The raw zone as it is listed: cheap to take, and equal as long as nothing arrives.

    `files`: of each raw object and registered file of the dataset, the start of its digest.
    """

    everything: str
    references: str
    files: frozenset[str]

    @classmethod
    def take(cls, store: Store, dataset: str) -> "Arrived":
        """Look now. Raises StoreUnavailable."""
        listed = [(i.key, i.size) for i in store.objects.list(f"raw/{dataset}/")]
        references = [
            info.key
            for name in REFERENCES
            for info in store.objects.list(f"raw/{name}/")
            if not info.key.endswith(_META)
        ]
        outside = [file.meta.sha256 for file in RawZone(store).outside.files(dataset)]
        missing = [str(one.day) for one in _holdings(store, dataset) if one.status == "missing"]
        keys = (key for key, _ in listed if not key.endswith(_META))
        files = {_sign(key) for key in keys} | {sha256[:_SIGN] for sha256 in outside}
        shown = {"listed": listed, "outside": outside, "missing": missing}
        named = digest(dumps({"references": references}))
        return cls(digest(dumps({**shown, "references": named})), named, frozenset(files))


def pending_days(store: Store, dataset: str, arrived: Arrived) -> list[date] | None:
    """The days to process, in order; None: all that the files hold. Raises StoreUnavailable."""
    last = last_runs(store, dataset)
    holdings = {one.day: one for one in _holdings(store, dataset)}
    held = {_sign(one.key) for one in holdings.values() if one.key}
    read = {sha256[:_SIGN] for run in last.values() for sha256 in _digests(run)}
    if arrived.files - held - read or _references_done(store, dataset) != arrived.references:
        return None
    first = min((day for day, one in holdings.items() if one.key), default=None)
    return [
        day
        for day, one in holdings.items()
        if first and day >= first and _is_pending(one, last.get(day))
    ]


def note_done(store: Store, dataset: str, arrived: Arrived) -> None:
    """Everything that the references bear on is processed."""
    body = {"schema_version": SCHEMA_VERSION, "references": arrived.references}
    update(store.documents, _done_id(dataset), lambda _: body)


def _is_pending(holding: Holding, run: Run | None) -> bool:
    if run is None:
        return True
    digests = _digests(run)
    if holding.key is None:
        return False
    return not digests or digests[-1][:_SIGN] != _sign(holding.key)


def last_runs(store: Store, dataset: str) -> Mapping[date, Run]:
    """Of each day the last run that came to a conclusion. Raises StoreUnavailable."""
    runs = Runs(store).query(date.min, date.max, stage="process", dataset=dataset)
    ended = (run for run in runs if run.outcome in _CONCLUSIVE)
    return {run.day: run for run in sorted(ended, key=lambda run: run.run_id)}


def _digests(run: Run) -> list[str]:
    """Of what it read, the raw files: editions have shorter names."""
    return [name for name in run.inputs if len(name) == 64]


def _holdings(store: Store, dataset: str) -> Iterable[Holding]:
    for document in all_documents(store.documents, f"holding/{dataset}"):
        yield rules.parse(Holding, rules.name_of(document.id), document.body)


def _references_done(store: Store, dataset: str) -> str | None:
    held = store.documents.get(_done_id(dataset))
    return str(held.body["references"]) if held else None


def _done_id(dataset: str) -> DocumentId:
    return DocumentId("processed", NO_DAY, dataset)


def _sign(key: str) -> str:
    return key.rpartition("-")[2][:_SIGN]
