"""A year and a month of a whole city, every metric: does a day cost the same at the end?"""

import os
import statistics
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.memory import run
from cityflow.settings import Settings
from cityflow.storage import Runs, open_store

BIN = Path(sys.executable).parent
DAYS = 395
EARLY = slice(90, 120)  # the 91st to the 120th day
LATE = slice(-30, None)


def year(folder: Path, arcs: int = 3000, days: int = DAYS) -> Iterator[str]:
    """Lines of what a backfill of so many days takes, as they are known."""
    paris, output = folder / "paris", folder / "output"
    size = f"--days={days}", f"--arcs={arcs}"
    run([str(BIN / "cityflow-simulator"), "generate", str(paris), *size])
    env = os.environ | {"OUTPUT_DIR": str(output)}
    counts = paris / "comptages.csv"
    others = paris / "referentiel.csv", paris / "arrondissements.geojson"
    megabytes = counts.stat().st_size / 1e6
    yield f"{days} days of {arcs:,} arcs, {megabytes:,.0f} MB, every metric of the roads"
    run([str(BIN / "cityflow-ingest"), "files", *map(str, (counts, *others))], env)
    counts.unlink()  # the raw zone has its own copy
    ran = run([str(BIN / "cityflow-processor"), "backfill"], env)
    yield f"backfill: {ran.seconds:.1f} s, peak memory {ran.peak_mib:.0f} MiB"
    spent = _seconds_by_day(output)
    for dataset in ("comptages", "roads_analysis"):
        of_days = [spent[key] for key in sorted(spent) if key[0] == dataset]
        early, late = statistics.median(of_days[EARLY]), statistics.median(of_days[LATE])
        yield (
            f"{dataset}: median of days 91–120 {early * 1000:.0f} ms a day, "
            f"of the last 30 {late * 1000:.0f} ms ({late / early:.2f} ×)"
        )


def _seconds_by_day(output: Path) -> dict[tuple[str, date], float]:
    """What the ledger says that each day took, by dataset and day."""
    with open_store(Settings.load({"OUTPUT_DIR": str(output)})) as store:
        return {
            (one.dataset, one.day): (one.ended_at - one.started_at) / timedelta(seconds=1)
            for one in Runs(store).query(date.min, date.max, stage="process")
            if one.ended_at is not None
        }
