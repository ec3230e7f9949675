"""Zip members are read one by one, deflate64 too, which the standard library refuses.

The yearly archives of the historical road counts are written with deflate64 (method 9).
"""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, Protocol, cast

import inflate64

from cityflow.errors import FileDamaged, FileRefused

DEFLATE64: Final = 9
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, DEFLATE64)
_ENCRYPTED: Final = 0x1
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_MAX_AT_ONCE: Final = 4 * 2**20
# The inflater returns all it can: 512 bytes of deflate64 are at most some 15 MB of content.
_INPUT_BYTES: Final = 512


_DAMAGE: Final = (
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    UnicodeDecodeError,
    struct.error,
)


class Source(Protocol):
    """What one member is read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of content, none at its end."""

    def close(self) -> None:
        """Release what it holds."""


@contextmanager
def refusing_damage(name: str) -> Iterator[None]:
    """Turns what the unpacking libraries raise on damaged bytes into FileRefused."""
    whole = "a whole file: fetch it again"
    try:
        yield
    except EOFError as error:
        raise FileDamaged(name, "truncated packed data: it ends too early", whole) from error
    except _DAMAGE as error:
        raise FileDamaged(name, f"damaged packed data ({error})", whole) from error


@dataclass(frozen=True)
class ZipDirectory:
    """The files a zip archive holds, in its order, without folders and hidden files."""

    stream: BinaryIO
    archive: zipfile.ZipFile
    members: tuple[zipfile.ZipInfo, ...]

    @classmethod
    def read(cls, stream: BinaryIO, name: str, most: int) -> "ZipDirectory":
        """The directory of a seekable archive; FileRefused if it is damaged, empty, encrypted,
        packed by an unknown method, holds more than `most` files, or lets members overlap.
        """
        with refusing_damage(name):
            archive = zipfile.ZipFile(cast(IO[bytes], _Guarded(stream)))
        members = tuple(info for info in archive.infolist() if _is_visible_file(info))
        _check(members, stream.seek(0, 2), name, most)
        return cls(stream, archive, members)

    def open(self, member: zipfile.ZipInfo, name: str) -> AbstractContextManager[Source]:
        """A source of one member; what it raises on damage, `refusing_damage` understands."""
        with refusing_damage(name):
            if member.compress_type == DEFLATE64:
                return closing(_Deflate64(self.stream, member))
            return closing(self.archive.open(member))


def _is_visible_file(info: zipfile.ZipInfo) -> bool:
    parts = [part for part in info.filename.split("/") if part not in (".", "..")]
    return not info.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _check(members: tuple[zipfile.ZipInfo, ...], size: int, name: str, most: int) -> None:
    if not members:
        raise FileRefused(name, "a zip archive without files", "CSV, text or JSON files in it")
    if len(members) > most:
        raise FileRefused(name, f"{len(members)} files in one archive", f"at most {most}")
    if sum(info.compress_size for info in members) > size:
        raise FileRefused(name, "members that overlap: a zip bomb", "one place for each member")
    for info in members:
        _check_member(info, f"{name} ({info.filename})")


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    if info.header_offset < 0:
        found = "damaged packed data (a member before the start of the file)"
        raise FileRefused(name, found, "a whole file: fetch it again")
    if info.flag_bits & _ENCRYPTED:
        raise FileRefused(name, "an encrypted member", "an archive without a password")
    if info.compress_type not in _METHODS:
        found = f"compression method {info.compress_type}"
        raise FileRefused(name, found, "stored, deflate (8) or deflate64 (9)")


class _Guarded:
    """A stream for zipfile, which reads a whole directory at once: a hostile one must not fill
    memory.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable
        self._read = stream.read

    def read(self, size: int = -1) -> bytes:
        data = self._read(_MAX_AT_ONCE + 1 if size < 0 else min(size, _MAX_AT_ONCE + 1))
        if len(data) > _MAX_AT_ONCE:
            raise zipfile.BadZipFile(f"a directory of more than {_MAX_AT_ONCE} bytes")
        return data


class _Deflate64:
    """One deflate64 member: length and checksum are verified at its end."""

    def __init__(self, stream: BinaryIO, member: zipfile.ZipInfo) -> None:
        self._stream, self._member = stream, member
        self._inflater = inflate64.Inflater()
        self._left = member.compress_size
        self._content = memoryview(b"")
        self._size = self._crc = 0
        stream.seek(_content_offset(stream, member))

    def read(self, size: int, /) -> bytes:
        while not self._content and not self._inflater.eof:
            self._fill()
        if not self._content:
            self._verify()
        data, self._content = bytes(self._content[:size]), self._content[size:]
        return data

    def close(self) -> None:
        self._content.release()

    def _fill(self) -> None:
        packed = self._stream.read(min(_INPUT_BYTES, self._left))
        if not packed:
            raise EOFError
        self._left -= len(packed)
        try:
            content = self._inflater.inflate(packed)
        except ValueError as error:
            raise zipfile.BadZipFile(f"deflate64: {error}") from error
        self._size += len(content)
        self._crc = zlib.crc32(content, self._crc)
        if self._size > self._member.file_size:
            raise zipfile.BadZipFile("more content than the directory says")
        self._content = memoryview(content)

    def _verify(self) -> None:
        if (self._size, self._crc) != (self._member.file_size, self._member.CRC):
            raise zipfile.BadZipFile("wrong length or checksum")


def _content_offset(stream: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where the packed bytes start: behind the local header, whose length only it knows."""
    stream.seek(member.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("no member where the directory says")
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    return member.header_offset + _LOCAL_HEADER.size + int(name_bytes) + int(extra_bytes)
