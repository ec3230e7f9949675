"""From one store to another: objects first, pointers last, so readers there never see half a day.

Nothing is written while a document there is later than the one here, unless that is asked for.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from cityflow.admin.choice import Choice
from cityflow.admin.documents import DocumentsMove, Frozen, Source
from cityflow.admin.journal import Journal
from cityflow.admin.objects import ObjectsMove, kind_of
from cityflow.admin.outside import Fate, Outside, check, is_there, registered, say, store_there
from cityflow.admin.tally import Tally, some
from cityflow.console import progress
from cityflow.contracts import OutsideFile
from cityflow.errors import BadArguments, CityFlowError, TryAgain
from cityflow.storage import Documents, Objects, Store
from cityflow.storage.outside import TYPE as OUTSIDE


class WouldOverwrite(BadArguments):
    """Something there is later than what would replace it."""


@dataclass(frozen=True)
class Route:
    """From where to where; None: these stay where they are.

    `raw`: the objects of the target, moved or not, that raw files of outside can be copied to.
    """

    documents: tuple[Source, Documents] | None
    objects: tuple[Objects, Objects] | None
    raw: Objects | None = None


@dataclass(frozen=True)
class Manner:
    """How to move. `journal` is where the finished objects are noted, `outside` what becomes of
    raw files that are registered where they lie.
    """

    journal: Path
    choice: Choice = field(default_factory=Choice)
    overwrite: bool = False
    dry_run: bool = False
    verify: bool = False
    resume: bool = False
    outside: Fate = Fate.NAMED


@dataclass(frozen=True)
class Moved:
    """What was done, the raw files outside the store, and the error to end with, if any."""

    tally: Tally
    error: CityFlowError | None = None
    outside: tuple[Outside, ...] = ()


def move(route: Route, manner: Manner) -> Moved:
    """Copy what is chosen; what was refused or differs is in the result.

    Raises StoreUnavailable; BadArguments and SourceError for raw files outside the store that may
    not be left behind or cannot be read.

    Killed at any moment, the same command finishes the work; with `resume` it reads no object
    again that was finished.
    """
    moving = _Moving(route, manner)
    if refused := moving.plan():
        return refused
    with _journal(manner) as journal:
        error = moving.copy(journal) or (moving.verify() if manner.verify else None)
        if journal is not None and error is None:
            journal.forget()
    return Moved(moving.tally, error, moving.said)


class _Moving:
    """One move: planned, done, verified."""

    def __init__(self, route: Route, manner: Manner) -> None:
        self._route = route
        self._files = self._registered(route, manner)
        self.said = say(self._files, manner.outside)
        if manner.outside in (Fate.COPIED, Fate.LEFT_OUT):
            choice = replace(manner.choice, without=frozenset({OUTSIDE}))
            manner = replace(manner, choice=choice)
        self._manner = manner
        self.tally = Tally()
        # The pointers are read before all else: see Frozen.
        source = Frozen.of(route.documents[0], manner.choice) if route.documents else None
        self._documents = (source, route.documents[1]) if source and route.documents else None
        self._bytes = self._check()

    def plan(self) -> Moved | None:
        """Look at all documents before the first write; a result if that is not to be."""
        plan = Tally()
        with progress("Comparing documents", unit="documents") as shown:
            for step in self._of_documents(plan):
                step.run(shown.advance, dry=True)
        return Moved(plan, _refusal(plan, "nothing was written")) if plan.refused else None

    def copy(self, journal: Journal | None) -> CityFlowError | None:
        """Copy, unless `journal` is None."""
        with progress("Copying objects", self._bytes, "bytes") as shown:
            for objects in self._of_objects(journal):
                objects.run(shown.advance)
        if self.tally.refused:
            return _refusal(self.tally, "documents were left as they are")
        if journal is not None:
            self._copy_files()
        with progress("Copying documents", unit="documents") as shown:
            for documents in self._of_documents(self.tally):
                documents.run(shown.advance, dry=journal is None)
        return None

    def verify(self) -> CityFlowError | None:
        """Read all of it again."""
        self.tally.is_verified = True
        with progress("Verifying objects", self._bytes, "bytes") as shown:
            for objects in self._of_objects(None):
                objects.verify(shown.advance)
        with progress("Verifying documents", unit="documents") as shown:
            for documents in self._of_documents(self.tally):
                documents.verify(shown.advance)
        if there := self._there:
            lost = [file.path for file in self._files if not is_there(file, there)]
            self.tally.differing.extend(lost)
        return _difference(self.tally) if self.tally.differing else None

    @property
    def _there(self) -> Store | None:
        """The store that raw files of outside are copied to, if they are."""
        if self._manner.outside is not Fate.COPIED or not self._documents:
            return None
        return Store(self._documents[1], self._route.raw) if self._route.raw else None

    def _copy_files(self) -> None:
        if there := self._there:
            total = sum(file.meta.bytes for file in self._files)
            with progress("Copying files of outside", total, "bytes") as shown:
                for file in self._files:
                    store_there(file, there)
                    shown.advance(file.meta.bytes)

    @staticmethod
    def _registered(route: Route, manner: Manner) -> Sequence[OutsideFile]:
        files = registered(route.documents[0], manner.choice) if route.documents else []
        check(files, manner.outside)
        return files

    def _of_documents(self, tally: Tally) -> Iterator[DocumentsMove]:
        if self._documents:
            yield DocumentsMove(
                *self._documents, self._manner.choice, tally, self._manner.overwrite
            )

    def _of_objects(self, journal: Journal | None) -> Iterator[ObjectsMove]:
        if self._route.objects:
            yield ObjectsMove(
                *self._route.objects,
                self._manner.choice,
                self.tally,
                journal,
                self._manner.overwrite,
            )

    def _check(self) -> int:
        """Refuse kinds that do not exist; returns the bytes of the objects chosen."""
        choice, folders, total = self._manner.choice, set(), 0
        for info in self._route.objects[0].list("") if self._route.objects else ():
            folders.add(kind_of(info.key).name)
            total += info.size if choice.wants_object(info.key) else 0
        choice.check(self._documents[0].types() if self._documents else [], folders)
        return total


@contextmanager
def _journal(manner: Manner) -> Iterator[Journal | None]:
    wanted = nullcontext() if manner.dry_run else Journal(manner.journal, resume=manner.resume)
    with wanted as journal:
        yield journal


def _refusal(tally: Tally, consequence: str) -> WouldOverwrite:
    return WouldOverwrite(
        f"{len(tally.refused):,} there would be overwritten that are later or differ: "
        f"{some(tally.refused)}; {consequence}; look at both, then give --overwrite to replace them"
    )


def _difference(tally: Tally) -> TryAgain:
    return TryAgain(
        f"{len(tally.differing):,} are not the same on both sides: {some(tally.differing)}; "
        "run again: what changed here meanwhile is copied then"
    )
