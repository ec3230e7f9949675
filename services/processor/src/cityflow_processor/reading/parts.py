"""The parts cache: each raw file split once by service day; rebuildable, prunable.

A file's manifest is written after everything it names, a chunk's after its frames, so what a
manifest names is there.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import accumulate
from typing import Any, Final, TypeVar

import polars as pl

from cityflow.errors import ObjectNotFound, TryAgain
from cityflow.storage import layout
from cityflow.storage.canonical import digest, dumps, loads
from cityflow.storage.ports import Objects
from cityflow_processor.reading.large import READER_VERSION
from cityflow_processor.tables import (
    DamagedFrame,
    cache_bytes,
    checksums,
    ipc_bytes,
    read_cache,
    read_ipc,
)

_FEW_DAYS: Final = 31
_SEAL: Final = "sha256_of_the_rest"


@dataclass(frozen=True)
class ChunkManifest:
    """What one chunk held. `days` maps a service day to its rows.

    `undated_bytes` is about what its rejects without a readable time take in memory.
    `frames` says where each frame that has rows ends in the chunk's object, which `mark` tells from
    that of another run: what it still had to say of attributes may differ.
    """

    lines: int
    rows: int
    empty_gap_rows: int
    rejects: int
    undated_bytes: int
    days: dict[str, int]
    frames: dict[str, int] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True)
class FileManifest:
    """What a raw file held: rows and rejects by service day, and what has no day."""

    raw_sha256: str
    rows_in: int
    days: dict[str, int]
    rejects: dict[str, int]
    undated_rejects: int
    empty_gap_rows: int

    def covers(self, day: date) -> bool:
        """Whether it holds a row or a reject of that day."""
        return str(day) in self.days or str(day) in self.rejects

    @property
    def is_foreign(self) -> bool:
        """Whether it holds rows, and not one with even a time that can be read."""
        return 0 < self.rows_in == self.undated_rejects


M = TypeVar("M", ChunkManifest, FileManifest)
T = TypeVar("T")


def drop_left_chunks(objects: Objects, dataset: str, split: Collection[str]) -> None:
    """Forget chunks of files that are split: a kill may have come before they were dropped."""
    prefix = layout.chunks(dataset)
    done = tuple(f"{prefix}{sha256[:12]}-" for sha256 in split)
    for info in list(objects.list(prefix)):
        if info.key.startswith(done):
            objects.delete(info.key)


def lost_parts(
    objects: Objects, dataset: str, files: Iterable[FileManifest], days: Collection[date]
) -> set[str]:
    """Digests of the files of which a part of these days is not there, as after pruning."""
    prefix = layout.parts(dataset)
    few = [f"{prefix}dt={day}/" for day in days] if len(days) <= _FEW_DAYS else [f"{prefix}dt="]
    present = {info.key for each in few for info in objects.list(each)}
    return {
        file.raw_sha256
        for file in files
        for day in days
        if str(day) in file.days
        and layout.part(dataset, day, file.raw_sha256, READER_VERSION) not in present
    }


@dataclass(frozen=True)
class PartsCache:
    """Keys and frames of the cache of one raw file, cut into chunks of one size."""

    objects: Objects
    dataset: str
    raw_sha256: str
    chunking: str
    _base: str = field(init=False)

    def __post_init__(self) -> None:
        manifest = layout.split_manifest(self.dataset, self.raw_sha256, READER_VERSION)
        object.__setattr__(self, "_base", manifest.removesuffix(".json"))

    def manifest(self) -> FileManifest | None:
        """The manifest of a file that was split, else None."""
        return self._manifest(f"{self._base}.json", FileManifest)

    def write_manifest(self, manifest: FileManifest) -> None:
        """Declare the file split: everything else is written."""
        self.objects.put(f"{self._base}.json", _dump(asdict(manifest)), durable=False)

    def forget(self) -> None:
        """Take the file as not yet split."""
        self.objects.delete(f"{self._base}.json")

    def chunk_manifest(self, member: int, index: int) -> ChunkManifest | None:
        """The manifest of a finished chunk, else None."""
        return self._manifest(f"{self._chunk(member, index)}.json", ChunkManifest)

    def write_chunk(
        self, member: int, index: int, manifest: ChunkManifest, frames: Mapping[str, pl.DataFrame]
    ) -> ChunkManifest:
        """Keep the frames of one chunk that have rows, then its manifest, which is returned."""
        base = self._chunk(member, index)
        packed = {name: ipc_bytes(frame) for name, frame in frames.items() if frame.height}
        ends = accumulate(len(content) for content in packed.values())
        mark = "-" + checksums(packed.values()).hex()
        if packed:
            self.objects.put(f"{base}{mark}.arrow", b"".join(packed.values()), durable=False)
        manifest = replace(manifest, frames=dict(zip(packed, ends, strict=True)), mark=mark)
        self.objects.put(f"{base}.json", _dump(asdict(manifest)), durable=False)
        return manifest

    def chunk_frames(
        self, member: int, index: int, manifest: ChunkManifest, names: Collection[str]
    ) -> dict[str, pl.DataFrame]:
        """Those of these frames of a finished chunk that have rows. Raises TryAgain if lost."""
        base = self._chunk(member, index)
        ends = sorted(manifest.frames.values())  # a manifest that was read has them by name
        start_of = dict(zip(ends, (0, *ends), strict=False))
        places = {n: (start_of[end], end) for n, end in manifest.frames.items() if n in names}
        if not places:
            return {}
        first, last = min(start for start, _ in places.values()), max(places.values())[1]

        def read(key: str) -> dict[str, pl.DataFrame]:
            data = memoryview(self.objects.read_range(key, first, last - first))
            return {
                name: read_ipc(data[start - first : end - first])
                for name, (start, end) in places.items()
            }

        return self._whole(f"{base}{manifest.mark}.arrow", read, f"{base}.json")

    def forget_chunk(self, member: int, index: int) -> None:
        """Take a chunk as not yet read."""
        self.objects.delete(f"{self._chunk(member, index)}.json")

    def drop_chunks(self) -> None:
        """Forget the chunks, of every chunking, once the manifest stands."""
        prefix = layout.chunk(self.dataset, self.raw_sha256, READER_VERSION, 0)
        for info in list(self.objects.list(prefix.rsplit("/", 1)[0])):
            self.objects.delete(info.key)

    def write_part(self, day: date, rows: pl.DataFrame) -> None:
        """The file's rows of one service day."""
        key = layout.part(self.dataset, day, self.raw_sha256, READER_VERSION)
        self.objects.put(key, ipc_bytes(rows), durable=False)

    def part(self, day: date) -> pl.DataFrame:
        """The file's rows of one service day. Raises TryAgain if they are lost."""
        key = layout.part(self.dataset, day, self.raw_sha256, READER_VERSION)
        return self._frame(key, read_ipc, f"{self._base}.json")

    def write_file_frame(self, name: str, frame: pl.DataFrame) -> None:
        """A frame of the whole file: `arcs`, `attributes` or `rejects`."""
        self._put(f"{self._base}.{name}.parquet", frame)

    def file_frame(self, name: str) -> pl.DataFrame:
        """A frame of the whole file: `arcs`, `attributes` or `rejects`. Raises TryAgain."""
        return self._frame(f"{self._base}.{name}.parquet", read_cache, f"{self._base}.json")

    def _chunk(self, member: int, index: int) -> str:
        reader = f"{READER_VERSION}/{self.chunking}-{member:03d}"
        return layout.chunk(self.dataset, self.raw_sha256, reader, index).removesuffix(".arrow")

    def _put(self, key: str, frame: pl.DataFrame) -> None:
        self.objects.put(key, cache_bytes(frame), durable=False)

    def _frame(self, key: str, decode: Callable[[bytes], pl.DataFrame], owner: str) -> pl.DataFrame:
        return self._whole(key, lambda key: decode(self.objects.read(key)), owner)

    def _whole(self, key: str, read: Callable[[str], T], owner: str) -> T:
        """What is read; if it is missing or damaged its manifest goes, so that it is made anew."""
        try:
            return read(key)
        except (ObjectNotFound, DamagedFrame) as error:
            self.objects.delete(owner)
            found = "is missing" if isinstance(error, ObjectNotFound) else "is damaged"
            raise TryAgain(
                f"{key} of the parts cache {found}; run the same command again: it is rebuilt"
            ) from error

    def _manifest(self, key: str, kind: type[M]) -> M | None:
        try:
            body = loads(self.objects.read(key))
            return kind(**body) if body.pop(_SEAL) == digest(dumps(body)) else None
        except (ObjectNotFound, ValueError, TypeError, KeyError):
            return None


def _dump(body: dict[str, Any]) -> bytes:
    return dumps(body | {_SEAL: digest(dumps(body))}).encode()
