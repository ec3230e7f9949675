"""`make bench`: `cityflow-processor backfill` beside hand-written pandas and Polars scripts.

The rivals only sum the flow of each arc and day. CityFlow also checks every field, resolves
duplicates, keeps rejects, measures and publishes. Rounds are interleaved, files in the page cache;
memory is looked at in a round of its own.
Then a backfill of 395 days with every metric: its total, and whether the last days cost more.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.memory import Ran, run
from benchmarks.stages import stages
from benchmarks.year import year

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
WARM_BYTES = 16 << 20


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-gb", type=float, default=2.0, help="size of the large file")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    parser.add_argument("--quick", action="store_true", help="0.5 GB, 3 rounds, no year")
    parser.add_argument("--only", choices=("rivals", "year"), help="one of the two parts")
    options = parser.parse_args()
    size, rounds = (0.5, 3) if options.quick else (options.size_gb, options.rounds)
    if options.only != "year":
        with tempfile.TemporaryDirectory(prefix="cityflow-bench-") as folder:
            _bench(Path(folder), size, rounds)
    if options.only == "year" or not (options.only or options.quick):
        with tempfile.TemporaryDirectory(prefix="cityflow-bench-") as folder:
            for line in year(Path(folder)):
                print(line, flush=True)


def _bench(folder: Path, size_gb: float, rounds: int) -> None:
    csv = _generate(folder / "paris", size_gb)
    megabytes = csv.stat().st_size / 1e6
    print(
        f"\n{megabytes:,.0f} MB of synthetic road counts, {os.cpu_count()} cores, {rounds} rounds"
    )
    output = folder / "output"
    ingested = run([str(BIN / "cityflow-ingest"), "files", str(csv)], _env(output))
    print(f"cityflow-ingest files: {megabytes / ingested.seconds:,.0f} MB/s")
    timed = []
    for number in range(1, rounds + 1):
        timed.append(_round(csv, output, watched=False))
        shown = "  ".join(f"{name} {ran.seconds:.2f} s" for name, ran in timed[-1].items())
        print(f"round {number}: {shown}", flush=True)
    held = _round(csv, output, watched=True)
    _print_results(timed, held, megabytes)
    _print_stages(stages(csv, output))
    _print_growth(folder, size_gb, held["cityflow"])


def _round(csv: Path, output: Path, *, watched: bool) -> dict[str, Ran]:
    """Each of them once; `watched`: for its memory, else for its time."""
    _warm(csv)
    ran = {"cityflow": _backfill(output, watched=watched)}
    for rival in ("pandas", "polars"):
        script = str(HERE / f"rival_{rival}.py")
        ran[rival] = run([sys.executable, script, str(csv)], watched=watched)
    return ran


def _generate(folder: Path, size_gb: float) -> Path:
    command = [str(BIN / "cityflow-simulator"), "generate", str(folder), "--size-gb", str(size_gb)]
    run(command)
    return folder / "comptages.csv"


def _env(output: Path) -> dict[str, str]:
    return os.environ | {"OUTPUT_DIR": str(output)}


def _warm(csv: Path) -> None:
    with csv.open("rb") as stream:
        while stream.read(WARM_BYTES):
            pass


def _backfill(output: Path, *, watched: bool) -> Ran:
    """From raw to published, from nothing but the raw zone.

    What the last round made is put aside: a file system is slow to give out again what was just
    deleted, which a first run never meets. And it is on the disk, so this round waits for its own.
    """
    aside = Path(tempfile.mkdtemp(dir=output.parent, prefix="made-"))
    for path in output.iterdir():
        if path.name != "raw":
            path.rename(aside / path.name)
    os.sync()
    command = [str(BIN / "cityflow-processor"), "backfill", "--dataset", "comptages"]
    return run(command, _env(output), watched=watched)


def _print_results(timed: list[dict[str, Ran]], held: dict[str, Ran], megabytes: float) -> None:
    print(f"\n{'':10} {'median s':>9} {'MB/s':>7} {'peak MiB':>9}  time ÷ CityFlow's")
    for name, watched in held.items():
        median = statistics.median(ran[name].seconds for ran in timed)
        ratio = statistics.median(ran[name].seconds / ran["cityflow"].seconds for ran in timed)
        speed, peak = megabytes / median, watched.peak_mib
        print(f"{name:10} {median:9.2f} {speed:7.0f} {peak:9.0f}  {ratio:.2f}")


def _print_stages(rows: list[tuple[str, float]]) -> None:
    print("\nCityFlow's stages, each alone, seconds per 100 MB")
    for name, seconds in rows:
        print(f"  {name:45} {seconds:7.3f}")


def _print_growth(folder: Path, size_gb: float, large: Ran) -> None:
    small = folder / "small"
    csv = _generate(small / "paris", size_gb / 4)
    run([str(BIN / "cityflow-ingest"), "files", str(csv)], _env(small / "output"))
    peak = _backfill(small / "output", watched=True).peak_mib
    print(
        f"\npeak memory: {peak:.0f} MiB at {size_gb / 4:g} GB, "
        f"{large.peak_mib:.0f} MiB at {size_gb:g} GB"
    )


if __name__ == "__main__":
    main()
