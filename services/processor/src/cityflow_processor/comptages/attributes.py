"""What is published of an arc beside its counts: taken with its latest hour of each day.

Only the rows of that hour are read for it. The choice depends on the records of the day alone,
so neither chunking nor order shows.
"""

import numpy as np
import polars as pl

from cityflow_processor.comptages.hours import day_codes
from cityflow_processor.comptages.lookups import Bools, Ints
from cityflow_processor.comptages.tokens import ATTRIBUTES_SCHEMA, Tokens


def describe(tokens: Tokens, rows: Ints, arc: Ints, hours: Ints) -> tuple[Ints, pl.DataFrame]:
    """Place of each row's attributes (−1 unless of a latest hour), and the distinct ones.

    `rows` are the places of the good rows among the tokens; `arc` and `hours` are theirs.
    """
    places = np.full(rows.size, -1, dtype=np.int64)
    if not rows.size:
        return places, ATTRIBUTES_SCHEMA.to_frame()
    latest = np.flatnonzero(_is_latest(arc, hours))
    places[latest], distinct = tokens.attributes(rows[latest])
    return places, distinct


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
