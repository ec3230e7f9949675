"""A vocabulary of texts that are told apart by their bytes, as they stand in a block."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cityflow_processor.comptages.lookups import Block, Coded, Codes, Ints, Vocabulary
from cityflow_processor.comptages.words import WORD_BYTES, Word, widened, words_of

_MOST_WORDS: Final = 8  # no arc, time or state is that long


class Spelling(Vocabulary):
    """A vocabulary by the words of its texts; none of them holds a NUL."""

    def __init__(self) -> None:
        super().__init__()
        self._words: Word = np.zeros((1, 1), np.uint64)  # a row each; code 0 is the empty text

    def words(self, data: Block, starts: Ints, sizes: Ints) -> Word:
        """Texts of a block as rows for `coded`. Raises ValueError if one is very long."""
        count = -(-int(sizes.max(initial=0)) // WORD_BYTES)
        if count > _MOST_WORDS:
            raise ValueError(f"a text is longer than {_MOST_WORDS * WORD_BYTES} bytes")
        return words_of(data, starts, sizes, max(count, self._words.shape[1]))

    def coded(self, parts: list[Word]) -> Coded:
        """A column of texts, in parts, by codes. Raises ValueError for one that is not UTF-8."""
        with self._lock:
            count = max(part.shape[1] for part in (*parts, self._words))
            words = np.concatenate([widened(part, count) for part in parts])
            self._words = widened(self._words, count)
            values = _column(words).dictionary_encode()
            codes = self._codes(values.dictionary)
        return Coded(codes[_ints(values.indices)], self)

    def _codes(self, texts: pa.Array) -> Codes:
        """The codes of distinct texts; new ones get one."""
        codes = pc.index_in(texts, value_set=_column(self._words))
        if codes.null_count:
            new = _rows(texts.filter(codes.is_null()), self._words.shape[1])
            self.texts += [row.tobytes().rstrip(b"\0").decode() for row in new]
            self._words = np.concatenate((self._words, new))
            codes = pc.index_in(texts, value_set=_column(self._words))
        return _ints(codes)


def _column(words: Word) -> pa.Array:
    """The rows as one column: whole numbers are looked up faster than bytes."""
    rows, count = words.shape
    kind = pa.uint64() if count == 1 else pa.binary(count * WORD_BYTES)
    return pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(words)])


def _ints(column: pa.Array) -> Codes:
    # By its buffer: `to_numpy` would import pandas.
    return np.frombuffer(column.buffers()[1], np.int32, len(column))


def _rows(column: pa.Array, count: int) -> Word:
    words = np.frombuffer(column.buffers()[1], np.uint64, len(column) * count)
    return words.reshape(-1, count)
