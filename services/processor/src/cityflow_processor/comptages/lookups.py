"""Columns of few distinct texts: each text is judged once, each row by its code."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def codes_of(values: pl.Series) -> npt.NDArray[np.uint32]:
    """Physical codes of a Categorical column; null is one past the largest."""
    codes = values.to_physical()
    largest = codes.max()
    return codes.fill_null(0 if largest is None else int(largest) + 1).to_numpy()  # type: ignore[arg-type]


def distinct(values: pl.Series) -> tuple[Ints, pl.Series]:
    """Codes that a Categorical column holds, in order, and their texts.

    One row of each is looked at: far cheaper than `unique`, which hashes every row.
    """
    codes = codes_of(values)
    row = np.full(int(codes.max(initial=0)) + 1, -1, dtype=np.int64)
    row[codes] = np.arange(codes.size)
    held = np.flatnonzero(row >= 0)
    return held, values[row[held]].cast(pl.String)


def judge(values: pl.Series, judgement: Callable[[str | None], int]) -> Ints:
    """`judgement` of each row's text, asked once for each distinct text."""
    codes = codes_of(values)
    held, texts = distinct(values)
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    table[held] = [judgement(text) for text in texts.to_list()]
    return table[codes]
