"""The thresholds of the road analysis, and the reference speed of each arc, from their tables."""

import csv
import re
from functools import cache, partial
from importlib.resources import files
from typing import Final, NamedTuple

from cityflow_processor.records.limits import limits_of

limits: Final = partial(limits_of, "cityflow_processor.roads")


class Reference(NamedTuple):
    """Reference speed of an arc in km/h, and whether it is on the ring road."""

    speed_kmh: float
    is_ring: bool


@cache
def reference_of(label: str | None) -> Reference:
    """The first row of `reference_speeds.csv` whose pattern fits the arc's label."""
    return next(found for pattern, found in _table() if pattern.match(label or ""))


@cache
def _table() -> tuple[tuple[re.Pattern[str], Reference], ...]:
    text = files(__package__).joinpath("reference_speeds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        (
            re.compile(row["label_pattern"]),
            Reference(float(row["speed_kmh"]), row["is_ring"] == "1"),
        )
        for row in rows
    )
