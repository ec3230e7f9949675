"""Cities made and processed by the commands, and the tables that they publish."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.memory import run
from cityflow.contracts import Pointer
from cityflow.settings import Settings
from cityflow.storage import Editions, layout, open_store

BIN = Path(sys.executable).parent
FILES = ("comptages.csv", "referentiel.csv", "arrondissements.geojson", "bikes.csv",
         "bike_counters.csv", "velib.csv")  # fmt: skip
DATASETS = ("comptages", "roads_analysis", "bikes", "velib")


class Tables:
    """Published tables of a local store."""

    def __init__(self, output: Path) -> None:
        self._settings = Settings.load(_env(output))

    def of(self, dataset: str, table: str) -> dict[date, pl.DataFrame]:
        """A table of each published day that has data; `clean` too."""
        with open_store(self._settings) as store:
            return {
                pointer.day: pl.read_parquet(store.objects.read(_key(pointer, table)))
                for pointer in Editions(store).pointers(dataset)
                if pointer.status == "published"
            }


def _key(pointer: Pointer, table: str) -> str:
    if table == "clean":
        return layout.clean(pointer.dataset, pointer.day, pointer.edition)
    return layout.table(pointer.dataset, pointer.day, pointer.edition, table)


def city(folder: Path, seed: int, arcs: int, days: int) -> dict[str, Any]:
    """Generate a city, process it by the commands; returns its truth."""
    paris = folder / "paris"
    size = ("--arcs", str(arcs), "--days", str(days), "--seed", str(seed))
    run([str(BIN / "cityflow-simulator"), "generate", str(paris), *size, "--others"])
    process(folder / "output", [paris / name for name in FILES], DATASETS)
    truth: dict[str, Any] = json.loads((paris / "truth.json").read_text())
    return truth


def process(output: Path, files: Iterable[Path], datasets: Sequence[str]) -> None:
    """Take files in, and process them as these datasets."""
    env = _env(output)
    run([str(BIN / "cityflow-ingest"), "files", *map(str, files)], env)
    for dataset in datasets:
        run([str(BIN / "cityflow-processor"), "backfill", "--dataset", dataset], env)


def _env(output: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_TYPE": "sqlite",
        "OUTPUT_DIR": str(output),
        "CITYFLOW_LOG_LEVEL": "ERROR",
    }
