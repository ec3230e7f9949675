"""Objects in a local directory."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from cityflow.storage.ports import ObjectInfo


class LocalObjects:
    """Objects under `root`; keys under `raw/` under `raw_root` if that is given."""

    def __init__(self, root: Path, raw_root: Path | None = None) -> None:
        self._root = root

    def put(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> None:
        raise NotImplementedError

    def put_if_absent(self, key: str, data: bytes | BinaryIO, *, durable: bool = True) -> bool:
        raise NotImplementedError

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        raise NotImplementedError

    def read(self, key: str) -> bytes:
        raise NotImplementedError

    def read_range(self, key: str, start: int, length: int) -> bytes:
        raise NotImplementedError

    def size(self, key: str) -> int | None:
        raise NotImplementedError

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        raise NotImplementedError

    def put_if_tag(self, key: str, data: bytes, tag: str) -> bool:
        raise NotImplementedError

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError

    def uri(self, key: str) -> str:
        raise NotImplementedError
