"""Real volumes beside days of similar weather, and beside works that never began, by bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Final

import numpy as np
import polars as pl

from benchmarks.calibration_report import (
    SPREAD,
    Cell,
    Floats,
    heading,
    marked,
    share,
    spread,
    table,
)
from benchmarks.science_store import Tables
from cityflow_processor.across.like import Sky
from cityflow_processor.across.thresholds import limits
from cityflow_processor.records.likeness import kind_of, same_group

Volumes = Mapping[date, float]
"""Vehicles a day of one arc, where it has a volume."""
NO_LIMIT: Final = 99.0


@dataclass(frozen=True)
class Bounds:
    """The thresholds that are tried, one by one."""

    like_days: float = limits()["like_days"]
    like_most: float = limits()["like_most"]
    like_least: float = limits()["like_least"]
    like_degrees: float = limits()["like_degrees"]
    before_days: float = limits()["before_days"]
    before_least: float = limits()["before_least"]
    during_least: float = limits()["during_least"]


IN_FORCE: Final = Bounds()
LIKE: Final = {
    "like_days": (30, 60, 90, 120, 180),
    "like_degrees": (2, 3, 5, 8, NO_LIMIT),
    "like_most": (5, 8, 10, 15, NO_LIMIT),
    "like_least": (3, 5, 7, 10),
}
BEFORE: Final = {"before_days": (14, 21, 28, 42, 56), "before_least": (1, 2, 3, 5)}
AGES: Final = (2, 6, 13, 27, 41, 55, 69, 91, 120, 180)
DURING: Final = (1, 2, 3, 5, 7)
AGE: Final = 27


def print_across(tables: Tables) -> None:
    """Both comparisons, of every loop whose real volumes are held."""
    skies = _skies(tables)
    volumes = _volumes(tables)
    heading("Days of similar weather")
    held = {day for of_arc in volumes.values() for day in of_arc}
    both = [len(of_arc.keys() & skies.keys()) for of_arc in volumes.values()]
    overlap = len(held & skies.keys())
    print(f"{len(held):,} days have a volume of a loop, {overlap:,} of them weather; "
          f"{sum(both):,} volumes of {sum(map(bool, both))} loops have weather")  # fmt: skip
    anything = {day: Sky("any", 0.0) for day in skies}
    for name, bounds in LIKE.items():
        rows = [
            _like_row(
                marked(bound, getattr(IN_FORCE, name)),
                volumes,
                skies,
                replace(IN_FORCE, **{name: bound}),
            )
            for bound in bounds
        ]
        table((name, "silent", *SPREAD), rows)
    table(
        ("weather", "silent", *SPREAD),
        [
            _like_row("its kind and temperature", volumes, skies, IN_FORCE),
            _like_row("temperature only", volumes, _no_kind(skies), IN_FORCE),
            _like_row("its kind only", volumes, skies, replace(IN_FORCE, like_degrees=NO_LIMIT)),
            _like_row("none", volumes, anything, IN_FORCE),
        ],
    )
    _print_same_cases(volumes, skies, anything)
    _print_works(volumes)


def _print_same_cases(
    volumes: Mapping[str, Volumes], skies: Mapping[date, Sky], anything: Mapping[date, Sky]
) -> None:
    """The volumes that have enough days of similar weather, compared with and without it."""
    like, plain = (_like_logs(volumes, of, IN_FORCE) for of in (skies, anything))
    both = ~np.isnan(like) & ~np.isnan(plain)
    table(
        ("the same volumes", *SPREAD),
        [
            ("against days of similar weather", *spread(like[both])),
            ("against the last days of any", *spread(plain[both])),
        ],
    )


def _no_kind(skies: Mapping[date, Sky]) -> dict[date, Sky]:
    return {day: replace(sky, category="any") for day, sky in skies.items()}


def _skies(tables: Tables) -> dict[date, Sky]:
    """The weather of the days of which the roads are analysed."""
    found, analysed = {}, tables.of("roads_analysis", "arc_days").keys()
    for day, places in tables.of("weather", "places").items():
        known = places.filter(pl.col("temperature_c").is_not_null(), pl.col("hours") > 0)
        if day not in analysed:
            continue
        for category, degrees in known.select("category", "temperature_c").head(1).iter_rows():
            found[day] = Sky(category, degrees)
    return found


def _volumes(tables: Tables) -> Mapping[str, Volumes]:
    """By series: the loop of the archive of 2019 is a series of its own."""
    found: dict[str, dict[date, float]] = {}
    for day, arcs in tables.of("roads_analysis", "arc_days").items():
        for arc, volume in arcs.select("arc_id", "adt_veh").drop_nulls().iter_rows():
            series = f"{arc} {day.year if day.year < 2024 else ''}"
            found.setdefault(series.strip(), {})[day] = float(volume)
    return found


def _like_row(
    name: str, volumes: Mapping[str, Volumes], skies: Mapping[date, Sky], bounds: Bounds
) -> Sequence[Cell]:
    found = _like_logs(volumes, skies, bounds)
    return name, share(np.isnan(found)), *spread(found)


def _like_logs(volumes: Mapping[str, Volumes], skies: Mapping[date, Sky], bounds: Bounds) -> Floats:
    """By volume that has weather."""
    logs = [
        _like(day, of_arc, skies, bounds)
        for of_arc in volumes.values()
        for day in sorted(of_arc.keys() & skies.keys())
    ]
    return np.array(logs, dtype=float)


def _like(day: date, volumes: Volumes, skies: Mapping[date, Sky], bounds: Bounds) -> float:
    """Log of a volume over the median of its similar days; NaN if they are too few."""
    own, first = skies[day], day - timedelta(days=bounds.like_days)
    kept = [
        one
        for one in sorted(skies)
        if first <= one < day
        and skies[one].category == own.category
        and abs((skies[one].temperature_c or 0) - (own.temperature_c or 0)) <= bounds.like_degrees
    ]
    days = same_group(day, kept)[-int(bounds.like_most) :]
    usual = [volumes[one] for one in days if one in volumes]
    if len(usual) < bounds.like_least:
        return np.nan
    return float(np.log(volumes[day] / np.median(usual)))


def _print_works(volumes: Mapping[str, Volumes]) -> None:
    heading("Works that never began: during ÷ before of every possible first day")
    ages = {age: _placebos(volumes, age, IN_FORCE) for age in AGES}
    current = int(limits()["after_most"])
    table(
        ("after_most: days since", *SPREAD),
        [(marked(age, current), *spread(logs)) for age, logs in ages.items()],
    )
    for name, bounds in BEFORE.items():
        rows = [
            (
                marked(bound, getattr(IN_FORCE, name)),
                *spread(_placebos(volumes, AGE, replace(IN_FORCE, **{name: bound}))),
            )
            for bound in bounds
        ]
        table((f"{name}, {AGE} days since", *SPREAD), rows)
    rows = [
        (
            marked(least, IN_FORCE.during_least),
            *spread(_placebos(volumes, least - 1, replace(IN_FORCE, during_least=least))),
        )
        for least in DURING
    ]
    table(("during_least: at its first day", *SPREAD), rows)


def _placebos(volumes: Mapping[str, Volumes], age: int, bounds: Bounds) -> Floats:
    return np.array(
        [
            _work(start, start + timedelta(days=age), of_arc, bounds)
            for of_arc in volumes.values()
            for start in sorted(of_arc)
            if start + timedelta(days=age) in of_arc
        ],
        dtype=float,
    )


def _work(start: date, day: date, volumes: Volumes, bounds: Bounds) -> float:
    """Log of during ÷ before, as the methodology weighs them; NaN if it would be silent."""
    length = int(bounds.before_days)
    before = _held(volumes, start - timedelta(days=length), length)
    since = max(start, day - timedelta(days=int(limits()["before_days"]) - 1))
    during = _held(volumes, since, (day - since).days + 1)
    tops, bottoms, days = 0.0, 0.0, 0
    for _, group in groupby(sorted(during, key=_group), key=_group):
        now = [*group]
        then = same_group(now[0], before)
        if len(then) >= bounds.before_least:
            tops += len(now) * float(np.median([volumes[one] for one in now]))
            bottoms += len(now) * float(np.median([volumes[one] for one in then]))
            days += len(now)
    return float(np.log(tops / bottoms)) if days >= bounds.during_least and bottoms else np.nan


def _held(volumes: Volumes, first: date, length: int) -> list[date]:
    days = (first + timedelta(days=n) for n in range(length))
    return [one for one in days if one in volumes]


@cache
def _group(day: date) -> str:
    """The group of the day's type, by its first day of a reference list."""
    return min(str(kind_of(one)) for one in same_group(day, _REFERENCE))


_REFERENCE: Final = [date(2024, 10, 1) + timedelta(days=n) for n in range(365)]
"""A year that has days of every type."""
