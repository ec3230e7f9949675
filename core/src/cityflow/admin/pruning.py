"""What may go, and its going: never raw files, never an edition that is current or still named.

Objects are listed before pointers and running runs are read. So what a run writes meanwhile is
either not listed, or the run is seen: its day is left alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from cityflow.calendar import paris_day
from cityflow.console import progress
from cityflow.contracts import Pointer, Run, history_of
from cityflow.contracts.report import CARRIED, MEASURED
from cityflow.storage import DocumentId, Editions, Runs, Store, layout
from cityflow.storage.paging import all_documents

if TYPE_CHECKING:
    from rich.table import Table

What = Literal["cache", "editions", "rejects", "runs"]

_REPORT: Final = "report"
_AT_ONCE: Final = 500
_MEASURED: Final = tuple(dataset.value for dataset in MEASURED)
# Reference data stay: editions of measured data rest on them.
_NAMES: Final = (*(one.value for one in CARRIED), *map(history_of, _MEASURED), _REPORT)


@dataclass(frozen=True)
class Doomed:
    """One thing that may go: an object (its size in bytes) or a document."""

    what: What
    name: str
    bytes: int = 0
    document: DocumentId | None = None


@dataclass(frozen=True)
class Rule:
    """What is asked to go: that of service days more than `keep_days` ago.

    An edition goes once it has been superseded for so long; a run of the ledger, once it ended so
    long ago.
    """

    what: frozenset[What]
    keep_days: int
    now: datetime

    @property
    def before(self) -> datetime:
        """What is earlier may go."""
        return self.now - timedelta(days=self.keep_days)

    @property
    def first_kept(self) -> date:
        """The first service day that is kept."""
        return paris_day(self.before)


def plan(store: Store, rule: Rule) -> list[Doomed]:
    """What would go. Raises StoreUnavailable."""
    listed = [(info.key, info.size) for info in store.objects.list("")]
    found = [*_by_day(listed, rule)]
    if "editions" in rule.what:
        found += _superseded(store, listed, rule)
    if "runs" in rule.what:
        found += _runs(store, rule)
    return list({one.name: one for one in found}.values())


def carry_out(store: Store, doomed: Iterable[Doomed]) -> None:
    """Delete it: documents first, so that nothing names what goes after them."""
    ordered = sorted(doomed, key=lambda one: one.name)
    documents = [one.document for one in ordered if one.document is not None]
    with progress("Deleting", len(ordered), "items") as shown:
        for start in range(0, len(documents), _AT_ONCE):
            some = documents[start : start + _AT_ONCE]
            store.documents.delete_many(some)
            shown.advance(len(some))
        for one in ordered:
            if one.document is None:
                store.objects.delete(one.name)
                shown.advance()


def document(doomed: Iterable[Doomed]) -> dict[str, Any]:
    """All of it as JSON values."""
    named = [{"what": one.what, "name": one.name, "bytes": one.bytes} for one in doomed]
    return {"deleted": sorted(named, key=lambda one: (one["what"], one["name"]))}


def table(doomed: list[Doomed], title: str) -> "Table":
    """Counts of it for people."""
    from rich.table import Table

    shown = Table("what", title=title)
    for name in ("documents", "objects", "bytes"):
        shown.add_column(name, justify="right")
    for what in sorted({one.what for one in doomed}):
        these = [one for one in doomed if one.what == what]
        documents = sum(one.document is not None for one in these)
        size = sum(one.bytes for one in these)
        shown.add_row(what, f"{documents:,}", f"{len(these) - documents:,}", f"{size:,}")
    return shown


def _by_day(listed: Iterable[tuple[str, int]], rule: Rule) -> Iterator[Doomed]:
    folders: dict[str, What] = {layout.CACHE: "cache", "rejects/": "rejects"}
    for key, size in listed:
        what = folders.get(f"{key.partition('/')[0]}/")
        days = layout.service_days(key)
        if what in rule.what and days is not None and days[1] < rule.first_kept:
            yield Doomed(what, key, size)


def _superseded(store: Store, listed: Iterable[tuple[str, int]], rule: Rule) -> Iterator[Doomed]:
    busy = {mark.id.day for mark in all_documents(store.documents, "running")}
    recent = _written_since(store, rule)
    pointers = {
        (name, pointer.day): pointer
        for name in _NAMES
        for pointer in Editions(store).pointers(name)
    }
    named = _named_by_reports(store, pointers)

    def may_go(name: str, day: date, edition: str) -> bool:
        current = pointers.get((name, day))
        if current is None or current.edition == edition or current.published_at >= rule.before:
            return False
        return day not in busy and (name, day, edition) not in named

    for name in _NAMES:
        for one in all_documents(store.documents, f"edition/{name}"):
            if may_go(name, one.id.day, one.id.key):
                yield Doomed("editions", f"edition {name} {one.id.day} {one.id.key}", 0, one.id)
    for key, size in listed:
        place = layout.edition_of(key)
        if place is not None and place[0] in _NAMES and may_go(*place) and key not in recent:
            yield Doomed("editions", key, size)


def _named_by_reports(
    store: Store, pointers: dict[tuple[str, date], Pointer]
) -> set[tuple[str, date, str]]:
    """Editions that the current report of their day rests on."""
    named = set()
    for (name, day), pointer in pointers.items():
        if name == _REPORT:
            report = Editions(store).document(name, day, pointer.edition) or {}
            named |= {(dataset, day, used) for dataset, used in report.get("editions", {}).items()}
    return named


def _written_since(store: Store, rule: Rule) -> set[str]:
    """Objects of recent runs: what a red gate kept from being published is evidence."""
    runs = (run for run in _ledger(store) if run.ended_at and run.ended_at >= rule.before)
    return {key for run in runs for key in run.outputs}


def _runs(store: Store, rule: Rule) -> Iterator[Doomed]:
    for run in _ledger(store):
        if run.ended_at is not None and run.ended_at < rule.before:
            id = DocumentId("run", run.day, run.run_id)
            yield Doomed("runs", f"run {run.day} {run.run_id}", 0, id)


def _ledger(store: Store) -> Iterator[Run]:
    return Runs(store).query(date.min, date.max)
