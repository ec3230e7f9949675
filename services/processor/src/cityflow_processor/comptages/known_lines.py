"""Attributes of lines that stand alone: each distinct text of a file is read once.

What a line says beside its measured fields stands, for nearly every line, in an earlier one of
the same arc. Its measured fields hold no quote and no delimiter, so they can be cut out of it, and
lines that are equal in all the rest have equal attributes.
"""

from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from cityflow_processor.comptages.fields import ATTRIBUTES
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.lookups import Ints

MOST_KNOWN: Final = 50_000  # distinct texts held: ten times the arcs of Paris
_FEW: Final = 8_192  # lines cut into pieces at a time: these take several times their size
Parse = Callable[[bytes], pl.DataFrame]


class KnownLines:
    """What was read of the lines of one file; may be shared by threads."""

    def __init__(self, header: Header) -> None:
        self._delimiter = header.delimiter
        self._pieces = header.last_measured + 2
        cut = [i for i in header.measured if header.columns[i] not in ATTRIBUTES]
        self._beside = [i for i in range(self._pieces) if i not in cut]
        self._lock = Lock()
        self._forget()

    def attributes(self, lines: pl.Series, parse: Parse) -> tuple[Ints, pl.DataFrame] | None:
        """Place of each line's attributes among the rows returned; None unless all is UTF-8.

        `lines` is Binary, each with its end; `parse` reads the attributes of joined lines.
        """
        try:
            hashes = np.concatenate(
                [self._hash(some) for some in lines.to_frame().iter_slices(_FEW)]
            )
        except PolarsError:
            return None
        distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        with self._lock:
            if self._hashes.size > MOST_KNOWN:
                self._forget()
            fresh = np.flatnonzero(~np.isin(distinct, self._hashes, assume_unique=True))
            if fresh.size:
                self._learn(distinct[fresh], parse(joined(lines[first[fresh]])))
            return inverse, self._rows[self._places[np.searchsorted(self._hashes, distinct)]]

    def _hash(self, lines: pl.DataFrame) -> npt.NDArray[np.uint64]:
        texts = lines.to_series().cast(pl.String)
        pieces = texts.str.splitn(self._delimiter, self._pieces).struct.unnest()
        return pieces[:, self._beside].hash_rows(seed=7).to_numpy()

    def _forget(self) -> None:
        self._hashes: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._places: Ints = np.empty(0, dtype=np.int64)
        self._rows = pl.DataFrame()

    def _learn(self, hashes: npt.NDArray[np.uint64], rows: pl.DataFrame) -> None:
        places = np.arange(hashes.size) + self._rows.height
        hashes = np.append(self._hashes, hashes)
        order = np.argsort(hashes)
        self._hashes, self._places = hashes[order], np.append(self._places, places)[order]
        self._rows = self._rows.vstack(rows) if self._rows.width else rows


def joined(lines: pl.Series) -> bytes:
    """Binary lines, with or without their ends, as one block."""
    return b"\n".join(line.removesuffix(b"\n") for line in lines.to_list())
