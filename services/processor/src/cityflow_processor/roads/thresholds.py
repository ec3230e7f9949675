"""The thresholds of the road analysis, and speeds that it refers to, from their tables."""

import csv
import re
from functools import cache, partial
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from cityflow_processor.records.limits import limits_of

_NETWORKS: Final[tuple[Literal["inside", "ring"], ...]] = ("inside", "ring")
limits: Final = partial(limits_of, "cityflow_processor.roads")


class Reference(NamedTuple):
    """Reference speed of an arc in km/h, and whether it is on the ring road."""

    speed_kmh: float
    is_ring: bool


class CitySpeed(NamedTuple):
    """Mean speeds that the city measured on a network, over some years."""

    network: Literal["inside", "ring"]
    city_low_kmh: float
    city_high_kmh: float
    city_years: str


@cache
def city_speeds() -> tuple[CitySpeed, CitySpeed]:
    """Inside Paris, then on the ring road, from `city_speeds.csv`."""
    of = {row["network"]: row for row in _rows("city_speeds.csv")}
    inside, ring = (
        CitySpeed(name, float(of[name]["low_kmh"]), float(of[name]["high_kmh"]), of[name]["years"])
        for name in _NETWORKS
    )
    return inside, ring


@cache
def reference_of(label: str | None) -> Reference:
    """The first row of `reference_speeds.csv` whose pattern fits the arc's label."""
    return next(found for pattern, found in _table() if pattern.match(label or ""))


@cache
def _table() -> tuple[tuple[re.Pattern[str], Reference], ...]:
    return tuple(
        (
            re.compile(row["label_pattern"]),
            Reference(float(row["speed_kmh"]), row["is_ring"] == "1"),
        )
        for row in _rows("reference_speeds.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
