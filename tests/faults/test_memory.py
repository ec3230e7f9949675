"""A backfill takes the same memory however large the file is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MIB, Ended, House

pytestmark = pytest.mark.slow

MOST = 512 * MIB
GROWTH = 1.10
NAMES = ("comptages.csv", "referentiel.csv", "arrondissements.geojson")


def backfilled(gigabytes: float, scratch: Path, generate: Callable[..., Path]) -> Ended:
    """How a backfill of a file of this size ended; the file goes with it."""
    source = generate(f"{gigabytes}GB", size_gb=gigabytes)
    house = House(scratch / f"{gigabytes}GB.house")
    house.folder.mkdir()
    ingest = house.run("cityflow-ingest", "files", *(source / name for name in NAMES))
    assert ingest.code == 0, ingest.err
    assert ingest.peak_rss < MOST / 2
    for path in (*source.iterdir(), source):
        path.unlink() if path.is_file() else path.rmdir()
    ended = house.run("cityflow-processor", "backfill", "--json")
    assert ended.code == 0, ended.err
    assert ended.comptages["editions"]["red"] == 0
    assert ended.comptages["rows_in"] > 2_900_000 * gigabytes
    for path in house.output.glob("raw/comptages/dt=*/*.csv"):
        path.unlink()
    return ended


def test_two_gigabytes_take_no_more_memory_than_half_a_gigabyte(
    scratch: Path, generate: Callable[..., Path]
) -> None:
    small, large = (backfilled(size, scratch, generate) for size in (0.5, 2))
    for name, ended in (("0.5 GB", small), ("2 GB", large)):
        print(
            f"{name}: {ended.peak_rss / MIB:.0f} MiB over all processes, at most "
            f"{ended.high_water / MIB:.0f} MiB in one, {ended.seconds:.1f} s"
        )
        assert ended.peak_rss < MOST
        assert ended.high_water < MOST
    assert large.peak_rss <= GROWTH * small.peak_rss
    assert large.high_water <= GROWTH * small.high_water
