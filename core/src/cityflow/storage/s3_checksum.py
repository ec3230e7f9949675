"""SHA-256 as S3 keeps it: of a small object its own, of a large one that of its parts' digests."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

PART_BYTES: Final = 8 << 20
PART_BYTES_META: Final = "part-bytes"

_COMPOSITE: Final = "-"


def digest(data: bytes) -> bytes:
    """SHA-256 of bytes."""
    return hashlib.sha256(data).digest()


def text(digest: bytes) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(digest).decode()


def composite(digests: Iterable[bytes]) -> str:
    """The checksum of an object that was put together of parts with these digests."""
    return text(digest(b"".join(digests)))


def same(ours: str, theirs: str) -> bool:
    """Whether S3's checksum is ours; it may name the number of parts behind a dash."""
    return theirs.partition(_COMPOSITE)[0] == ours


class Verifier:
    """Hashes an object as it is read, from its first byte on, in any pieces."""

    def __init__(self, expected: str, part_bytes: int | None) -> None:
        self._expected = expected
        self._part_bytes = part_bytes
        self._digests: list[bytes] = []
        self._part = hashlib.sha256()
        self._in_part = 0
        self.seen = 0

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Verifier | None":
        """For the answer to GetObject; None if whoever put the object left no such checksum."""
        expected = answer.get("ChecksumSHA256")
        part_bytes = answer["Metadata"].get(PART_BYTES_META)
        if expected is None or (_COMPOSITE in expected and part_bytes is None):
            return None
        return cls(expected, int(part_bytes) if part_bytes is not None else None)

    def update(self, start: int, data: bytes | memoryview) -> None:
        """Take what was read at `start`; what was hashed before, or lies beyond a gap, is left."""
        rest = memoryview(data)[max(self.seen - start, 0) :]
        if start > self.seen:
            return
        self.seen += len(rest)
        while rest:
            room = (self._part_bytes or len(rest) + self._in_part) - self._in_part
            self._part.update(rest[:room])
            self._in_part += len(rest[:room])
            rest = rest[room:]
            if self._in_part == self._part_bytes:
                self._close_part()

    def holds(self) -> bool:
        """Whether what was hashed is what was put: ask when all was seen."""
        if self._part_bytes is None:
            return same(text(self._part.digest()), self._expected)
        if self._in_part:
            self._close_part()
        return same(composite(self._digests), self._expected)

    def _close_part(self) -> None:
        self._digests.append(self._part.digest())
        self._part, self._in_part = hashlib.sha256(), 0
