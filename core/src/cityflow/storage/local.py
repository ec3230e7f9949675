"""Objects in a local directory: one file each, under its key.

Names that start with a dot, and files at the top of the directory (the database), are no objects.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cityflow.errors import ObjectNotFound
from cityflow.storage import atomic, canonical, rules
from cityflow.storage.local_tree import LocalTree
from cityflow.storage.ports import ObjectInfo


class LocalObjects:
    """The port Objects under `root`; keys under `raw/` stand in `raw_root` if it is given."""

    def __init__(self, root: Path, raw_root: Path | None = None) -> None:
        self._tree = LocalTree(root, raw_root)

    def put(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> None:
        """Write or replace. `durable=False` spares the flush to disk: for caches only."""
        path = self._tree.writable(key)
        with (
            atomic.staged(path.parent, data, durable=durable) as temporary,
            atomic.faults(path, "write"),
        ):
            temporary.replace(path)
        if durable:
            self._tree.anchor(key)

    def put_if_absent(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> bool:
        """Write unless the key exists; True if this call wrote it."""
        path = self._tree.writable(key)
        new = self.size(key) is None and _create(path, data, durable)
        if durable:
            if not new:
                atomic.sync(path)  # its writer may have been killed before it flushed
            self._tree.anchor(key)
        return new

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """A seekable binary stream for reading."""
        path = self._tree.path(key)
        with _finding(key, path):
            file = path.open("rb")
        with file:
            yield file

    def read(self, key: str) -> bytes:
        """The whole object."""
        path = self._tree.path(key)
        with _finding(key, path):
            return path.read_bytes()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty beyond the end."""
        if start < 0 or length < 0:
            raise ValueError(f"range {start}+{length} of {key}: neither may be negative")
        path = self._tree.path(key)
        with _finding(key, path), path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def read_into(self, key: str, start: int, buffer: bytearray) -> int:
        """Fill a buffer with the bytes from `start`; how many there were."""
        path = self._tree.path(key)
        with _finding(key, path), path.open("rb") as file:
            file.seek(start)
            return file.readinto(buffer)

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """The whole object and the tag of this content."""
        content = self.read(key)
        return content, canonical.digest(content)

    def put_if_tag(self, key: str, data: bytes, tag: str) -> bool:
        """Replace only if the object still has the content of `tag`."""
        self._tree.writable(key)
        with atomic.locked(self._tree.base(key)), suppress(ObjectNotFound):
            if self.read_tagged(key)[1] == tag:
                self.put(key, data)
                return True
        return False

    def size(self, key: str) -> int | None:
        """Size in bytes, or None if there is no such key."""
        path = self._tree.path(key)
        with atomic.faults(path, "read"):
            return path.stat().st_size if path.is_file() else None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`, by key; walks only the prefix's folder."""
        rules.check_prefix(prefix)
        return self._tree.walk(prefix)

    def delete(self, key: str) -> None:
        """Remove it; nothing happens if it is not there."""
        path = self._tree.path(key)
        with suppress(ObjectNotFound), _finding(key, path):
            path.unlink()

    def uri(self, key: str) -> str:
        """The path of its file."""
        return str(self._tree.path(key))


def _create(path: Path, data: bytes | BinaryIO, durable: bool) -> bool:
    with atomic.staged(path.parent, data, durable=durable) as temporary:
        return atomic.name_once(temporary, path)


@contextmanager
def _finding(key: str, path: Path) -> Iterator[None]:
    with atomic.faults(path, "read"):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectNotFound(f"object {key}: there is none at {path}") from error
