"""The last line read of each arc, but for its measured fields: most later ones say the same."""

import numpy as np
import polars as pl

from cityflow_processor.comptages.attributes import Keys
from cityflow_processor.comptages.fields import ATTRIBUTES
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.lookups import Bools, Coded, Codes, Ints, Vocabulary


class LastLines:
    """Beginning and end of a line of each arc, around the fields that change from hour to hour."""

    def __init__(self, header: Header) -> None:
        self._delimiter = header.delimiter
        cut = [i for i in header.measured if header.columns[i] not in ATTRIBUTES]
        run = [i for i in cut if i - cut[0] <= cut.index(i)]
        self._first, self._after = run[0], run[-1] + 1
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
        self._ends = pl.DataFrame(schema={"head": pl.String, "tail": pl.String})

    def keys(self, texts: pl.Series, arcs: Coded) -> Keys:
        """The key of each line that is like its arc's last one, else 0."""
        if arcs.vocabulary is not self._vocabulary:
            self.forget()
            self._vocabulary = arcs.vocabulary
        slots = self._slots(arcs.codes)
        held = np.flatnonzero(slots >= 0)
        keys = np.zeros(len(texts), dtype=np.uint64)
        if held.size:
            pairs = self._ends[slots[held]].with_columns(texts[held].alias("text"))
            keys[held] = np.where(self._is_like(pairs), self._keys[slots[held]], 0)
        return keys

    def learn(self, texts: pl.Series, arcs: Coded, rows: Ints, keys: Keys) -> None:
        """Hold these lines as the last ones of their arcs; `rows` are their places in `arcs`."""
        codes = arcs.codes[rows]
        cut = [self._cut(text) for text in texts.to_list()]
        ends = pl.DataFrame(cut, self._ends.schema, orient="row")
        size = max(self._slot.size, int(codes.max()) + 1)
        self._slot = np.append(self._slot, np.full(size - self._slot.size, -1))
        self._slot[codes] = np.arange(codes.size) + self._keys.size
        self._keys = np.append(self._keys, keys)
        self._ends = self._ends.vstack(ends).rechunk()

    def _slots(self, codes: Codes) -> Ints:
        if not self._slot.size:
            return np.full(codes.size, -1)
        found: Ints = self._slot[np.minimum(codes, self._slot.size - 1)]
        return np.where(codes < self._slot.size, found, -1)

    def _cut(self, text: str) -> tuple[str, str]:
        fields = text.split(self._delimiter)
        head = "".join(field + self._delimiter for field in fields[: self._first])
        return head, "".join(self._delimiter + field for field in fields[self._after :])

    def _is_like(self, pairs: pl.DataFrame) -> Bools:
        """Whether a text is head, as many fields as are cut, and tail."""
        text, head, tail = pl.col("text"), pl.col("head"), pl.col("tail")
        fields = text.str.strip_prefix(head).str.strip_suffix(tail)
        around = head.str.len_bytes() + tail.str.len_bytes()
        delimiters = fields.str.count_matches(self._delimiter, literal=True)
        # What was not there was not stripped either.
        like = (text.str.len_bytes() == fields.str.len_bytes() + around) & (
            delimiters == self._after - self._first - 1
        )
        found: Bools = pairs.select(like).to_series().to_numpy()
        return found
