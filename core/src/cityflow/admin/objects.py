"""Copying objects from one store to another; what stands there already is compared, not trusted."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from cityflow.admin.choice import Choice
from cityflow.admin.journal import Content, Journal
from cityflow.admin.pairing import in_threads, paired
from cityflow.admin.tally import Fate, Kind, Tally
from cityflow.errors import TryAgain
from cityflow.storage import ObjectInfo, Objects, layout
from cityflow.storage.raw import merged_provenance

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK: Final = 1 << 20
_Pair = tuple[ObjectInfo | None, ObjectInfo | None]


def content_of(objects: Objects, key: str) -> Content:
    """Size and SHA-256 of an object, read in blocks."""
    with objects.open(key) as stream:
        counted = _Counted(stream)
        while counted.read(_BLOCK):
            pass
    return counted.content


@dataclass(frozen=True)
class ObjectsMove:
    """One copy of the chosen objects. Without `journal` nothing is written (a dry run)."""

    here: Objects
    there: Objects
    choice: Choice
    tally: Tally
    journal: Journal | None
    overwrite: bool = False

    def run(self, advance: Callable[[int], None]) -> None:
        """Copy what is missing or older there; `advance` is told bytes of the source."""
        for size in in_threads(self._settle, self._pairs()):
            advance(size)

    def verify(self, advance: Callable[[int], None]) -> None:
        """Read all of it again on both sides and compare the digests."""
        for size in in_threads(self._compare, self._pairs()):
            advance(size)

    def _pairs(self) -> Iterator[_Pair]:
        sides = (self._chosen(self.here), self._chosen(self.there))
        return paired(*sides, name=lambda info: info.key)

    def _chosen(self, objects: Objects) -> Iterator[ObjectInfo]:
        return (info for info in objects.list("") if self.choice.wants_object(info.key))

    def _settle(self, pair: _Pair) -> int:
        info = cast(ObjectInfo, pair[0] or pair[1])
        fate = self._fate(*pair)
        moved = fate in (Fate.COPIED, Fate.REPLACED)
        if moved and self.journal is not None:
            self.journal.note(info.key, self._copy(info.key, fate))
        self.tally.add(kind_of(info.key), fate, info.key, info.size if moved else 0)
        return info.size if pair[0] else 0

    def _fate(self, here: ObjectInfo | None, there: ObjectInfo | None) -> Fate:
        if here is None:
            return Fate.ONLY_THERE
        if there is None:
            return Fate.COPIED
        if self._is_done(here, there) or self._is_equal(here, there):
            return Fate.SAME
        may_change = not layout.is_permanent(here.key) or self.overwrite
        return Fate.REPLACED if may_change else Fate.REFUSED

    def _is_done(self, here: ObjectInfo, there: ObjectInfo) -> bool:
        if self.journal is None or not layout.is_permanent(here.key):
            return False
        noted = self.journal.done.get(here.key)
        return noted is not None and noted.size == here.size == there.size

    def _is_equal(self, here: ObjectInfo, there: ObjectInfo) -> bool:
        if here.key.endswith(layout.META):
            held = self.there.read(here.key)
            return merged_provenance(here.key, held, self.here.read(here.key)) == held
        if here.size != there.size:
            return False
        return content_of(self.here, here.key) == content_of(self.there, here.key)

    def _copy(self, key: str, fate: Fate) -> Content:
        if fate is Fate.REPLACED and key.endswith(layout.META):
            return self._merge(key)
        with self.here.open(key) as stream:
            counted = _Counted(stream)
            if fate is Fate.REPLACED:
                self.there.put(key, counted.buffered())
            elif not self.there.put_if_absent(key, counted.buffered()):
                raise _Raced(key)
        return counted.content

    def _merge(self, key: str) -> Content:
        """Receipts of both sides: none is ever lost."""
        held, tag = self.there.read_tagged(key)
        text = merged_provenance(key, held, self.here.read(key))
        if not self.there.put_if_tag(key, text, tag):
            raise _Raced(key)
        return Content(len(text), hashlib.sha256(text).hexdigest())

    def _compare(self, pair: _Pair) -> int:
        here, there = pair
        if here is not None:
            equal = there is not None and self._is_equal(here, there)
            self.tally.compared(kind_of(here.key), here.key, equal=equal)
        return here.size if here else 0


def kind_of(key: str) -> Kind:
    """The kind under which an object is counted."""
    return Kind("objects", key.partition("/")[0])


class _Raced(TryAgain):
    def __init__(self, key: str) -> None:
        super().__init__(f"object {key}: another wrote it there meanwhile; run again")


class _Counted(io.RawIOBase):
    """Passes a stream on and keeps size and digest of what was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = 0
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, target: "WriteableBuffer") -> int:
        room = memoryview(target).cast("B")
        block = self._stream.read(len(room))
        room[: len(block)] = block
        self._size += len(block)
        self._sha256.update(block)
        return len(block)

    def buffered(self) -> BinaryIO:
        """The same as the ports take it."""
        return cast(BinaryIO, io.BufferedReader(self, _BLOCK))

    @property
    def content(self) -> Content:
        return Content(self._size, self._sha256.hexdigest())
