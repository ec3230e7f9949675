"""The last line read of each arc, but for its measured fields: most later ones say the same."""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cityflow_processor.comptages.attributes import Keys
from cityflow_processor.comptages.lines import Around, places
from cityflow_processor.comptages.lookups import Bools, Coded, Codes, Ints, Vocabulary


class LastLines:
    """Beginning and end of a line of each arc, around the fields that change from hour to hour."""

    def __init__(self) -> None:
        self._vocabulary: Vocabulary | None = None
        self.forget()

    @property
    def size(self) -> int:
        """How many lines are held."""
        return self._keys.size

    def forget(self) -> None:
        """Hold no line."""
        self._slot: Ints = np.empty(0, dtype=np.int64)
        self._keys: Keys = np.empty(0, dtype=np.uint64)
        self._held: Around | None = None

    def keys(self, lines: Around, arcs: Coded) -> Keys:
        """The key of each line that is like its arc's last one, else 0."""
        if arcs.vocabulary is not self._vocabulary:
            self.forget()
            self._vocabulary = arcs.vocabulary
        slots = self._slots(arcs.codes)
        keys = np.zeros(slots.size, dtype=np.uint64)
        rows = np.flatnonzero(slots >= 0)
        if self._held is not None and rows.size:
            like = _are_like(_some(lines, rows), _some(self._held, slots[rows]))
            keys[rows] = np.where(like, self._keys[slots[rows]], 0)
        return keys

    def learn(self, lines: Around, arcs: Coded, rows: Ints, keys: Keys) -> None:
        """Hold these rows of `lines`, which are of `arcs`, as the last ones of their arcs."""
        codes, new = arcs.codes[rows], _some(lines, rows)
        size = max(self._slot.size, int(codes.max()) + 1)
        self._slot = np.append(self._slot, np.full(size - self._slot.size, -1))
        self._slot[codes] = np.arange(codes.size) + self._keys.size
        self._keys = np.append(self._keys, keys)
        if self._held is not None:
            pairs = zip(self._held, new, strict=True)
            new = Around(*(pa.concat_arrays(pair) for pair in pairs))
        self._held = new

    def _slots(self, codes: Codes) -> Ints:
        if not self._slot.size:
            return np.full(codes.size, -1)
        found: Ints = self._slot[np.minimum(codes, self._slot.size - 1)]
        return np.where(codes < self._slot.size, found, -1)


def _some(lines: Around, rows: Ints) -> Around:
    at = places(rows)
    return Around(lines.heads.take(at), lines.tails.take(at))


def _are_like(lines: Around, others: Around) -> Bools:
    same = pc.and_(pc.equal(lines.heads, others.heads), pc.equal(lines.tails, others.tails))
    found: Bools = pl.Series(same).to_numpy()
    return found
