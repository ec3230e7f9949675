"""Attributes of lines that stand alone: each distinct text of a file is read once.

What a line says beside its measured fields stands, for nearly every line, in an earlier one of
the same arc. Its measured fields hold no quote and no delimiter, so they can be cut out of it, and
lines that are equal in all the rest have equal attributes.
"""

from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.comptages.attributes import Described, Keys
from cityflow_processor.comptages.fields import ATTRIBUTES, MEASURED
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.last_lines import LastLines
from cityflow_processor.comptages.lines import Around
from cityflow_processor.comptages.lookups import Bools, Coded, Ints
from cityflow_processor.comptages.spelling import Spelling

MOST_KNOWN: Final = 50_000  # distinct texts held: ten times the arcs of Paris
_FEW: Final = 8_192  # lines cut into pieces at a time: these take several times their size
Parse = Callable[[bytes], pl.DataFrame]
Texts = Callable[[Ints], list[str]]


class KnownLines:
    """What was read of the lines of one file; may be shared by threads."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._pieces = header.last_measured + 2
        cut = [i for i in header.measured if header.columns[i] not in ATTRIBUTES]
        self._beside = [i for i in range(self._pieces) if i not in cut]
        self._lock = Lock()
        self._vocabularies: dict[str, Spelling] = {}
        self._last = LastLines()
        self._kept: Keys = np.empty(0, dtype=np.uint64)
        self._forget()

    def vocabularies(self) -> dict[str, Spelling]:
        """The texts of each measured column so far."""
        with self._lock:
            for name in MEASURED:
                if name not in self._vocabularies or self._vocabularies[name].is_full:
                    self._vocabularies[name] = Spelling()
            return dict(self._vocabularies)

    def attributes(
        self, lines: Around, arcs: Coded, texts: Texts, parse: Parse
    ) -> tuple[Ints, Described]:
        """Place of each line's attributes among those described.

        `lines` are told but for `Header.run`, and `arcs` are theirs; `texts` gives some of them
        whole, `parse` reads the attributes of joined lines.
        """
        with self._lock:
            if max(self._hashes.size, self._last.size) > MOST_KNOWN:
                self._forget()
            keys = self._last.keys(lines, arcs)
            unlike = np.flatnonzero(keys == 0)
            if unlike.size:
                keys[unlike] = self._read(texts(unlike), parse)
                self._last.learn(lines, arcs, unlike, keys[unlike])
            distinct, inverse = np.unique(keys, return_inverse=True)
            fresh = np.flatnonzero(~_is_in(distinct, self._kept))
            rows = self._rows_of(distinct[fresh])
        return inverse, Described(distinct, fresh, rows)

    def keep(self, keys: Keys) -> None:
        """Their texts are safe: no later block need hold them."""
        with self._lock:
            self._kept = np.union1d(self._kept, keys).astype(np.uint64)

    def _rows_of(self, keys: Keys) -> pl.DataFrame:
        if not keys.size:
            return self._rows.clear()
        return self._rows[self._places[np.searchsorted(self._hashes, keys)]]

    def _read(self, texts: list[str], parse: Parse) -> Keys:
        keys = np.concatenate([self._hash(texts[i : i + _FEW]) for i in range(0, len(texts), _FEW)])
        distinct, first = np.unique(keys, return_index=True)
        fresh = np.flatnonzero(~_is_in(distinct, self._hashes))
        if fresh.size:
            self._learn(distinct[fresh], parse(joined([texts[i] for i in first[fresh].tolist()])))
        return keys

    def _hash(self, texts: list[str]) -> Keys:
        split = pl.Series(texts, dtype=pl.String).str.splitn(self._header.delimiter, self._pieces)
        hashes = split.struct.unnest()[:, self._beside].hash_rows(seed=7).to_numpy()
        keys: Keys = np.maximum(hashes, np.uint64(1))  # 0 stands for none
        return keys

    def _forget(self) -> None:
        self._hashes: Keys = np.empty(0, dtype=np.uint64)
        self._places: Ints = np.empty(0, dtype=np.int64)
        self._rows = pl.DataFrame()
        self._kept = np.empty(0, dtype=np.uint64)
        self._last.forget()

    def _learn(self, hashes: Keys, rows: pl.DataFrame) -> None:
        places = np.arange(hashes.size) + self._rows.height
        hashes = np.append(self._hashes, hashes)
        order = np.argsort(hashes)
        self._hashes, self._places = hashes[order], np.append(self._places, places)[order]
        self._rows = self._rows.vstack(rows) if self._rows.width else rows


def _is_in(values: Keys, held: Keys) -> Bools:
    """Whether each value is among those held, which are sorted."""
    if not held.size:
        return np.zeros(values.size, dtype=bool)
    found: Bools = held[np.minimum(np.searchsorted(held, values), held.size - 1)] == values
    return found


def joined(lines: list[str]) -> bytes:
    """Texts of lines as one block."""
    return "\n".join(lines).encode()
