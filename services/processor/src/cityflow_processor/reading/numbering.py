"""Arcs and attributes of a file, numbered in their own order, whatever the chunks were."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.attributes import Keys
from cityflow_processor.comptages.fields import ARC, ATTRIBUTES
from cityflow_processor.comptages.lookups import Ints
from cityflow_processor.comptages.normalise import canonical_attributes
from cityflow_processor.comptages.resolve import NULL
from cityflow_processor.comptages.tokens import ATTRIBUTES_SCHEMA

KEY: Final = "key"
Whole = npt.NDArray[np.integer[Any]]


class Numbering:
    """Arcs and distinct canonical attributes of a file, numbered in their own order."""

    def __init__(self) -> None:
        self._arcs: dict[str, int] = {}
        self._known: set[int] = set()
        self._frames = [_canonical(pl.DataFrame(schema=ATTRIBUTES_SCHEMA | {KEY: pl.UInt64()}))]
        self._said: dict[Hashable, tuple[Ints, Keys]] = {}
        self._local: dict[Hashable, tuple[Ints, Ints]] = {}

    def add(self, chunk: Hashable, frames: Mapping[str, pl.DataFrame]) -> None:
        """Learn what a chunk names: its `arcs`, the `keys` of what is said of them, and the
        `attributes` themselves that no earlier chunk had when it was read.
        """
        if (attributes := frames.get("attributes")) is not None:
            keys = attributes[KEY].to_list()
            fresh = [at for at, key in enumerate(keys) if key not in self._known]
            self._known.update(keys)
            self._frames.append(_canonical(attributes[fresh]))
        held = self._arcs
        arcs = [held.setdefault(arc, len(held)) for arc in frames["arcs"][ARC].to_list()]
        self._said[chunk] = (np.array(arcs, np.int64), frames["keys"][KEY].to_numpy())

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Arcs, and canonical attributes: forms that mean the same get the same number.

        Called once: what was learnt is let go. Raises KeyError if no chunk has the attributes of a
        key.
        """
        arcs = sorted(self._arcs)
        rank_of_arc = np.empty(len(arcs), np.int64)
        rank_of_arc[[self._arcs[arc] for arc in arcs]] = np.arange(len(arcs))
        held = pl.concat(self._frames)
        attributes, rank = _distinct(held.drop(KEY))
        known = held[KEY].to_numpy()
        order = np.argsort(known)
        known, rank = known[order], rank[order]
        for chunk, (of_chunk, keys) in self._said.items():
            places = np.searchsorted(known, keys)
            if not (places < np.searchsorted(known, keys, side="right")).all():
                raise KeyError(chunk)
            self._local[chunk] = (rank_of_arc[of_chunk], rank[places])
        for learnt in (self._arcs, self._frames, self._said, self._known):
            learnt.clear()
        return pl.DataFrame({ARC: arcs}, schema={ARC: pl.String}), attributes

    def renumber(self, chunk: Hashable, rows: pl.DataFrame) -> dict[str, Whole]:
        """The columns of the chunk's rows with the numbers of the file."""
        arcs, attributes = self._local[chunk]
        columns = {name: rows[name].to_numpy() for name in rows.columns}
        columns["arc"] = arcs[columns["arc"]]
        columns["attributes"] = np.append(attributes, NULL)[columns["attributes"]]
        return columns


def _canonical(attributes: pl.DataFrame) -> pl.DataFrame:
    """The attributes of each key in their own spelling."""
    return canonical_attributes(attributes).with_columns(attributes[KEY])


def _distinct(attributes: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """Distinct canonical attributes in order, and the place of each row's among them."""
    frame = attributes.with_row_index("_")
    ordered = frame.sort(ATTRIBUTES)
    same = ordered.select(
        pl.all_horizontal(pl.col(n).eq_missing(pl.col(n).shift(1)) for n in ATTRIBUTES)
    ).to_series()
    fresh = ~same.to_numpy() if frame.height else np.empty(0, dtype=bool)
    fresh[:1] = True
    rank = (np.cumsum(fresh) - 1)[_inverse(ordered["_"])]
    return ordered.filter(pl.Series(fresh)).drop("_"), rank


def _inverse(order: pl.Series) -> Ints:
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return rank
