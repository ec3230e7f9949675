"""Texts of a block as rows of words, zeros behind their ends: many are compared in one step."""

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cityflow_processor.comptages.lookups import Block, Ints

Word = npt.NDArray[np.uint64]
_Raw = np.ndarray[Any, np.dtype[np.void]]

WORD_BYTES: Final = 8


def words_of(data: Block, starts: Ints, sizes: Ints, count: int) -> Word:
    """The texts at these places, none longer than `count` words: a row each."""
    row_bytes = count * WORD_BYTES
    kept = _as_words(_first_bytes(count)[sizes], count)
    if int(starts.max(initial=0)) <= len(data) - row_bytes:
        return _at(data, starts, count) & kept
    # Rows must not reach behind the block's end: the last texts are taken from a copy of it.
    edge = max(0, len(data) - 2 * row_bytes)
    tail = bytes(data[edge:]) + bytes(3 * row_bytes)
    at_end = starts >= edge
    words = np.empty((starts.size, count), np.uint64)
    words[at_end] = _at(tail, starts[at_end] - edge, count)
    words[~at_end] = _at(data, starts[~at_end], count)
    return words & kept


def _at(data: Block, places: Ints, count: int) -> Word:
    if not places.size:
        return np.empty((0, count), np.uint64)
    row_bytes = count * WORD_BYTES
    # Unaligned and overlapping: nothing is copied but what is asked for, a row in one step.
    rows: _Raw = np.ndarray(len(data) - row_bytes + 1, f"V{row_bytes}", data, strides=(1,))
    return _as_words(rows[places], count)


@cache
def _first_bytes(count: int) -> _Raw:
    """Rows of words that keep the first n bytes, for n from 0 to all."""
    row_bytes = count * WORD_BYTES
    kept = np.arange(row_bytes) < np.arange(row_bytes + 1)[:, None]
    rows: _Raw = (kept * np.uint8(0xFF)).view(f"V{row_bytes}").ravel()
    return rows


def _as_words(rows: _Raw, count: int) -> Word:
    return rows.view("<u8").reshape(-1, count)


def widened(words: Word, count: int) -> Word:
    """The same texts in rows of `count` words."""
    missing = count - words.shape[1]
    return np.pad(words, ((0, 0), (0, missing))) if missing else words
