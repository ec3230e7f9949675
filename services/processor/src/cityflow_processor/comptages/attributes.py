"""What is published of an arc beside its counts: taken with its latest hour of each day.

Only the rows of that hour are read for it. The choice depends on the records of the day alone,
so neither chunking nor order shows.
"""

from typing import Final

import numpy as np
import polars as pl

from cityflow_processor.comptages.fields import ATTRIBUTES
from cityflow_processor.comptages.hours import day_codes
from cityflow_processor.comptages.lookups import Bools, Ints
from cityflow_processor.comptages.tokens import Tokens

ATTRIBUTES_SCHEMA: Final = pl.Schema(dict.fromkeys(ATTRIBUTES, pl.String))


def describe(tokens: Tokens, rows: Ints, arc: Ints, hours: Ints) -> tuple[pl.Series, pl.DataFrame]:
    """Place of each row's attributes (null unless of a latest hour), and the distinct ones.

    `rows` are the places of the good rows among the tokens; `arc` and `hours` are theirs.
    """
    places = np.full(rows.size, -1, dtype=np.int64)
    if not rows.size:
        return _or_null(places), ATTRIBUTES_SCHEMA.to_frame()
    latest = np.flatnonzero(_is_latest(arc, hours))
    texts = tokens.attributes(rows[latest])
    _, first, inverse = np.unique(
        texts.hash_rows(seed=7).to_numpy(), return_index=True, return_inverse=True
    )
    places[latest] = inverse
    return _or_null(places), _complete(texts[first])


def _complete(texts: pl.DataFrame) -> pl.DataFrame:
    """The columns `ATTRIBUTES` as trimmed texts; empty and absent ones null."""
    held = texts.select(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    absent = [pl.lit(None, pl.String).alias(n) for n in ATTRIBUTES if n not in held.columns]
    return held.with_columns(absent).select(ATTRIBUTES)


def _is_latest(arc: Ints, hours: Ints) -> Bools:
    """Whether a row is of the latest hour of its arc and day."""
    days = day_codes(hours)
    _, day = np.unique(days, return_inverse=True)
    group = arc * (int(day.max()) + 1) + day
    if int(group.max()) > 4 * group.size + 1_000_000:
        _, group = np.unique(group, return_inverse=True)
    latest = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(latest, group, hours)
    is_latest: Bools = latest[group] == hours
    return is_latest


def _or_null(places: Ints) -> pl.Series:
    values = pl.Series("attributes", places)
    return values.set(values < 0, None).cast(pl.UInt32)
