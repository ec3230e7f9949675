"""The measured fields of lines that stand alone, read from where they are in the block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from cityflow_processor.comptages.bits import Bits, first_place
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.lines import Lines, taken
from cityflow_processor.comptages.lookups import Block, Chunk, Coded, Floats, Ints
from cityflow_processor.comptages.spelling import Spelling
from cityflow_processor.comptages.tokens import NUMBERS
from cityflow_processor.comptages.words import Word

# What is looked at again and again stays in the processor's cache.
_WINDOW_BYTES: Final = 4 << 20
Fields = list[tuple[Ints, Ints]]


@dataclass(frozen=True, eq=False)
class Scanned:
    """The measured texts of lines by their codes, their numbers, and where `Header.run` is."""

    texts: dict[str, Coded]
    numbers: pl.DataFrame
    run_starts: Ints
    run_ends: Ints


def scan(
    data: Chunk, lines: Lines, header: Header, vocabularies: Mapping[str, Spelling]
) -> Scanned:
    """The measured fields of a block of which every line stands alone.

    Raises ValueError for a line with too few fields, a text that is not UTF-8, and one that is no
    finite number.
    """
    names = [str(header.columns[column]) for column in header.measured]
    words: dict[str, list[Word]] = {name: [] for name in names if name not in NUMBERS}
    numbers: dict[str, list[Floats]] = {name: [] for name in NUMBERS}
    run = [header.measured.index(column) for column in header.run]
    runs: list[tuple[Ints, Ints]] = []
    for starts, ends in _windows(lines):
        base = int(starts[0])
        window = memoryview(data)[base : int(ends[-1])]
        fields = _fields(window, starts - base, ends - base, header)
        (begin, _), (last, size) = (fields[place] for place in run)
        runs.append((begin + base, last + size + base))
        for name, (begins, sizes) in zip(names, fields, strict=True):
            if name in NUMBERS:
                numbers[name].append(_numbers(window, begins, sizes))
            else:
                words[name].append(vocabularies[name].words(window, begins, sizes))
    coded = {name: vocabularies[name].coded(words.pop(name)) for name in list(words)}
    whole = {name: np.concatenate(parts) for name, parts in numbers.items()}
    frame = pl.DataFrame({n: pl.Series(x, nan_to_null=True) for n, x in whole.items()})
    run_starts, run_ends = (np.concatenate(places) for places in zip(*runs, strict=True))
    return Scanned(coded, frame, run_starts, run_ends)


def _numbers(data: Block, starts: Ints, sizes: Ints) -> Floats:
    """The numbers at these places, NaN where there is none."""
    held = np.flatnonzero(sizes)
    texts = taken(data, starts[held], sizes[held])
    read = np.frombuffer(texts.cast(pa.string()).cast(pa.float64()).buffers()[1], np.float64)
    if not np.isfinite(read[: held.size]).all():
        raise ValueError("a text is not a finite number")
    numbers = np.full(sizes.size, np.nan)
    numbers[held] = read[: held.size]
    return numbers


def _windows(lines: Lines) -> Iterator[tuple[Ints, Ints]]:
    """Starts and ends of the lines of a window at a time."""
    edges = np.arange(0, int(lines.ends[-1]) + 1, _WINDOW_BYTES)
    cuts = [*np.searchsorted(lines.starts, edges).tolist(), len(lines)]
    for first, last in pairwise(cuts):
        if last > first:
            yield lines.starts[first:last], lines.ends[first:last]


def _fields(data: Block, starts: Ints, ends: Ints, header: Header) -> Fields:
    """Starts and sizes of the measured fields of each line, in the order of their columns."""
    bits = Bits(data, np.equal, ord(header.delimiter))
    fields: Fields = []
    start = at = starts
    none = starts[:0]
    left = bits.after(at)
    for column in range(header.last_measured + 1):
        far = none
        if not left.all():
            at, left = start, bits.after(start)
            far = np.flatnonzero(left == 0)
        first, left = first_place(left)
        end = at + first
        if far.size:
            end[far] = _ends(data, header.delimiter, start[far], ends[far])
        if column == header.last_measured:
            end = np.minimum(end, ends)
        if column in header.measured:
            fields.append((start, end - start))
        start = end + 1
    if (fields[-1][0] > ends).any():
        raise ValueError("a line has too few fields")
    return fields


def _ends(data: Block, delimiter: str, starts: Ints, ends: Ints) -> list[int]:
    """Ends of fields that are longer than a word of bits tells, given those of their lines."""
    mark, found = delimiter.encode(), []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if start > end:
            raise ValueError("a line has too few fields")
        place = bytes(data[start:end]).find(mark)
        found.append(end if place < 0 else start + place)
    return found
