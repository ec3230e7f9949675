"""Chunk outputs become one part a service day, in groups of days that fit in memory.

Whatever the chunks were, the parts are the same bytes: attributes are numbered in their own
order, rows sorted by arc and hour, rejects by line.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.comptages.attributes import ATTRIBUTES_SCHEMA
from cityflow_processor.comptages.fields import ARC, ATTRIBUTES
from cityflow_processor.comptages.hours import day_codes, day_of_hour
from cityflow_processor.comptages.lookups import Ints
from cityflow_processor.comptages.normalise import canonical_attributes
from cityflow_processor.comptages.validate import REJECTS_SCHEMA
from cityflow_processor.reading.parts import ChunkManifest, FileManifest, PartsCache

GROUP_ROWS: Final = 1_500_000
REJECT_COLUMNS: Final = ("day", "member", "row", "reason", "detail", "raw_text")


@dataclass(frozen=True, eq=False)
class Chunk:
    """A finished chunk: its place in the file and what it held."""

    member: int
    index: int
    manifest: ChunkManifest


def merge(
    cache: PartsCache, chunks: list[Chunk], members: list[str], first_row: int
) -> FileManifest:
    """Write the parts, attributes and rejects of a file; returns its manifest, not yet written.

    `first_row` is the number of the first record: 2 under a header line, 1 in JSON.
    """
    numbering = _number(cache, chunks)
    days: Counter[str] = Counter()
    for chunk in chunks:
        days.update(chunk.manifest.days)
    for group in _groups(days):
        _write_parts(cache, chunks, numbering, group)
    rejects = _rejects(cache, chunks, members, first_row)
    cache.write_file_frame("rejects", rejects)
    dated = Counter(str(day) for day in rejects["day"].to_list() if day is not None)
    return FileManifest(
        cache.raw_sha256,
        sum(chunk.manifest.rows for chunk in chunks),
        dict(sorted(days.items())),
        dict(sorted(dated.items())),
        rejects["day"].null_count(),
        sum(chunk.manifest.empty_gap_rows for chunk in chunks),
    )


class _Numbering:
    """Arcs and distinct canonical attributes of a file, numbered in their own order."""

    def __init__(self) -> None:
        self._arcs: dict[str, int] = {}
        self._known: dict[int, int] = {}
        self._frames = [ATTRIBUTES_SCHEMA.to_frame()]
        self._local: dict[Chunk, tuple[Ints, Ints]] = {}
        self._arc_rank = np.empty(0, dtype=np.int64)
        self._rank = np.empty(0, dtype=np.int64)

    def add(self, chunk: Chunk, arcs: pl.DataFrame, attributes: pl.DataFrame) -> None:
        """Learn what a chunk names."""
        hashes = attributes.hash_rows(seed=11).to_list()
        fresh = [at for at, value in enumerate(hashes) if value not in self._known]
        for at in fresh:
            self._known[hashes[at]] = len(self._known)
        if fresh:
            self._frames.append(attributes[fresh])
        names = [self._arcs.setdefault(arc, len(self._arcs)) for arc in arcs[ARC].to_list()]
        places = [self._known[value] for value in hashes]
        self._local[chunk] = (np.array(names, np.int64), np.array(places, np.int64))

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Arcs, and canonical attributes: forms that mean the same get the same number."""
        arcs = pl.DataFrame({ARC: list(self._arcs)}, schema={ARC: pl.String}).with_row_index("_")
        arcs = arcs.sort(ARC)
        self._arc_rank = _inverse(arcs["_"])
        frame = canonical_attributes(pl.concat(self._frames)).with_row_index("_")
        ordered = frame.sort(ATTRIBUTES)
        same = ordered.select(
            pl.all_horizontal(pl.col(n).eq_missing(pl.col(n).shift(1)) for n in ATTRIBUTES)
        ).to_series()
        fresh = ~same.to_numpy() if frame.height else np.empty(0, dtype=bool)
        fresh[:1] = True
        self._rank = (np.cumsum(fresh) - 1)[_inverse(ordered["_"])]
        return arcs.drop("_"), ordered.filter(pl.Series(fresh)).drop("_")

    def renumber(self, chunk: Chunk, rows: pl.DataFrame) -> pl.DataFrame:
        """The chunk's rows with the numbers of the file."""
        arcs, attributes = self._local[chunk]
        places = pl.Series(self._rank[attributes], dtype=pl.UInt32)
        return rows.with_columns(
            pl.Series("arc", self._arc_rank[arcs][rows["arc"].to_numpy()], dtype=pl.UInt32),
            places.gather(rows["attributes"]).alias("attributes"),
        )


