"""Real volumes beside days of similar weather, and beside works that never began, by bound."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from benchmarks.calibration_bounds import tried
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
from cityflow_processor.across.effects import change, windows
from cityflow_processor.across.like import Like, Sky, similar_days
from cityflow_processor.across.thresholds import limits

Volumes = Mapping[date, float]
"""Vehicles a day of one arc, where it has a volume, in order."""
Skies = Mapping[date, Sky]
PACKAGE: Final = "across"
NO_LIMIT: Final = 99.0
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
"""Days since its first one after which most works are looked at here."""


def print_across(tables: Tables) -> None:
    """Both comparisons, of every loop whose real volumes are held."""
    volumes = _volumes(tables)
    _print_like(volumes, _skies(tables))
    _print_works(volumes)


def _skies(tables: Tables) -> Skies:
    """The weather of the days of which the roads are analysed."""
    found, analysed = {}, tables.of("roads_analysis", "arc_days").keys()
    for day, places in tables.of("weather", "places").items():
        known = places.filter(pl.col("temperature_c").is_not_null(), pl.col("hours") > 0)
        if day in analysed and known.height:
            found[day] = Sky(known["category"][0], known["temperature_c"][0])
    return found


def _volumes(tables: Tables) -> Mapping[str, Volumes]:
    """By series: the loop of the archive of 2019 is a series of its own."""
    found: dict[str, dict[date, float]] = {}
    for day, arcs in sorted(tables.of("roads_analysis", "arc_days").items()):
        for arc, volume in arcs.select("arc_id", "adt_veh").drop_nulls().iter_rows():
            series = f"{arc} {day.year if day.year < 2024 else ''}"
            found.setdefault(series.strip(), {})[day] = float(volume)
    return found


def _print_like(volumes: Mapping[str, Volumes], skies: Skies) -> None:
    heading("Days of similar weather")
    held = {day for of_arc in volumes.values() for day in of_arc}
    both = [len(of_arc.keys() & skies.keys()) for of_arc in volumes.values()]
    overlap = len(held & skies.keys())
    print(f"{len(held):,} days have a volume of a loop, {overlap:,} of them weather; "
          f"{sum(both):,} volumes of {sum(map(bool, both))} loops have weather")  # fmt: skip
    for name, bounds in LIKE.items():
        current, rows = limits()[name], []
        for bound in bounds:
            with tried(PACKAGE, **{name: bound}):
                rows.append(_like_row(marked(bound, current), volumes, skies))
        table((name, "silent", *SPREAD), rows)
    _print_worth(volumes, skies)


def _print_worth(volumes: Mapping[str, Volumes], skies: Skies) -> None:
    """What the weather is worth: with a part of it, without it, and on the same volumes."""
    no_kind = {day: replace(sky, category="any") for day, sky in skies.items()}
    nothing = {day: Sky("any", 0.0) for day in skies}
    rows = [
        _like_row("its kind and temperature", volumes, skies),
        _like_row("temperature only", volumes, no_kind),
    ]
    with tried(PACKAGE, like_degrees=NO_LIMIT):
        rows.append(_like_row("its kind only", volumes, skies))
    rows.append(_like_row("none", volumes, nothing))
    table(("weather", "silent", *SPREAD), rows)
    like, plain = (_like_logs(volumes, of) for of in (skies, nothing))
    both = ~np.isnan(like) & ~np.isnan(plain)
    table(
        ("the same volumes", *SPREAD),
        [
            ("against days of similar weather", *spread(like[both])),
            ("against the last days of any", *spread(plain[both])),
        ],
    )


def _like_row(name: str, volumes: Mapping[str, Volumes], skies: Skies) -> Sequence[Cell]:
    found = _like_logs(volumes, skies)
    return name, share(np.isnan(found)), *spread(found)


def _like_logs(volumes: Mapping[str, Volumes], skies: Skies) -> Floats:
    """Log of each volume that has weather over that of its similar days; NaN where silent."""
    found = []
    for of_arc in volumes.values():
        for day in of_arc.keys() & skies.keys():
            like = Like.of(_stack(of_arc, [day])[0], _stack(of_arc, similar_days(day, skies)))
            found.append(float(np.log(like.volume[0] / like.similar[0])))
    return np.array(found)


def _stack(volumes: Volumes, days: Sequence[date]) -> Floats:
    """Days × one arc, NaN where there is no volume."""
    return np.array([volumes.get(day, np.nan) for day in days], dtype=float).reshape(-1, 1)


def _print_works(volumes: Mapping[str, Volumes]) -> None:
    heading("Works that never began: during ÷ before of every possible first day")
    current = {name: limits()[name] for name in ("after_most", "during_least", *BEFORE)}
    rows = []
    for age in AGES:
        with tried(PACKAGE, after_most=max(AGES)):
            rows.append((marked(age, current["after_most"]), *spread(_placebos(volumes, age))))
    table(("after_most: days since", *SPREAD), rows)
    for name, bounds in BEFORE.items():
        rows = []
        for bound in bounds:
            with tried(PACKAGE, **{name: bound}):
                rows.append((marked(bound, current[name]), *spread(_placebos(volumes, AGE))))
        table((f"{name}, {AGE} days since", *SPREAD), rows)
    rows = []
    for least in DURING:
        with tried(PACKAGE, during_least=least):
            logs = _placebos(volumes, least - 1)
        rows.append((marked(least, current["during_least"]), *spread(logs)))
    table(("during_least: at its first day", *SPREAD), rows)


def _placebos(volumes: Mapping[str, Volumes], age: int) -> Floats:
    """Log of during ÷ before so many days after each first day; NaN where silent."""
    found = []
    for of_arc in volumes.values():
        held = [*of_arc]
        for start in held:
            day = start + timedelta(days=age)
            span = windows(day, start, held) if day in of_arc else None
            if span is not None:
                of_work = change(span, partial(_stack, of_arc))
                ratio = of_work.during[0] / of_work.before[0] if of_work.is_known[0] else np.nan
                found.append(float(np.log(ratio)))
    return np.array(found)
