"""Columns of few distinct texts: each text is judged once, each row by its code."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Chunk = bytes | bytearray
Block = Chunk | memoryview
Codes = npt.NDArray[np.integer[Any]]
Judgement = Callable[[str | None], int]
T = TypeVar("T", np.int64, np.bool_)

MOST_TEXTS: Final = 200_000
_NO_TEXT: Final = 2**32 - 1  # becomes code 0


class Vocabulary:
    """Texts of one column, each with a code from 1; 0 is null. May be shared by threads.

    It goes from block to block of a file, so that a text is judged once for all of them.
    """

    def __init__(self) -> None:
        self.texts: list[str | None] = [None]
        self._lock = Lock()
        self._judged: dict[Judgement, tuple[Ints, Bools]] = {}
        self._names: dict[str, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether it holds so many texts that a new one should take its place."""
        return len(self.texts) > MOST_TEXTS

    def judge(self, codes: Codes, judgement: Judgement) -> Ints:
        """`judgement` of the text of each code, asked once for each text."""
        judged: Ints = self.judgements(judgement)[codes]
        return judged

    def judgements(self, judgement: Judgement) -> Ints:
        """`judgement` of each text so far, by its code; 0 for a code that has none."""
        with self._lock:
            table, done = self._judged.get(judgement, (np.zeros(0, np.int64), np.zeros(0, bool)))
            held = self._held()
            table, done = _longer(table, held.size), _longer(done, held.size)
            for code in np.flatnonzero(held & ~done).tolist():
                table[code] = judgement(self.texts[code])
            done |= held
            self._judged[judgement] = table, done
            return table

    def names(self, codes: Codes) -> tuple[list[str], Ints]:
        """Distinct trimmed texts of the codes, and the place of each code's among them."""
        number = self.judge(codes, self._number)
        held = np.flatnonzero(np.bincount(number, minlength=1))
        place = np.zeros(int(number.max(initial=0)) + 1, dtype=np.int64)
        place[held] = np.arange(held.size)
        names = list(self._names)
        return [names[n] for n in held.tolist()], place[number]

    def _number(self, text: str | None) -> int:
        return self._names.setdefault((text or "").strip(), len(self._names))

    def _held(self) -> Bools:
        """Which codes have a text."""
        return np.ones(len(self.texts), dtype=bool)


class Categories(Vocabulary):
    """A vocabulary whose codes Polars gives."""

    def __init__(self) -> None:
        super().__init__()
        self.type = pl.Categorical(pl.Categories.random())
        # Polars forgets the codes of a category that no column has.
        self._column = pl.Series([], dtype=self.type)
        self._met = np.ones(1, dtype=bool)

    def coded(self, values: pl.Series) -> "Coded":
        """A column of its `type` by codes."""
        physical = values.to_physical()
        if physical.null_count():
            physical = physical.fill_null(_NO_TEXT)
        codes = physical.to_numpy() + np.uint32(1)
        with self._lock:
            self._meet(values, codes)
        return Coded(codes, self)

    def _held(self) -> Bools:
        return self._met

    def _meet(self, values: pl.Series, codes: Codes) -> None:
        """Learn the texts of codes that were not met before, from one row of each."""
        top = int(codes.max(initial=0)) + 1
        if top <= self._met.size and self._met[codes].all():
            return
        self._met = _longer(self._met, top)
        self.texts.extend([None] * (self._met.size - len(self.texts)))
        row = np.full(self._met.size, -1, dtype=np.int64)
        row[codes] = np.arange(codes.size)
        new = np.flatnonzero((row >= 0) & ~self._met)
        if new.size:
            texts = values[row[new]].cast(pl.String).to_list()
            for code, text in zip(new.tolist(), texts, strict=True):
                self.texts[code] = text
            self._met[new] = True


def _longer(values: npt.NDArray[T], size: int) -> npt.NDArray[T]:
    """A copy of an array with zeros behind it, or the array if it is as long."""
    missing = size - values.size
    return np.append(values, np.zeros(missing, values.dtype)) if missing > 0 else values


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of texts: `texts[codes[row]]`."""

    codes: Codes
    vocabulary: Vocabulary

    def take(self, rows: Ints) -> "Coded":
        """Some of its rows."""
        return Coded(self.codes[rows], self.vocabulary)

    @property
    def texts(self) -> list[str | None]:
        """Texts by their codes: those of this column, and of others with its vocabulary."""
        return self.vocabulary.texts

    def names(self) -> tuple[list[str], Ints]:
        """Distinct trimmed texts, and the place of each row's among them."""
        return self.vocabulary.names(self.codes)

    def judge(self, judgement: Judgement) -> Ints:
        """`judgement` of each row's text, asked once for each distinct text."""
        return self.vocabulary.judge(self.codes, judgement)

    def is_all(self, judgement: Judgement) -> bool:
        """Whether `judgement` is true of every row's text."""
        table = self.vocabulary.judgements(judgement)
        # Rarely is it not true of every text: then the rows need not be looked at.
        if table[1:].all() and (table[0] or self.codes.all()):
            return True
        return bool(table[self.codes].all())


def distinct_rows(frame: pl.DataFrame) -> tuple[Ints, npt.NDArray[np.uint64], pl.DataFrame]:
    """Place of each row among the distinct ones, the keys of these, and these."""
    hashes = frame.hash_rows(seed=7).to_numpy()
    keys, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return inverse, keys, frame[first]
