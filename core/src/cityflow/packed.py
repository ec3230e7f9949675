"""Packed bytes are expanded as a stream: in bounded memory, whole or refused, and never a bomb.

A reader raises FileRefused at the first byte that breaks a limit, and at the end of a member whose
length or checksum is wrong: what was read to its end is what was packed.
"""

import gzip
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from cityflow.errors import FileRefused
from cityflow.unzip import Source, ZipDirectory, refusing_damage

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Packing = Literal["plain", "gzip", "zip"]

BUFFER_BYTES: Final = 256 * 1024
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


@dataclass(frozen=True)
class Limits:
    """What one packed file may expand to, all its members together.

    Road counts pack 15 to 40 times; a year of the historical archive holds 53 members and 7 GB.
    """

    expanded_bytes: int = 64 * 2**30
    ratio: int = 250
    """Expanded ÷ packed bytes, looked at from `ratio_from` expanded bytes on."""
    ratio_from: int = 64 * 2**20
    members: int = 1000


def packing_of(head: bytes) -> Packing:
    """How a file is packed, by its first four bytes."""
    if head.startswith(_GZIP):
        return "gzip"
    return "zip" if head.startswith(_ZIP) else "plain"


def open_members(
    stream: BinaryIO, packing: Packing, limits: Limits | None = None, name: str = "the file"
) -> Generator[tuple[str, BinaryIO]]:
    """The files inside a seekable stream, one after the other, as (member name, reader).

    The name is empty unless `packing` is `zip`; members come in the order of the archive, folders
    and hidden files left out. A reader is good until the next member is asked for. The stream
    stays open. Raises FileRefused, naming `name` and the member, also from the readers.
    """
    if packing == "plain":
        yield "", stream
    elif packing == "gzip":
        yield from _gzip_member(stream, limits or Limits(), name)
    else:
        yield from _zip_members(stream, limits or Limits(), name)


@contextmanager
def opened_first(
    stream: BinaryIO, packing: Packing, limits: Limits | None = None, name: str = "the file"
) -> Iterator[BinaryIO]:
    """The reader of the first file inside, good as long as the context lasts."""
    with closing(open_members(stream, packing, limits, name)) as members:
        yield next(members)[1]


def _gzip_member(stream: BinaryIO, limits: Limits, name: str) -> Iterator[tuple[str, BinaryIO]]:
    start = stream.tell()
    meter = _Meter(limits, name, lambda: stream.tell() - start)
    with gzip.GzipFile(fileobj=stream) as source, _reader(source, meter, name) as reader:
        yield "", reader


def _zip_members(stream: BinaryIO, limits: Limits, name: str) -> Iterator[tuple[str, BinaryIO]]:
    directory = ZipDirectory.read(stream, name, limits.members)
    packed = 0
    meter = _Meter(limits, name, lambda: packed)
    meter.refuse_beyond(sum(member.file_size for member in directory.members))
    for member in directory.members:
        packed += member.compress_size
        inside = f"{name} ({member.filename})"
        with directory.open(member, inside) as source, _reader(source, meter, inside) as reader:
            yield member.filename, reader


class _Meter:
    """Counts expanded bytes of all members against the limits."""

    def __init__(self, limits: Limits, name: str, packed: Callable[[], int]) -> None:
        self._limits, self._name, self._packed = limits, name, packed
        self.expanded = 0

    def add(self, count: int) -> None:
        self.expanded += count
        self.refuse_beyond(self.expanded)
        if self.expanded > max(self._limits.ratio_from, self._limits.ratio * self._packed()):
            found = f"{self.expanded} bytes expanded from {self._packed()}: a decompression bomb"
            raise FileRefused(self._name, found, f"at most {self._limits.ratio} times as many")

    def refuse_beyond(self, expanded: int) -> None:
        if expanded > self._limits.expanded_bytes:
            found = f"more than {self._limits.expanded_bytes} bytes of content ({expanded})"
            raise FileRefused(self._name, found, "a smaller file: split it, a year or a month each")


class _Expanding(io.RawIOBase):
    """One member: metered, its errors said in plain words."""

    def __init__(self, source: Source, meter: _Meter, name: str) -> None:
        self._source, self._meter, self._name = source, meter, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        with refusing_damage(self._name):
            data = self._source.read(min(len(view), BUFFER_BYTES))
        self._meter.add(len(data))
        view[: len(data)] = data
        return len(data)


def _reader(source: Source, meter: _Meter, name: str) -> BinaryIO:
    reader = io.BufferedReader(_Expanding(source, meter, name), BUFFER_BYTES)
    if packing_of(reader.peek(4)) != "plain":
        raise FileRefused(name, "an archive inside an archive", "packed CSV, text or JSON files")
    return reader
