"""The two storage ports. Every adapter passes the contract suite of its port."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, BinaryIO, Final, Protocol, Self

Json = Mapping[str, Any]

NO_DAY: Final = date(1970, 1, 1)
"""The day of documents that belong to none."""


@dataclass(frozen=True, order=True)
class DocumentId:
    """Where a document stands: its type, its day, and a key within both.

    `type` groups documents that are queried together (`pointer/comptages`, `run`, …).
    """

    type: str
    day: date
    key: str


@dataclass(frozen=True)
class Document:
    """A stored document: `version` starts at 1 and grows by one with each write."""

    id: DocumentId
    version: int
    body: Json


@dataclass(frozen=True)
class Page:
    """One page of a query, and the cursor of the next (None on the last)."""

    items: tuple[Document, ...]
    cursor: str | None


class Documents(Protocol):
    """Small JSON documents, at most 256 KiB of canonical JSON each.

    Numbers come back as numbers of the same type; NaN and infinities are refused (ValueError),
    a larger body raises DocumentTooLarge, an unreachable store StoreUnavailable.
    Every body carries an integer `schema_version`; one newer than this code is refused on read.
    """

    def get(self, id: DocumentId) -> Document | None:
        """The document, or None."""

    def put(self, id: DocumentId, body: Json) -> int:
        """Write whatever stands there; returns the new version."""

    def put_if(self, id: DocumentId, body: Json, version: int) -> int:
        """Write only if the stored version is `version` (0: does not exist yet).

        Returns the new version; raises VersionConflict otherwise. A write whose acknowledgement
        was lost is recognised, unless another has gone over it since: then it is a conflict too.
        So what is written must be right to write twice: no counters.
        """

    def restore(self, document: Document, over: int) -> None:
        """Write a document with the version it had elsewhere: for migration and backups only.

        Done only if the stored version is `over` (0: does not exist yet), else VersionConflict;
        the restored version may be lower. From then on put_if goes on from it.
        """

    def query(
        self,
        type: str,
        first: date | None = None,
        last: date | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        """Documents of one type with first ≤ day ≤ last, by (day, key), one page."""

    def delete(self, id: DocumentId) -> None:
        """Remove it; nothing happens if it is not there."""

    def delete_many(self, ids: Iterable[DocumentId]) -> None:
        """Remove them, many in one request where the backend can; killed, some are left."""

    def types(self) -> list[str]:
        """All types that hold a document, sorted (migration and diagnosis)."""

    def close(self) -> None:
        """Release the connection."""


@dataclass(frozen=True)
class ObjectInfo:
    """One listed object: key and size in bytes."""

    key: str
    size: int


class Objects(Protocol):
    """Everything large. Keys are `/`-separated, relative, of printable unicode without `..`.

    A missing key raises ObjectNotFound, an unreachable or full store StoreUnavailable.
    Readers see the old object or the new one, never a part.
    """

    def put(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> None:
        """Write or replace. `durable=False` spares the flush to disk: for caches only."""

    def put_if_absent(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> bool:
        """Write unless the key exists; True if this call wrote it."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A seekable binary stream for reading."""

    def read(self, key: str) -> bytes:
        """The whole object."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`."""

    def read_into(self, key: str, start: int, buffer: bytearray) -> int:
        """Fill a buffer with the bytes from `start`; how many there were."""

    def size(self, key: str) -> int | None:
        """Size in bytes, or None if there is no such key."""

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """The whole object and a tag of this content, for `put_if_tag`."""

    def put_if_tag(self, key: str, data: bytes, tag: str) -> bool:
        """Replace only if the object still has the content of `tag`; True if it was replaced."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, by key."""

    def delete(self, key: str) -> None:
        """Remove it; nothing happens if it is not there."""

    def uri(self, key: str) -> str:
        """Where a person finds it: a path or an s3:// address."""


@dataclass(frozen=True)
class Store:
    """The two ports a process works with. Closes the database connection on exit."""

    documents: Documents
    objects: Objects

    def close(self) -> None:
        """Release what the adapters hold."""
        self.documents.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
