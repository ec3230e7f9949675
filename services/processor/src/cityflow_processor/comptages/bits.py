"""Where in a block certain bytes are: a bit for each byte, so that 64 are looked at in one step."""

from typing import Final

import numpy as np

from cityflow_processor.comptages.lookups import Block, Ints
from cityflow_processor.comptages.words import Word

# A window of the block and its comparison stay in the processor's cache.
_WINDOW_BYTES: Final = 1 << 20
_ONE: Final = np.uint64(1)


class Bits:
    """The bytes of a block that a comparison (`np.equal`, `np.less`) with a value holds for."""

    def __init__(self, data: Block, compare: np.ufunc, value: int) -> None:
        block = np.frombuffer(data, np.uint8)
        self._packed = np.zeros((len(data) // 64 + 3) * 8, np.uint8)
        holds = np.empty(_WINDOW_BYTES, bool)
        for start in range(0, len(data), _WINDOW_BYTES):
            window = block[start : start + _WINDOW_BYTES]
            compare(window, value, out=holds[: window.size])
            packed = np.packbits(holds[: window.size], bitorder="little")
            self._packed[start >> 3 : (start >> 3) + packed.size] = packed
        # Eight bytes from any byte on: unaligned, overlapping, and nothing copied.
        self._from: Word = np.ndarray(self._packed.size - 7, "<u8", self._packed, strides=(1,))

    def places(self) -> Ints:
        """All of them, in order."""
        words = self._packed.view("<u8")
        at = np.flatnonzero(words)
        left: Word = words[at]
        found = []
        while at.size:
            first, left = first_place(left)
            found.append((at << 6) + first)
            more = np.flatnonzero(left)
            at, left = at[more], left[more]
        return np.sort(np.concatenate(found), kind="stable") if found else at

    def after(self, starts: Ints) -> Word:
        """Those of the at least 57 bytes from each place on: the lowest bit is the place itself.

        A place may lie some bytes behind the block's end.
        """
        bits: Word = self._from[starts >> 3] >> (starts & 7).astype(np.uint64)
        return bits


def first_place(bits: Word) -> tuple[Ints, Word]:
    """The place of the lowest bit of each word, 64 if there is none; and the words without it."""
    below = bits - _ONE
    return np.bitwise_count(below & ~bits).astype(np.int64), below & bits
