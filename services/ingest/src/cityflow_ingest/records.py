"""Counting the records of a file and digesting its content, in one pass and bounded memory."""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

import ijson

from cityflow.errors import FileDamaged
from cityflow_ingest.formats import Container, Media
from cityflow_ingest.json_sample import LISTS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK: Final = 256 * 1024
_OVERLAP: Final = 1024


class Digested(io.RawIOBase):
    """A reader that digests what passes through it; `suspect` looks at each piece of it, with the
    end of the piece before.
    """

    def __init__(self, source: BinaryIO, suspect: Callable[[bytes], bool]) -> None:
        self._source, self._suspect = source, suspect
        self._sha256, self._tail = hashlib.sha256(), b""
        self.suspected = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read what the source gives."""
        view = memoryview(buffer).cast("B")
        block = self._source.read(len(view))
        view[: len(block)] = block
        self._sha256.update(block)
        piece = self._tail + block
        self.suspected = self.suspected or self._suspect(piece)
        self._tail = piece[-_OVERLAP:]
        return len(block)

    @property
    def sha256(self) -> str:
        """Digest of what was read."""
        return self._sha256.hexdigest()


def count_records(stream: BinaryIO, media: Media, container: Container, name: str) -> int:
    """Records of a CSV without its header, or of a JSON document; reads the stream to its end.

    Raises FileDamaged for JSON that is broken anywhere.
    """
    if media == "csv":
        return _csv_records(stream)
    try:
        count = sum(_json_records(stream, container))
    except ijson.JSONError as error:
        raise FileDamaged(name, f"broken JSON ({error})", "one whole JSON document") from error
    while stream.read(_BLOCK):
        pass
    return count


def _csv_records(stream: BinaryIO) -> int:
    """Line breaks outside quotes; a quote inside quotes is doubled, so it changes nothing."""
    breaks, inside, last = 0, False, b"\n"
    while block := stream.read(_BLOCK):
        pieces = block.split(b'"')
        breaks += sum(piece.count(b"\n") for piece in pieces[inside::2])
        inside ^= len(pieces) % 2 == 0
        last = block[-1:]
    return max(0, breaks + (last != b"\n") - 1)


def _json_records(stream: BinaryIO, container: Container) -> Iterator[bool]:
    prefixes = _prefixes(container)
    for prefix, event, _ in ijson.parse(stream):
        if container == "days":
            yield prefix == "" and event == "map_key"
        else:
            yield prefix in prefixes and event not in ("map_key", "end_map", "end_array")


def _prefixes(container: Container) -> tuple[str, ...]:
    """Where one record begins, as ijson names it; of a document, its hours or days."""
    if container == "document":
        return "hourly.time.item", "daily.time.item"
    lists = tuple(".".join((*path, "item")) for kind, path in LISTS if kind == container)
    return (*lists, "item") if container == "table" else lists
