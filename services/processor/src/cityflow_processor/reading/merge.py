"""Chunk outputs become one part a service day, in groups of days that fit in memory.

Whatever the chunks were, the same records stand in the same order: attributes by their texts,
rows by arc and hour, rejects by line. Only rows of an arc's latest hour point to attributes for
certain; others may, if they were the latest of their chunk.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from cityflow.errors import TryAgain
from cityflow_processor.comptages.hours import day_codes, day_of_hour
from cityflow_processor.comptages.lookups import Ints
from cityflow_processor.comptages.validate import REJECTS_SCHEMA, rows_frame
from cityflow_processor.reading.numbering import Numbering, Whole
from cityflow_processor.reading.parts import ChunkManifest, FileManifest, PartsCache

GROUP_ROWS: Final = 400_000
REJECT_COLUMNS: Final = ("day", "member", "row", "reason", "detail", "raw_text")


@dataclass(frozen=True, eq=False)
class Chunk:
    """A finished chunk: its place in the file and what it held."""

    member: int
    index: int
    manifest: ChunkManifest

    def frames(self, cache: PartsCache, *names: str) -> dict[str, pl.DataFrame]:
        """Those of its frames that have rows. Raises TryAgain if they are lost."""
        return cache.chunk_frames(self.member, self.index, self.manifest, names)


class Rejected(NamedTuple):
    """Rejects of a file by service day, and how many have none."""

    days: dict[str, int]
    undated: int


def learn(numbering: Numbering, cache: PartsCache, chunk: Chunk) -> None:
    """Number what a chunk names. Raises TryAgain if it is lost."""
    if chunk.manifest.days:
        numbering.add(chunk, chunk.frames(cache, "arcs", "keys", "attributes"))


def numbered(
    cache: PartsCache, chunks: list[Chunk], numbering: Numbering
) -> tuple[list[list[str]], Counter[str]]:
    """Write the arcs and attributes of a file, which `numbering` has learnt of all its chunks.

    Returns its days in groups that fit in memory, and how many rows each day has.
    """
    arcs, attributes = _finish(cache, chunks, numbering)
    cache.write_file_frame("arcs", arcs)
    cache.write_file_frame("attributes", attributes)
    days: Counter[str] = Counter()
    for chunk in chunks:
        days.update(chunk.manifest.days)
    return _groups(days), days


def conclude(
    raw_sha256: str, chunks: list[Chunk], days: Mapping[str, int], rejects: Rejected
) -> FileManifest:
    """The manifest of a file of which all is written, not yet written itself."""
    return FileManifest(
        raw_sha256,
        sum(chunk.manifest.rows for chunk in chunks),
        dict(sorted(days.items())),
        rejects.days,
        rejects.undated,
        sum(chunk.manifest.empty_gap_rows for chunk in chunks),
    )


def _finish(
    cache: PartsCache, chunks: list[Chunk], numbering: Numbering
) -> tuple[pl.DataFrame, pl.DataFrame]:
    try:
        return numbering.finish()
    except KeyError as error:
        for chunk in chunks:
            cache.forget_chunk(chunk.member, chunk.index)
        raise TryAgain(
            "chunks of the parts cache are missing; run the same command again: they are rebuilt"
        ) from error


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


def write_parts(
    cache: PartsCache, chunks: list[Chunk], numbering: Numbering, group: list[str]
) -> None:
    """Write the parts of a group of days."""
    wanted = set(group)
    ordinals = [date.fromisoformat(day).toordinal() for day in group]
    found = []
    for chunk in chunks:
        if wanted.isdisjoint(chunk.manifest.days):
            continue
        rows = numbering.renumber(chunk, chunk.frames(cache, "rows")["rows"])
        if not wanted.issuperset(chunk.manifest.days):
            rows = _take(rows, np.flatnonzero(np.isin(day_codes(rows["hour"]), ordinals)))
        found.append(rows)
    rows = {name: np.concatenate([some.pop(name) for some in found]) for name in list(found[0])}
    arc, hour = rows["arc"], rows["hour"]
    days = day_codes(hour)
    by_day = _order(days)
    bounds = np.searchsorted(days[by_day], [*ordinals, ordinals[-1] + 1])
    for ordinal, start, end in zip(ordinals, bounds, bounds[1:], strict=False):
        of_day = by_day[start:end]
        part = _take(rows, of_day[_by_arc_and_hour(arc[of_day], hour[of_day])])
        cache.write_part(date.fromordinal(ordinal), rows_frame(part))


def _take(columns: Mapping[str, Whole], places: Ints) -> dict[str, Whole]:
    return {name: values[places] for name, values in columns.items()}


def write_rejects(
    cache: PartsCache, chunks: list[Chunk], members: list[str], first_row: int
) -> Rejected:
    """Write the rejects of a file.

    `first_row` is the number of the first record: 2 under a header line, 1 in JSON.
    """
    rejects = _rejects(cache, chunks, members, first_row)
    cache.write_file_frame("rejects", rejects)
    dated = Counter(str(day) for day in rejects["day"].to_list() if day is not None)
    return Rejected(dict(sorted(dated.items())), rejects["day"].null_count())


def _by_arc_and_hour(arc: Whole, hour: Whole) -> Ints:
    """Places of rows in order; duplicates stay as they stood, so chunking never shows."""
    by_hour = _order(hour)
    return by_hour[_order(arc[by_hour])]


def _order(values: Whole) -> Ints:
    """The stable order of whole numbers; in linear time where they span less than 2¹⁶."""
    low = int(values.min())
    narrow = np.min_scalar_type(int(values.max()) - low)
    order: Ints = np.argsort((values - values.dtype.type(low)).astype(narrow), kind="stable")
    return order


def _rejects(
    cache: PartsCache, chunks: list[Chunk], members: list[str], first_row: int
) -> pl.DataFrame:
    """Rejects of the file, with the line (JSON: the record) of the file at which each starts."""
    frames, names, starts = [REJECTS_SCHEMA.to_frame()], [""], [0]
    first_line: Counter[int] = Counter()
    for chunk in chunks:
        if chunk.manifest.rejects:
            frames.append(chunk.frames(cache, "rejects")["rejects"])
            names.append(members[chunk.member])
            starts.append(first_row + first_line[chunk.member])
        first_line[chunk.member] += chunk.manifest.lines
    rejects = pl.concat(frames)
    rows = [frame.height for frame in frames]
    days = [None if hour is None else day_of_hour(hour) for hour in rejects["hour"].to_list()]
    return (
        rejects.with_columns(
            pl.col("line") + np.repeat(starts, rows),
            pl.Series("member", np.repeat(names, rows).tolist(), dtype=pl.String),
            pl.Series("day", days, dtype=pl.Date),
        )
        .rename({"line": "row"})
        .select(REJECT_COLUMNS)
        .sort("member", "row")
    )
