"""Columns of few distinct texts: each text is judged once, each row by its code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of texts: `texts[codes[row]]`; every text stands in some row, once."""

    codes: npt.NDArray[np.integer[Any]]
    texts: list[str | None]

    def judge(self, judgement: Callable[[str | None], int]) -> Ints:
        """`judgement` of each row's text, asked once for each distinct text."""
        table = np.array([judgement(text) for text in self.texts], dtype=np.int64)
        judged: Ints = table[self.codes]
        return judged


def coded(values: pl.Series) -> Coded:
    """A Categorical column by its codes."""
    codes = _codes(values)
    row = np.full(int(codes.max()) + 1 if codes.size else 0, -1, dtype=np.int64)
    row[codes] = np.arange(codes.size)
    held = np.flatnonzero(row >= 0)
    if held.size < row.size:
        dense = np.zeros(row.size, dtype=np.int64)
        dense[held] = np.arange(held.size)
        codes = dense[codes]
    # One row of each is looked at: far cheaper than `unique`, which hashes every row.
    return Coded(codes, values[row[held]].cast(pl.String).to_list())


def _codes(values: pl.Series) -> npt.NDArray[np.integer[Any]]:
    """Physical codes; null is one past the largest."""
    codes = values.to_physical()
    if codes.null_count():
        largest = codes.max()
        codes = codes.fill_null(0 if largest is None else int(largest) + 1)  # type: ignore[arg-type]
    return codes.to_numpy()


def distinct_rows(frame: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """Place of each row among the distinct ones, and these."""
    hashes = frame.hash_rows(seed=7).to_numpy()
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return inverse, frame[first]
