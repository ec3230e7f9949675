"""Splits a raw file into one part a service day: chunk by chunk, resumable, bounded in memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import BinaryIO, Final

import numpy as np
import polars as pl

from cityflow.dialect import MAX_HEADER_BYTES, sniff
from cityflow.errors import FileRefused, SourceError, TryAgain
from cityflow.packed import open_members
from cityflow.published_names import COMPTAGES_REQUIRED, comptages_columns
from cityflow.storage import RawEntry, RawZone, Store
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.hours import day_codes
from cityflow_processor.comptages.tokens import FrameTokens
from cityflow_processor.comptages.validate import Batch, read_batch, validate
from cityflow_processor.reading.chunks import chunks
from cityflow_processor.reading.json_records import json_tokens
from cityflow_processor.reading.merge import Chunk, merge
from cityflow_processor.reading.parts import ChunkFrames, ChunkManifest, FileManifest, PartsCache

WORKERS: Final = 2
# Rows without a readable time belong to no day: they are held together, so they must be few.
MOST_UNDATED_BYTES: Final = 64 << 20
_REJECT_BYTES: Final = 256
Advance = Callable[[int], None]
Work = Callable[[], Batch]


@dataclass(frozen=True)
class _Unit:
    """One chunk of work: where it stands, how much it weighs, how to read it."""

    member: int
    index: int
    size: int
    read: Work


def split(store: Store, entry: RawEntry, chunk_rows: int, advance: Advance) -> FileManifest:
    """The manifest of a raw file's parts; reads the file only if there is none yet.

    `advance` is told the bytes as they are done. Raises FileRefused or SourceError when the
    bytes cannot be read, TryAgain when another run cleaned up in between.
    """
    cache = PartsCache(store.objects, entry.meta.dataset, entry.meta.sha256, str(chunk_rows))
    if (manifest := cache.manifest()) is not None:
        advance(entry.meta.bytes)
        return manifest
    zone = RawZone(store)
    _check_size(zone, entry)
    members: list[str] = []
    with zone.open(entry.key) as stream:
        done = _run(cache, _units(stream, entry, chunk_rows, members), advance, entry.key)
    try:
        manifest = merge(cache, done, members, 2 if entry.meta.media == "csv" else 1)
    except TryAgain:
        if (manifest := cache.manifest()) is None:
            raise
        return manifest
    cache.write_manifest(manifest)
    cache.drop_chunks()
    return manifest


def _check_size(zone: RawZone, entry: RawEntry) -> None:
    size = zone.size(entry.key)
    if size != entry.meta.bytes:
        raise SourceError(
            f"{entry.key}: holds {size or 0:,} bytes of the {entry.meta.bytes:,} that were "
            "received; archive the same file again"
        )


def _run(cache: PartsCache, units: Iterator[_Unit], advance: Advance, name: str) -> list[Chunk]:
    """Read every unit whose output is not there yet, a few at a time, in order."""
    done: list[Chunk] = []
    undated = 0
    running: list[tuple[_Unit, Future[ChunkManifest]]] = []

    def collect() -> None:
        unit, future = running.pop(0)
        done.append(Chunk(unit.member, unit.index, future.result()))
        advance(unit.size)
        nonlocal undated
        undated += done[-1].manifest.undated_bytes
        if undated > MOST_UNDATED_BYTES:
            rows = sum(chunk.manifest.rejects for chunk in done)
            raise SourceError(
                f"{name}: {rows:,} of its rows cannot be read, most without even a time; check "
                "its delimiter, its quotes and its encoding"
            )

    with ThreadPoolExecutor(WORKERS) as pool:
        for unit in units:
            running.append((unit, pool.submit(_read_unit, cache, unit)))
            if len(running) >= WORKERS:
                collect()
        while running:
            collect()
    return done


def _read_unit(cache: PartsCache, unit: _Unit) -> ChunkManifest:
    if (manifest := cache.chunk_manifest(unit.member, unit.index)) is not None:
        return manifest
    batch = unit.read()
    manifest = ChunkManifest(
        batch.line_count,
        batch.rows.height + batch.rejects.height + batch.empty_gap_rows,
        batch.empty_gap_rows,
        batch.rejects.height,
        _undated_bytes(batch.rejects),
        _days(batch.rows),
    )
    frames = ChunkFrames(batch.rows, batch.arcs.to_frame(), batch.attributes, batch.rejects)
    cache.write_chunk(unit.member, unit.index, manifest, frames)
    return manifest


def _undated_bytes(rejects: pl.DataFrame) -> int:
    texts = rejects.filter(pl.col("hour").is_null())["raw_text"]
    return int(texts.str.len_bytes().sum()) + _REJECT_BYTES * len(texts)


def _days(rows: pl.DataFrame) -> dict[str, int]:
    if not rows.height:
        return {}
    codes, counts = np.unique(day_codes(rows["hour"].to_numpy()), return_counts=True)
    return {
        str(date.fromordinal(code)): n
        for code, n in zip(codes.tolist(), counts.tolist(), strict=True)
    }


def _units(
    stream: BinaryIO, entry: RawEntry, chunk_rows: int, members: list[str]
) -> Iterator[_Unit]:
    read = _csv_units if entry.meta.media == "csv" else _json_units
    packed = open_members(stream, entry.meta.packing, name=entry.key)
    for number, (name, content) in enumerate(packed):
        members.append(name)
        label = f"{entry.key}:{name}" if name else entry.key
        yield from read(content, number, label, chunk_rows)


def _csv_units(stream: BinaryIO, member: int, name: str, chunk_rows: int) -> Iterator[_Unit]:
    header = _header(stream.readline(MAX_HEADER_BYTES), name)
    for index, data in enumerate(chunks(stream, chunk_rows, header, name)):
        yield _Unit(member, index, len(data), _csv_work(data, header))


def _csv_work(data: bytes, header: Header) -> Work:
    return lambda: read_batch(data, header)


def _json_units(stream: BinaryIO, member: int, name: str, chunk_rows: int) -> Iterator[_Unit]:
    numbers = count()
    for tokens in json_tokens(stream, chunk_rows, name):
        size = tokens.size
        yield _Unit(member, next(numbers), size, _json_work(tokens))


def _json_work(tokens: FrameTokens) -> Work:
    return lambda: validate(tokens)


def _header(line: bytes, name: str) -> Header:
    dialect = sniff(line, name)
    columns = comptages_columns(dialect.columns)
    if missing := [column for column in COMPTAGES_REQUIRED if column not in columns]:
        raise FileRefused(name, f"no column {', '.join(missing)}", ", ".join(COMPTAGES_REQUIRED))
    if twice := sorted({column for column in columns if column and columns.count(column) > 1}):
        raise FileRefused(name, f"more than one column {', '.join(twice)}", "one column of each")
    return Header(columns, dialect.delimiter)
