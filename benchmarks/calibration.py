"""`make calibrate`: what thresholds would make of the real files at other bounds.

Of the rules that are recommendations or CityFlow's own (docs/calibration.md says which and what
follows). The real files have no truth: a table says how often a rule speaks and how steady a
figure is, not whether it is right. The bound in force has an asterisk.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.calibration_across import print_across
from benchmarks.calibration_bikes import print_bikes
from benchmarks.calibration_others import print_others
from benchmarks.calibration_pace import print_pace, print_reliability
from benchmarks.calibration_roads import days_of, print_health
from benchmarks.calibration_typical import print_typical
from benchmarks.calibration_volumes import print_volumes
from benchmarks.calibration_weather import print_weather
from benchmarks.science_real import published_form
from benchmarks.science_store import Tables, process

REAL: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"
PARTS: Final = ("across", "roads", "bikes", "weather", "others")


def main() -> None:
    """Process the real files by the commands, and print the tables of the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to print: all")
    parser.add_argument(
        "--real",
        type=Path,
        default=Path(os.environ.get("TEST_DATA") or REAL),
        help="folder of real files",
    )
    parser.add_argument("--store", type=Path, help="a store that is kept, and used if it exists")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cityflow-calibration-") as name:
        store = options.store or Path(name) / "store"
        if not store.exists():
            _fill(store, options.real)
        _print(options.parts or PARTS, Tables(store), options.real)


def _fill(store: Path, real: Path) -> None:
    files = [
        file
        for pattern in (
            "comptages/*.csv",
            "comptages-historique/*.csv",
            "weather/open-meteo*.csv",
            "weather/*latest*.csv",
        )
        for file in sorted(real.glob(pattern))
    ]
    process(store, files, ("comptages", "roads_analysis", "weather"))
    (saved,) = (real / "bikes").glob("*hourly-counts*.parquet")
    bikes = store / "bikes.csv"
    published_form(pl.read_parquet(saved)).write_csv(bikes, separator=";")
    process(store, [bikes], ("bikes",))


def _print(parts: Sequence[str], tables: Tables, real: Path) -> None:
    if "across" in parts:
        print_across(tables)
    if "roads" in parts:
        held = days_of(tables)
        print_health(held, tables)
        print_pace(held)
        print_reliability(tables)
        print_typical(held, tables)
        print_volumes(held)
    if "bikes" in parts:
        print_bikes(tables)
    if "weather" in parts:
        print_weather(tables)
    if "others" in parts:
        print_others(real)


if __name__ == "__main__":
    main()
