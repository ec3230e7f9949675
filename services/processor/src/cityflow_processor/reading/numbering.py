"""Arcs and attributes of a file, numbered in their own order, whatever the chunks were."""

from collections.abc import Hashable, Mapping
from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.comptages.attributes import Keys
from cityflow_processor.comptages.fields import ARC, ATTRIBUTES
from cityflow_processor.comptages.lookups import Ints
from cityflow_processor.comptages.normalise import canonical_attributes
from cityflow_processor.comptages.resolve import NULL
from cityflow_processor.comptages.tokens import ATTRIBUTES_SCHEMA
from cityflow_processor.comptages.validate import rows_frame

KEY: Final = "key"


class Numbering:
    """Arcs and distinct canonical attributes of a file, numbered in their own order."""

    def __init__(self) -> None:
        self._names = [pl.Series(ARC, [], pl.String)]
        self._known: set[int] = set()
        self._frames = [pl.DataFrame(schema=ATTRIBUTES_SCHEMA | {KEY: pl.UInt64()})]
        self._keys: dict[Hashable, Keys] = {}
        self._local: dict[Hashable, tuple[Ints, Ints]] = {}

    def add(self, chunk: Hashable, frames: Mapping[str, pl.DataFrame]) -> None:
        """Learn what a chunk names: its `arcs`, the `keys` of what is said of them, and the
        `attributes` themselves that no earlier chunk had when it was read.
        """
        if (attributes := frames.get("attributes")) is not None:
            keys = attributes[KEY].to_list()
            fresh = [at for at, key in enumerate(keys) if key not in self._known]
            self._known.update(keys)
            self._frames.append(attributes[fresh])
        self._names.append(frames["arcs"][ARC])
        self._keys[chunk] = frames["keys"][KEY].to_numpy()

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Arcs, and canonical attributes: forms that mean the same get the same number.

        Called once: what was learnt is let go. Raises KeyError if no chunk has the attributes of a
        key.
        """
        arcs, arc_of_name = _ranked(pl.concat(self._names))
        held = pl.concat(self._frames)
        known = held[KEY].to_numpy()
        order = np.argsort(known)
        attributes, rank = _canonical(held.drop(KEY))
        start = 0
        for (chunk, keys), names in zip(self._keys.items(), self._names[1:], strict=True):
            if not np.isin(keys, known).all():
                raise KeyError(chunk)
            places = order[np.searchsorted(known, keys, sorter=order)]
            self._local[chunk] = (arc_of_name[start : start + len(names)], rank[places])
            start += len(names)
        for learnt in (self._names, self._frames, self._keys, self._known):
            learnt.clear()
        return arcs.to_frame(), attributes

    def renumber(self, chunk: Hashable, rows: pl.DataFrame) -> pl.DataFrame:
        """The chunk's rows with the numbers of the file."""
        arcs, attributes = self._local[chunk]
        columns = {name: rows[name].to_numpy() for name in rows.columns}
        columns["arc"] = arcs[columns["arc"]]
        columns["attributes"] = np.append(attributes, NULL)[columns["attributes"]]
        return rows_frame(columns)


def _ranked(names: pl.Series) -> tuple[pl.Series, Ints]:
    """Distinct names in order, and the place of each name among them."""
    codes = names.cast(pl.Categorical(pl.Categories.random()))
    distinct = codes.unique()
    ordered = distinct.cast(pl.String).to_frame().with_row_index("_").sort(ARC)
    rank = np.zeros(int(codes.to_physical().to_numpy().max(initial=0)) + 1, dtype=np.int64)
    rank[distinct.to_physical().to_numpy()] = _inverse(ordered["_"])
    return ordered[ARC], rank[codes.to_physical().to_numpy()]


def _canonical(attributes: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """Distinct canonical attributes in order, and the place of each row's among them."""
    frame = canonical_attributes(attributes).with_row_index("_")
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
