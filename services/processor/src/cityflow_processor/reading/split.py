"""Splits a raw file into one part a service day: chunk by chunk, resumable, bounded in memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import BinaryIO, Final

import numpy as np
import polars as pl

from cityflow.dialect import MAX_HEADER_BYTES, sniff
from cityflow.errors import FileRefused, SourceError, TryAgain
from cityflow.packed import open_members
from cityflow.published_names import COMPTAGES_REQUIRED, comptages_columns
from cityflow.storage import Objects, RawEntry, RawZone, Store, layout
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.hours import day_codes
from cityflow_processor.comptages.known_lines import KnownLines
from cityflow_processor.comptages.tokens import FrameTokens
from cityflow_processor.comptages.validate import Batch, read_batch, validate
from cityflow_processor.engine import Engine, Task
from cityflow_processor.reading.buffer import Buffer
from cityflow_processor.reading.chunks import Span, chunks, refuse_long_lines, spans
from cityflow_processor.reading.json_records import json_tokens
from cityflow_processor.reading.large import LARGE_BYTES
from cityflow_processor.reading.merge import (
    Chunk,
    Rejected,
    conclude,
    learn,
    numbered,
    write_parts,
    write_rejects,
)
from cityflow_processor.reading.numbering import KEY, Numbering
from cityflow_processor.reading.parts import ChunkManifest, FileManifest, PartsCache

# Rows without a readable time belong to no day: they are held together, so they must be few.
MOST_UNDATED_BYTES: Final = 64 << 20
_REJECT_BYTES: Final = 256
Advance = Callable[[int], None]


@dataclass(frozen=True)
class RawFile:
    """A raw file to split, and into chunks of how many rows."""

    entry: RawEntry
    chunk_rows: int

    @property
    def is_large(self) -> bool:
        """Whether to read it takes long enough to start another process."""
        return self.entry.meta.bytes >= LARGE_BYTES

    def cache(self, objects: Objects) -> PartsCache:
        """Where its parts are kept."""
        meta = self.entry.meta
        return PartsCache(objects, meta.dataset, meta.sha256, str(self.chunk_rows))


@dataclass(frozen=True)
class _Unit:
    """One chunk: its place in the file, what errors call it, and its content or where that is."""

    member: int
    index: int
    name: str
    header: Header | None
    content: Span | bytes | FrameTokens

    @property
    def size(self) -> int:
        """How much of the file it is, in bytes."""
        held = self.content
        return len(held) if isinstance(held, bytes) else held.size


@dataclass(frozen=True)
class _Reading:
    """What the units of one file share in a process."""

    file: RawFile
    zone: RawZone
    cache: PartsCache
    known: dict[Header, KnownLines] = field(default_factory=dict)
    buffer: Buffer = field(default_factory=Buffer)


@dataclass(frozen=True)
class _Merging:
    """What a file's parts are made from."""

    file: RawFile
    members: list[str]
    chunks: list[Chunk]
    numbering: Numbering


def split(store: Store, engine: Engine, file: RawFile, advance: Advance) -> FileManifest:
    """The manifest of a raw file's parts; reads the file only if there is none yet.

    `advance` is told the bytes as they are done. Raises FileRefused or SourceError when the
    bytes cannot be read, TryAgain when another run cleaned up in between.
    """
    cache, entry = file.cache(store.objects), file.entry
    if (manifest := cache.manifest()) is not None:
        advance(entry.meta.bytes)
        return manifest
    zone = RawZone(store)
    _check_size(zone, entry)
    try:
        manifest = _split(engine, file, zone, cache, advance)
    except TryAgain:
        if (manifest := cache.manifest()) is None:
            raise
        return manifest
    cache.write_manifest(manifest)
    cache.drop_chunks()
    return manifest


def _split(
    engine: Engine, file: RawFile, zone: RawZone, cache: PartsCache, advance: Advance
) -> FileManifest:
    entry, numbering = file.entry, Numbering()
    members: list[str] = []
    done: list[Chunk] = []
    in_place = engine.sees_local_files or not layout.is_outside(entry.key)
    with zone.open(entry.key) as stream:
        units = _units(stream, file, members, in_place)
        for chunk in _run(engine, file, units, advance):
            learn(numbering, cache, chunk)  # while the next ones are read
            done.append(chunk)
    done.sort(key=lambda chunk: (chunk.member, chunk.index))
    groups, days = numbered(cache, done, numbering)
    merging = _Merging(file, members, done, numbering)
    task = Task(_prepare_merging, _merge, merging, is_large=file.is_large)
    (rejects,) = (found for _, found in engine.run(task, [None, *groups]) if found is not None)
    return conclude(entry.meta.sha256, done, days, rejects)


def _check_size(zone: RawZone, entry: RawEntry) -> None:
    size = zone.size(entry.key)
    # A registered file is verified when it is opened, in words that name its path.
    if not layout.is_outside(entry.key) and size != entry.meta.bytes:
        raise SourceError(
            f"{entry.key}: holds {size or 0:,} bytes of the {entry.meta.bytes:,} that were "
            "received; archive the same file again"
        )


