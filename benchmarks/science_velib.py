"""Vélib' stations against the truth: which are closed, and which have not reported for an hour."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from cityflow_processor.velib.thresholds import limits
from cityflow_simulator.bikeshare import build_fleet, stock_at
from cityflow_simulator.city import City

Confusion = Counter[tuple[str, str]]


def score_velib(city: City, noon: datetime, stations: pl.DataFrame) -> Confusion:
    """Stations by what they are at noon and by the published status."""
    fleet = build_fleet(city)
    stock = stock_at(fleet, noon)
    late = timedelta(minutes=limits()["stale_minutes"]).total_seconds()
    stale = stock.reported <= stock.reported.max() - late
    given = dict(stations.select("station_code", "status").iter_rows())
    found: Confusion = Counter()
    for at, station in enumerate(fleet.stations):
        closed = not (stock.installed[at] and stock.renting[at])
        is_so = "closed" if closed else "stale" if stale[at] else "live"
        found[is_so, given.get(station.code, "none")] += 1
    return found


def print_velib(scores: Sequence[Confusion]) -> None:
    """Truth and status of all stations."""
    print("\nVélib' stations at noon of the last day: what they are, what they are called\n")
    for (is_so, given), count in sorted(sum(scores, Confusion()).items()):
        print(f"{is_so:<10}{given:<10}{count:>8,}")
