"""Copying documents with their versions; what is later there is never overwritten unasked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, cast

from cityflow.admin.choice import Choice
from cityflow.admin.pairing import in_threads, paired
from cityflow.admin.tally import Fate, Kind, Tally
from cityflow.contracts import Pointer
from cityflow.storage import Document, Documents, canonical, rules
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import NO_DAY

POINTERS: Final = "pointer/"
_Pair = tuple[Document | None, Document | None]


class Source(Protocol):
    """Where documents come from: a database, or a folder of an export."""

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""

    def walk(self, type: str, choice: Choice) -> Iterator[Document]:
        """The chosen documents of one type, by (day, key)."""


@dataclass(frozen=True)
class Database:
    """A database as a source."""

    documents: Documents

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""
        return self.documents.types()

    def walk(self, type: str, choice: Choice) -> Iterator[Document]:
        """The chosen documents of one type, by (day, key)."""
        if choice.first is not None:
            yield from all_documents(self.documents, type, NO_DAY, NO_DAY)
        yield from all_documents(self.documents, type, choice.first, choice.last)


@dataclass(frozen=True)
class Frozen:
    """A source whose pointers were read before all else.

    What a pointer names was written before it. So whoever copies these pointers last has copied
    everything they name, even from a store at work.
    """

    source: Source
    pointers: Mapping[str, Sequence[Document]]

    @classmethod
    def of(cls, source: Source, choice: Choice) -> "Frozen":
        """Read the pointers now."""
        types = [t for t in choice.types(source.types()) if t.startswith(POINTERS)]
        return cls(source, {type: list(source.walk(type, choice)) for type in types})

    def types(self) -> list[str]:
        """All types, pointers last."""
        others = [type for type in self.source.types() if not type.startswith(POINTERS)]
        return [*others, *self.pointers]

    def walk(self, type: str, choice: Choice) -> Iterator[Document]:
        """The chosen documents of one type, by (day, key)."""
        held = self.pointers.get(type)
        return self.source.walk(type, choice) if held is None else iter(held)


@dataclass(frozen=True)
class DocumentsMove:
    """One copy of the chosen documents."""

    here: Source
    there: Documents
    choice: Choice
    tally: Tally
    overwrite: bool = False

    def run(self, advance: Callable[[int], None], *, dry: bool) -> None:
        """Judge every document and, unless `dry`, write those that are missing or older there."""
        for _ in in_threads(lambda pair: self._settle(pair, dry), self._pairs()):
            advance(1)

    def verify(self, advance: Callable[[int], None]) -> None:
        """Read all again on both sides and compare bodies, by digest, and versions."""
        for here, there in self._pairs():
            if here is not None:
                equal = there is not None and _is_same(here, there)
                self.tally.compared(_kind(here), rules.name_of(here.id), equal=equal)
                advance(1)

    def _pairs(self) -> Iterator[_Pair]:
        there = Database(self.there)
        types = self.choice.types(self.here.types())
        for type in [*types, *(t for t in self.choice.types(there.types()) if t not in types)]:
            sides = (self.here.walk(type, self.choice), there.walk(type, self.choice))
            yield from paired(*sides, name=lambda document: document.id)

    def _settle(self, pair: _Pair, dry: bool) -> None:
        here, there = pair
        fate = self._fate(here, there)
        if here is not None and fate in (Fate.COPIED, Fate.REPLACED) and not dry:
            self.there.restore(here, over=there.version if there else 0)
        document = cast(Document, here or there)
        self.tally.add(_kind(document), fate, rules.name_of(document.id))

    def _fate(self, here: Document | None, there: Document | None) -> Fate:
        if here is None:
            return Fate.ONLY_THERE
        if there is None:
            return Fate.COPIED
        if _is_same(here, there):
            return Fate.SAME
        return Fate.REPLACED if self.overwrite or _age(here) > _age(there) else Fate.REFUSED


def _kind(document: Document) -> Kind:
    return Kind("documents", document.id.type)


def _is_same(here: Document, there: Document) -> bool:
    return there.version >= here.version and _digest(here) == _digest(there)


def _digest(document: Document) -> str:
    return canonical.digest(canonical.dumps(document.body))


def _age(document: Document) -> tuple[datetime, int]:
    """Of two documents with one id, the later has the higher one."""
    if not document.id.type.startswith(POINTERS):
        return datetime.min, document.version
    pointer = rules.parse(Pointer, rules.name_of(document.id), document.body)
    return pointer.published_at, document.version
