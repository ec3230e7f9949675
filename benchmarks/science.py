"""`make bench-science`: what the detectors find of what a synthetic Paris was given, seed by seed.

Truth is what the simulator injected and what it published; due is what the documented rules ask
for of it. docs/detectors.md defines each figure.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.science_anomalies import AnomalyScore, due_runs
from benchmarks.science_bikes import BikeScore, score_bikes
from benchmarks.science_health import HealthScore, due_statuses, given_of, is_sound, level
from benchmarks.science_real import print_real
from benchmarks.science_report import print_anomalies, print_bikes, print_health
from benchmarks.science_roads import History, road_day
from benchmarks.science_store import Tables, city
from benchmarks.science_velib import Confusion, print_velib, score_velib
from cityflow.calendar import PARIS
from cityflow_simulator.city import build_city

LEARNING_DAYS: Final = 42
"""Days that later ones are measured against; they are not scored."""


@dataclass
class Scores:
    """All scores of a seed."""

    bikes: BikeScore
    velib: Confusion
    health: HealthScore = field(default_factory=HealthScore)
    anomalies: AnomalyScore = field(default_factory=AnomalyScore)


def main() -> None:
    """Score every seed and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="cities")
    parser.add_argument("--first", type=int, default=1, help="seed of the first of them")
    parser.add_argument("--arcs", type=int, default=600, help="arcs of each")
    parser.add_argument("--days", type=int, default=84, help="days of each, the first 42 unscored")
    parser.add_argument("--real", type=Path, help="folder of real files: the share flagged in them")
    options = parser.parse_args()
    scores: dict[int, Scores] = {}
    for seed in range(options.first, options.first + options.seeds):
        print(f"seed {seed}, {len(scores) + 1} of {options.seeds} ...", end=" ", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cityflow-science-") as name:
            truth = city(Path(name), seed, options.arcs, options.days)
            scores[seed] = scored(truth, Tables(Path(name) / "output"))
        print(f"{time.monotonic() - started:.0f} s", flush=True)
    print_health([one.health for one in scores.values()])
    print_anomalies({seed: one.anomalies for seed, one in scores.items()})
    print_bikes([one.bikes for one in scores.values()])
    print_velib([one.velib for one in scores.values()])
    if options.real:
        print_real(options.real)


def scored(truth: Mapping[str, Any], tables: Tables) -> Scores:
    """The scores of a city that is processed."""
    counters, counts = (tables.of("bikes", name) for name in ("counters", "counter_hours"))
    scores = Scores(
        score_bikes(truth["bikes"], counters, counts, LEARNING_DAYS), _velib(truth, tables)
    )
    arcs, hours = tables.of("comptages", "arcs"), tables.of("comptages", "arc_hours")
    health, episodes = (tables.of("roads_analysis", name) for name in ("health", "anomalies"))
    history, levels, first = History(), {}, min(date.fromisoformat(day) for day in truth["days"])
    month = None
    for day in sorted(health):
        today = road_day(day, truth["days"][str(day)], arcs[day], hours[day])
        if month != day.replace(day=1):
            month = day.replace(day=1)
            names = sorted(set().union(*(held[0] for held in history.days.values())))
            levels = {arc: level(flows) for arc, flows in history.levels(month, names)}
        usual = history.usual(today)
        due = due_statuses(today, usual.flow, levels)
        sound = is_sound(due)
        runs = due_runs(today, usual, sound)
        if (day - first).days >= LEARNING_DAYS:
            scores.health.note(today, due, given_of(health[day]))
            scores.anomalies.note(today, runs, episodes[day], usual.moved)
        usable = sound & ~today.out_of_order.any(axis=1)
        usable[[run[0] for run in runs]] = False
        history.note(today, sound, usable)
    return scores


def _velib(truth: Mapping[str, Any], tables: Tables) -> Confusion:
    told = truth["arguments"]
    noon = datetime.combine(date.fromisoformat(told["end"]), datetime.min.time(), PARIS)
    stations = tables.of("velib", "stations")
    last = stations[max(stations)]
    return score_velib(build_city(told["seed"], told["arcs"]), noon.replace(hour=12), last)


if __name__ == "__main__":
    main()
