"""What a store has published, byte by byte, and what a killed run may have left behind."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

import polars as pl

from cityflow.contracts import Pointer
from cityflow.contracts.report_tables import SECTIONS
from cityflow.contracts.tables import COMPTAGES_ALERTS, COMPTAGES_ARC_HOURS, COMPTAGES_ARCS
from cityflow.settings import Settings
from cityflow.storage import Editions, Runs, Store, canonical, layout, open_store
from cityflow.storage.paging import all_documents

EVERY: Final = 0.2
"""Seconds between two looks of a reader: a look costs as much as a day's work of the command."""
ZONES: Final = ("clean", "metrics", "rejects", "reports")
TABLES: Final = (COMPTAGES_ARC_HOURS, COMPTAGES_ARCS, COMPTAGES_ALERTS)
OF_THE_RUN: Final = ("run_id", "published_at")
Snapshot = dict[str, str]


def opened(output: Path) -> Store:
    """The store in a folder."""
    return open_store(Settings(output_dir=output))


def snapshot(output: Path) -> Snapshot:
    """Digests of all that is published: objects, pointers, documents of editions.

    Only which run published a pointer, and when, is left out.
    """
    found = {
        str(path.relative_to(output)): canonical.digest(path.read_bytes())
        for zone in ZONES
        for path in sorted((output / zone).rglob("*"))
        if path.is_file()
    }
    with opened(output) as store:
        for kind in store.documents.types():
            if kind.startswith(("pointer/", "edition/")):
                for document in all_documents(store.documents, kind):
                    body = {k: v for k, v in document.body.items() if k not in OF_THE_RUN}
                    name = f"{kind} {document.id.day} {document.id.key}"
                    found[name] = canonical.digest(canonical.dumps(body))
    return found


def differences(left: Snapshot, right: Snapshot) -> list[str]:
    """Names of what is not the same in both."""
    return sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))


def leftovers(output: Path) -> list[str]:
    """Temporary files, chunks, and runs that nobody closed."""
    files = [path for path in output.rglob("*") if path.is_file()]
    left = [str(p) for p in files if p.name.startswith(".tmp~") or "/chunks/" in str(p)]
    with opened(output) as store:
        left += [str(document.id) for document in all_documents(store.documents, "running")]
        left += [run.run_id for run in runs(store) if run.outcome == "running"]
    return left


def runs(store: Store) -> Iterator[Any]:
    """Every run of the ledger."""
    return Runs(store).query(date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True)
class _Edition:
    """One edition as a reader saw it: its document, and the digest of every object."""

    document: dict[str, Any]
    digests: dict[str, str]


class Reader(threading.Thread):
    """Follows the pointers of a store again and again, and opens all that they promise.

    As a context manager it fails the test if a pointer named anything that was not whole, or that
    changed later.
    """

    def __init__(self, output: Path) -> None:
        super().__init__(daemon=True)
        self._output = output
        self._done = threading.Event()
        self._seen: dict[str, _Edition] = {}
        self._whole: set[str] = set()
        self.rounds = 0
        self.fault: BaseException | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._done.set()
        self.join()
        if self.fault is not None and kind is None:
            raise self.fault

    @property
    def editions(self) -> int:
        """How many editions it has seen."""
        return len(self._seen)

    def run(self) -> None:
        try:
            with opened(self._output) as store:
                while not self._done.wait(EVERY):
                    self._round(store)
        except BaseException as error:
            self.fault = error

    def _round(self, store: Store) -> None:
        editions = Editions(store)
        for dataset in ("comptages", "report"):
            for pointer in editions.pointers(dataset):
                self._follow(store, editions, pointer)
        self._read_files_for_people()
        self.rounds += 1

    def _follow(self, store: Store, editions: Editions, pointer: Pointer) -> None:
        name = f"{pointer.dataset} {pointer.day} {pointer.edition}"
        document = editions.document(pointer.dataset, pointer.day, pointer.edition)
        assert document is not None, name
        contents = {key: store.objects.read(key) for key in _promised(pointer)}
        digests = {key: hashlib.sha256(data).hexdigest() for key, data in contents.items()}
        edition = _Edition(document, digests)
        seen = self._seen.setdefault(name, edition)
        assert seen == edition, f"{name} changed"
        if seen is edition and pointer.dataset == "comptages":
            _check(pointer, document, contents)

    def _read_files_for_people(self) -> None:
        files = [*self._output.glob("metrics/*.json"), *self._output.glob("reports/*.json")]
        for path in files:
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            if digest not in self._whole:
                assert "edition" in json.loads(data), path
                self._whole.add(digest)


def _promised(pointer: Pointer) -> list[str]:
    day, edition = pointer.day, pointer.edition
    if pointer.dataset == "report":
        return [layout.report_section(day, edition, section.name) for section in SECTIONS]
    tables = [layout.table("comptages", day, edition, table.name) for table in TABLES]
    return [layout.clean("comptages", day, edition), *tables]


def _check(pointer: Pointer, document: dict[str, Any], contents: dict[str, bytes]) -> None:
    """Every table parses, and they agree with each other, the document and the pointer."""
    frames = {Path(key).name: pl.read_parquet(io.BytesIO(data)) for key, data in contents.items()}
    clean, hours = frames[f"{pointer.edition}.parquet"], frames["arc_hours.parquet"]
    arcs = frames["arcs.parquet"]
    assert clean.height == hours.height == pointer.records == document["quality"]["published"]
    assert arcs.height == clean["arc_id"].n_unique()
    for frame in (clean, hours, arcs):
        assert frame["flow_veh"].sum() == (document["totals"]["flow_veh"] or 0)