def _run(
    engine: Engine, file: RawFile, units: Iterator[_Unit], advance: Advance
) -> Iterator[Chunk]:
    """Read every unit whose output is not there yet; the chunks as they are done."""
    undated = rows = 0
    task = Task(_prepare, _read_unit, file, is_large=file.is_large)
    for unit, manifest in engine.run(task, units):
        advance(unit.size)
        undated += manifest.undated_bytes
        rows += manifest.rejects
        if undated > MOST_UNDATED_BYTES:
            raise SourceError(
                f"{file.entry.key}: {rows:,} of its rows cannot be read, most without even a time; "
                "check its delimiter, its quotes and its encoding"
            )
        yield Chunk(unit.member, unit.index, manifest)


def _prepare(store: Store, file: RawFile) -> _Reading:
    return _Reading(file, RawZone(store), file.cache(store.objects))


def _prepare_merging(store: Store, spec: _Merging) -> tuple[PartsCache, _Merging]:
    return spec.file.cache(store.objects), spec


def _merge(
    _: Store, context: tuple[PartsCache, _Merging], group: list[str] | None
) -> Rejected | None:
    """Write the parts of a group of days; without one the rejects of the file."""
    cache, merging = context
    if group is None:
        first_row = 2 if merging.file.entry.meta.media == "csv" else 1
        return write_rejects(cache, merging.chunks, merging.members, first_row)
    write_parts(cache, merging.chunks, merging.numbering, group)
    return None


def _read_unit(_: Store, reading: _Reading, unit: _Unit) -> ChunkManifest:
    cache = reading.cache
    if (manifest := cache.chunk_manifest(unit.member, unit.index)) is not None:
        return manifest
    batch = _batch(reading, unit)
    manifest = ChunkManifest(
        batch.line_count,
        batch.rows.height + batch.rejects.height + batch.empty_gap_rows,
        batch.empty_gap_rows,
        batch.rejects.height,
        _undated_bytes(batch.rejects),
        _days(batch.rows),
    )
    manifest = cache.write_chunk(unit.member, unit.index, manifest, _frames(batch))
    if unit.header is not None:
        reading.known[unit.header].keep(batch.attributes.keys)
    return manifest


def _frames(batch: Batch) -> dict[str, pl.DataFrame]:
    held = batch.attributes
    return {
        "rows": batch.rows,
        "arcs": batch.arcs.to_frame(),
        "keys": pl.DataFrame({KEY: held.keys}),
        "attributes": held.texts.with_columns(pl.Series(KEY, held.keys[held.fresh])),
        "rejects": batch.rejects,
    }


def _batch(reading: _Reading, unit: _Unit) -> Batch:
    if isinstance(unit.content, FrameTokens):
        return validate(unit.content)
    assert unit.header is not None
    known = reading.known.setdefault(unit.header, KnownLines(unit.header))
    data = unit.content if isinstance(unit.content, bytes) else _bytes(reading, unit.content)
    refuse_long_lines(data, unit.name)
    return read_batch(data, unit.header, known)


def _bytes(reading: _Reading, span: Span) -> bytearray:
    read = partial(reading.zone.read_into, reading.file.entry.key, span.start)
    return reading.buffer.filled(span.size, read)


def _undated_bytes(rejects: pl.DataFrame) -> int:
    if not rejects["hour"].null_count():
        return 0
    texts = rejects.filter(pl.col("hour").is_null())["raw_text"]
    return int(texts.str.len_bytes().sum()) + _REJECT_BYTES * len(texts)


def _days(rows: pl.DataFrame) -> dict[str, int]:
    if not rows.height:
        return {}
    codes = day_codes(rows["hour"].to_numpy())
    first = int(codes.min())
    counts = np.bincount(codes - first)
    return {
        str(date.fromordinal(first + day)): int(counts[day])
        for day in np.flatnonzero(counts).tolist()
    }


def _units(stream: BinaryIO, file: RawFile, members: list[str], in_place: bool) -> Iterator[_Unit]:
    """The chunks of a file; `in_place`: where they are computed the file can be opened."""
    entry = file.entry
    read = _csv_units if entry.meta.media == "csv" else _json_units
    packed = open_members(stream, entry.meta.packing, name=entry.key)
    for number, (name, content) in enumerate(packed):
        members.append(name)
        label = f"{entry.key}:{name}" if name else entry.key
        yield from read(content, number, label, file.chunk_rows, in_place)


def _csv_units(
    stream: BinaryIO, member: int, name: str, chunk_rows: int, in_place: bool
) -> Iterator[_Unit]:
    header = _header(stream.readline(MAX_HEADER_BYTES), name)
    cut: Iterable[Span | bytes] = (
        spans(stream, chunk_rows, header, name)
        if in_place and stream.seekable()
        else chunks(stream, chunk_rows, header, name)
    )
    for index, content in enumerate(cut):
        yield _Unit(member, index, name, header, content)


def _json_units(
    stream: BinaryIO, member: int, name: str, chunk_rows: int, _: bool
) -> Iterator[_Unit]:
    for index, tokens in enumerate(json_tokens(stream, chunk_rows, name)):
        yield _Unit(member, index, name, None, tokens)


def _header(line: bytes, name: str) -> Header:
    dialect = sniff(line, name)
    columns = comptages_columns(dialect.columns)
    if missing := [column for column in COMPTAGES_REQUIRED if column not in columns]:
        raise FileRefused(name, f"no column {', '.join(missing)}", ", ".join(COMPTAGES_REQUIRED))
    if twice := sorted({column for column in columns if column and columns.count(column) > 1}):
        raise FileRefused(name, f"more than one column {', '.join(twice)}", "one column of each")
    return Header(columns, dialect.delimiter)
