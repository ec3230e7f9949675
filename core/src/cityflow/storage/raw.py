"""Raw bytes are stored once per dataset and digest; every arrival leaves a receipt."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from cityflow.contracts import RawMeta
from cityflow.storage.ports import Store


@dataclass(frozen=True)
class NewRaw:
    """What is known of bytes that arrive, except their digest and size."""

    dataset: str
    extension: str
    media: Literal["csv", "json", "geojson"]
    packing: Literal["plain", "gzip", "zip"]
    synthetic: bool
    origin: str
    position: int
    received_at: datetime
    url: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Archived:
    """Where the bytes stand; `new` if this call stored them."""

    key: str
    sha256: str
    bytes: int
    new: bool


@dataclass(frozen=True)
class RawEntry:
    """A raw object and its provenance."""

    key: str
    meta: RawMeta


class RawZone:
    """The raw zone of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def archive(self, source: Path | BinaryIO, meta: NewRaw) -> Archived:
        """Store the bytes unless they are held, and append the receipt."""
        raise NotImplementedError

    def entries(self, dataset: str) -> list[RawEntry]:
        """All raw objects of a dataset, by last receipt (received_at, position, sha256)."""
        raise NotImplementedError

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A seekable stream of the bytes as received."""
        return self._store.objects.open(key)
