"""`make bench-science`: what the detectors find of what a synthetic Paris was given, seed by seed.

Truth is what the simulator injected and what it published; a fault counts for a class if it is as
long as the documented threshold asks. What is shorter, just as long, or longer stands apart.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.memory import run
from benchmarks.science_bikes import KINDS, BikeScore, score_bikes
from benchmarks.science_health import FAULTS, HealthScore, score_health
from cityflow.contracts import Pointer
from cityflow.settings import Settings
from cityflow.storage import Editions, layout, open_store

BIN = Path(sys.executable).parent
FILES = ("comptages.csv", "referentiel.csv", "arrondissements.geojson", "bikes.csv",
         "bike_counters.csv")  # fmt: skip
LEARNING_DAYS: Final = 14
"""Days that later ones are measured against; they are not scored."""


def main() -> None:
    """Score every seed and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="cities")
    parser.add_argument("--arcs", type=int, default=600, help="arcs of each")
    parser.add_argument("--days", type=int, default=42, help="days of each")
    parser.add_argument("--real", type=Path, help="folder of real files: the share flagged in them")
    options = parser.parse_args()
    health, bikes = [], []
    for seed in range(1, options.seeds + 1):
        with tempfile.TemporaryDirectory(prefix="cityflow-science-") as name:
            folder = Path(name)
            truth = _city(folder, seed, options.arcs, options.days)
            tables = Tables(folder / "output")
            health.append(score_health(truth, *tables.roads()))
            bikes.append(score_bikes(truth["bikes"], tables.of("bikes", "counters"), LEARNING_DAYS))
        print(f"seed {seed}: health accuracy {health[-1].accuracy:.4f}", flush=True)
    _print_health(health)
    _print_bikes(bikes)
    if options.real:
        _print_real(options.real)


class Tables:
    """Published tables of a local store."""

    def __init__(self, output: Path) -> None:
        self._settings = Settings.load(_env(output))

    def of(self, dataset: str, table: str) -> dict[date, pl.DataFrame]:
        """A table of each published day that has data."""
        with open_store(self._settings) as store:
            return {
                pointer.day: pl.read_parquet(store.objects.read(_key(pointer, table)))
                for pointer in Editions(store).pointers(dataset)
                if pointer.status == "published"
            }

    def roads(self) -> tuple[dict[date, pl.DataFrame], dict[date, pl.DataFrame]]:
        """The hours of the arcs and their health."""
        return self.of("comptages", "arc_hours"), self.of("roads_analysis", "health")


def _key(pointer: Pointer, table: str) -> str:
    return layout.table(pointer.dataset, pointer.day, pointer.edition, table)


def _city(folder: Path, seed: int, arcs: int, days: int) -> dict[str, Any]:
    """Generate a city, process it by the commands; returns its truth."""
    paris = folder / "paris"
    size = ("--arcs", str(arcs), "--days", str(days), "--seed", str(seed))
    run([str(BIN / "cityflow-simulator"), "generate", str(paris), *size, "--others"])
    _process(folder / "output", [paris / name for name in FILES], ("roads_analysis", "bikes"))
    truth: dict[str, Any] = json.loads((paris / "truth.json").read_text())
    return truth


def _process(output: Path, files: Iterable[Path], datasets: Sequence[str]) -> None:
    env = _env(output)
    run([str(BIN / "cityflow-ingest"), "files", *map(str, files)], env)
    for dataset in ("comptages", *datasets):
        run([str(BIN / "cityflow-processor"), "backfill", "--dataset", dataset], env)


def _env(output: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_TYPE": "sqlite",
        "OUTPUT_DIR": str(output),
        "CITYFLOW_LOG_LEVEL": "ERROR",
    }


def _print_health(scores: Sequence[HealthScore]) -> None:
    print("\nHealth of loops, arc-days: minimum and median over the seeds\n")
    print(f"{'status':<16}{'arc-days':>9}{'precision':>18}{'recall':>18}{'F1':>18}")
    names = sorted({name for one in scores for name in one.classes})
    for name in names:
        cells = [[one.precision(name) for one in scores], [one.recall(name) for one in scores],
                 [one.f1(name) for one in scores]]  # fmt: skip
        support = sum(one.support(name) for one in scores)
        print(f"{name:<16}{support:>9,}" + "".join(f"{_spread(each):>18}" for each in cells))
    macro = [statistics.fmean(_known(one.f1(name) for name in names)) for one in scores]
    print(f"{'mean of F1':<16}{'':>45}{_spread(macro):>18}")
    print("\nConfusion, all seeds: rows truth, columns found\n")
    confusion = sum((one.confusion for one in scores), Counter[tuple[str, str]]())
    print(f"{'':<16}" + "".join(f"{name[:12]:>13}" for name in names))
    for truth in names:
        print(f"{truth:<16}" + "".join(f"{confusion[truth, name]:>13,}" for name in names))
    print("\nInjected faults found, by length against the threshold\n")
    for kind in FAULTS:
        _print_sizes(kind, [one.sizes for one in scores])


def _print_sizes(kind: str, every: Sequence[Mapping[tuple[str, str], tuple[int, int]]]) -> None:
    shown = []
    for size in ("below", "at", "just above", "above"):
        found = sum(sizes.get((kind, size), (0, 0))[0] for sizes in every)
        of_all = sum(sizes.get((kind, size), (0, 0))[1] for sizes in every)
        shown.append(f"{size} {found} of {of_all}")
    print(f"{kind:<10}" + " · ".join(shown))


def _print_bikes(scores: Sequence[BikeScore]) -> None:
    print("\nBike counters, counter-days: minimum and median over the seeds\n")
    print(f"{'injected':<10}{'as':<18}{'due':>6}{'recall':>18}{'flagged':>9}{'precision':>18}")
    for kind, reason in KINDS.items():
        due = sum(one.due[kind] for one in scores)
        flagged = sum(one.flagged[kind] for one in scores)
        recall = _spread([one.recall(kind) for one in scores])
        precision = _spread([one.precision(kind) for one in scores])
        print(f"{kind:<10}{reason:<18}{due:>6,}{recall:>18}{flagged:>9,}{precision:>18}")


def _print_real(folder: Path) -> None:
    """The share of each status in the real road files, which have no truth."""
    with tempfile.TemporaryDirectory(prefix="cityflow-science-") as name:
        output = Path(name)
        _process(output, sorted((folder / "comptages").glob("*.csv")), ("roads_analysis",))
        found = pl.concat(Tables(output).of("roads_analysis", "health").values())
    print(f"\nReal road files: {found.height:,} arc-days\n")
    for status, count in sorted(Counter(found["status"].to_list()).items()):
        print(f"{status:<16}{count:>9,}{count / found.height:>9.2%}")


def _spread(values: Iterable[float | None]) -> str:
    known = _known(values)
    return f"{min(known):.3f} / {statistics.median(known):.3f}" if known else "–"


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


if __name__ == "__main__":
    main()
