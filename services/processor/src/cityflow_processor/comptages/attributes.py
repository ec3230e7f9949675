"""What is published of an arc beside its counts: taken with its latest hour of each day.

Only the rows of that hour are read for it. The choice depends on the records of the day alone,
so neither chunking nor order shows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cityflow_processor.comptages.hours import day_codes
from cityflow_processor.comptages.lookups import Bools, Ints

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Described:
    """Distinct attributes of a block, by key: equal keys stand for equal attributes.

    `texts` holds those that no block of the file is known to have kept, a row for each place in
    `fresh`.
    """

    keys: Keys
    fresh: Ints
    texts: pl.DataFrame


def latest_of_day(arc: Ints, hours: Ints) -> Ints:
    """Rows of the latest hour of their arc and day; there must be one row."""
    return np.flatnonzero(_is_latest(arc, hours))


def _is_latest(arc: Ints, hours: Ints) -> Bools:
    """Whether a row is of the latest hour of its arc and day."""
    days = day_codes(hours)
    day = days - days.min()
    group = arc * (int(day.max()) + 1) + day
    if int(group.max()) > 4 * group.size + 1_000_000:
        _, group = np.unique(group, return_inverse=True)
    latest = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(latest, group, hours)
    is_latest: Bools = latest[group] == hours
    return is_latest
