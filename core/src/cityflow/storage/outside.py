"""Files that are read where they lie: the store holds their registration, not their bytes.

Nothing is believed of such a file: before each use its size and its digest are compared.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from cityflow.contracts import OutsideFile, RawMeta
from cityflow.errors import ObjectNotFound, SourceError
from cityflow.storage import intake, layout, rules
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import NO_DAY, DocumentId, Documents, Json
from cityflow.storage.updating import update

TYPE: Final = "outside"


class OutsideFiles:
    """The registrations of a store."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def register(self, path: Path, meta: RawMeta) -> bool:
        """Note where the bytes of `meta` lie, and its receipts; True if they were not registered.

        Registered again at another place, they are looked for there from now on.
        """
        id = _id(meta.sha256)

        def change(held: Json | None) -> Json:
            earlier = _file(id, held).meta.receipts if held else ()
            file = OutsideFile(path=str(path), meta=meta.received(earlier))
            return file.model_dump(mode="json")

        return update(self._documents, id, change)

    def forget(self, sha256: str) -> None:
        """Drop a registration; nothing happens if there is none."""
        self._documents.delete(_id(sha256))

    def find(self, sha256: str) -> OutsideFile | None:
        """The registration of a digest."""
        held = self._documents.get(_id(sha256))
        return _file(held.id, held.body) if held else None

    def files(self, dataset: str | None = None) -> list[OutsideFile]:
        """All registered files, or those of one dataset, by digest."""
        found = (_file(one.id, one.body) for one in all_documents(self._documents, TYPE))
        return [file for file in found if dataset in (None, file.meta.dataset)]

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """The bytes of a registered file, verified; SourceError if they are not what they were."""
        with opened(self._by_key(key)) as stream:
            yield stream

    def read_into(self, key: str, start: int, buffer: bytearray) -> int:
        """Fill a buffer with the bytes from `start`, not verified; how many there were.

        Digesting gigabytes for each piece of a file would take hours. Whoever holds it open has
        verified it, and sees a later change.
        """
        with _open(self._by_key(key)) as stream:
            stream.seek(start)
            return stream.readinto(buffer)

    def size(self, key: str) -> int | None:
        """Size of the file now, or None if it is not there."""
        path = Path(self._by_key(key).path)
        try:
            return path.stat().st_size
        except OSError:
            return None

    def _by_key(self, key: str) -> OutsideFile:
        file = self.find(layout.outside_sha256(key))
        if file is None:
            raise ObjectNotFound(f"{key}: no such file is registered")
        return file


@contextmanager
def opened(file: OutsideFile) -> Iterator[BinaryIO]:
    """The bytes of a registered file, verified; SourceError if they are not what they were."""
    with _open(file) as stream:
        before = _state(stream)
        _verify(stream, file)
        yield stream
        if _state(stream) != before:
            raise _changed(file, "changed while it was being read")


def _open(file: OutsideFile) -> BufferedReader:
    try:
        return Path(file.path).open("rb")
    except OSError as error:
        raise _changed(file, f"cannot be read ({error.strerror or error})") from error


def _verify(stream: BinaryIO, file: OutsideFile) -> None:
    size = os.fstat(stream.fileno()).st_size
    if size != file.meta.bytes:
        found = f"holds {size:,} bytes, {file.meta.bytes:,} were registered"
        raise _changed(file, found)
    if intake.digest_of(stream, file.path)[0] != file.meta.sha256:
        raise _changed(file, "holds other bytes than were registered")


def _state(stream: BinaryIO) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_size, status.st_mtime_ns


def _changed(file: OutsideFile, found: str) -> SourceError:
    return SourceError(
        f"{file.path}: {found}; put the registered file back, or register what is there with "
        "`cityflow-ingest history`"
    )


def _id(sha256: str) -> DocumentId:
    return DocumentId(TYPE, NO_DAY, sha256)


def _file(id: DocumentId, body: Json) -> OutsideFile:
    return rules.parse(OutsideFile, rules.name_of(id), body)