def _inverse(order: pl.Series) -> Ints:
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return rank


def _number(cache: PartsCache, chunks: list[Chunk]) -> _Numbering:
    numbering = _Numbering()
    for chunk in chunks:
        if chunk.manifest.days:
            arcs, attributes = (
                cache.chunk_frame(chunk.member, chunk.index, name)
                for name in ("arcs", "attributes")
            )
            numbering.add(chunk, arcs, attributes)
    arcs, attributes = numbering.finish()
    cache.write_file_frame("arcs", arcs)
    cache.write_file_frame("attributes", attributes)
    return numbering


def _groups(days: Counter[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    held = GROUP_ROWS
    for day, rows in sorted(days.items()):
        if held + rows > GROUP_ROWS:
            groups.append([])
            held = 0
        groups[-1].append(day)
        held += rows
    return groups


def _write_parts(
    cache: PartsCache, chunks: list[Chunk], numbering: _Numbering, group: list[str]
) -> None:
    wanted = set(group)
    frames = []
    for chunk in chunks:
        if wanted.isdisjoint(chunk.manifest.days):
            continue
        rows = cache.chunk_frame(chunk.member, chunk.index, "rows")
        rows = numbering.renumber(chunk, rows)
        rows = rows.with_columns(pl.Series("day", day_codes(rows["hour"].to_numpy())))
        if not wanted.issuperset(chunk.manifest.days):
            ordinals = [date.fromisoformat(day).toordinal() for day in group]
            rows = rows.filter(pl.col("day").is_in(ordinals))
        frames.append(rows)
    for part in pl.concat(frames).partition_by("day", maintain_order=True):
        day = date.fromordinal(part.item(0, "day"))
        cache.write_part(day, _by_arc_and_hour(part.drop("day")))


def _by_arc_and_hour(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in order; duplicates stay as they stood in the file, so chunking never shows."""
    key = rows["arc"].to_numpy().astype(np.int64) << 32 | rows["hour"].to_numpy()
    return rows[np.argsort(key, kind="stable")]


def _rejects(
    cache: PartsCache, chunks: list[Chunk], members: list[str], first_row: int
) -> pl.DataFrame:
    """Rejects of the file, with the line (JSON: the record) of the file at which each starts."""
    frames = [REJECTS_SCHEMA.to_frame().with_columns(pl.lit("").alias("member"))]
    first_line: Counter[int] = Counter()
    for chunk in chunks:
        if chunk.manifest.rejects:
            frame = cache.chunk_frame(chunk.member, chunk.index, "rejects")
            start = first_row + first_line[chunk.member]
            frames.append(
                frame.with_columns(
                    pl.col("line") + start, pl.lit(members[chunk.member]).alias("member")
                )
            )
        first_line[chunk.member] += chunk.manifest.lines
    rejects = pl.concat(frames)
    days = [None if hour is None else day_of_hour(hour) for hour in rejects["hour"].to_list()]
    return (
        rejects.with_columns(pl.Series("day", days, dtype=pl.Date))
        .rename({"line": "row"})
        .select(REJECT_COLUMNS)
        .sort("member", "row")
    )
