"""The counts take the same memory however large the file is; their analysis a bounded one.

The analysis looks back at a year at most, so it grows until it is there.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MIB, Ended, House

pytestmark = pytest.mark.slow

MOST = 512 * MIB
GROWTH = 1.10
ROWS_PER_GB = {"csv": 2_900_000, "json": 1_000_000}
# So few that the small file holds several days too: two are processed at a time.
ARCS = {"csv": 3_000, "json": 300}


def backfilled(
    gigabytes: float, scratch: Path, generate: Callable[..., Path], media: str = "csv"
) -> list[Ended]:
    """How two backfills of a file of this size ended, each from nothing; the file goes with it."""
    source = generate(f"{gigabytes}GB.{media}", size_gb=gigabytes, format=media, arcs=ARCS[media])
    names = (f"comptages.{media}", "referentiel.csv", "arrondissements.geojson")
    house = House(scratch / f"{gigabytes}GB.{media}.house")
    house.folder.mkdir()
    ingest = house.run("cityflow-ingest", "files", *(source / name for name in names))
    assert ingest.code == 0, ingest.err
    assert ingest.peak_rss < MOST / 2
    for path in (*source.iterdir(), source):
        path.unlink() if path.is_file() else path.rmdir()
    done = [_from_nothing(house) for _ in range(2)]
    with_analysis = house.run("cityflow-processor", "backfill")
    assert with_analysis.code == 0, with_analysis.err
    assert with_analysis.peak_rss < MOST
    for ended in done:
        assert ended.comptages["editions"]["red"] == 0
        assert ended.comptages["rows_in"] > ROWS_PER_GB[media] * gigabytes
    for path in house.output.glob(f"raw/comptages/dt=*/*.{media}"):
        path.unlink()
    return done


def _from_nothing(house: House) -> Ended:
    """How a backfill of the raw zone alone ended."""
    for path in house.output.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != "raw":
            shutil.rmtree(path)
    ended = house.run("cityflow-processor", "backfill", "--dataset", "comptages", "--json")
    assert ended.code == 0, ended.err
    return ended


@pytest.mark.parametrize(("media", "sizes"), [("csv", (0.5, 2.0)), ("json", (0.02, 0.08))])
def test_four_times_the_file_takes_no_more_memory(
    media: str, sizes: tuple[float, float], scratch: Path, generate: Callable[..., Path]
) -> None:
    small, large = (backfilled(size, scratch, generate, media) for size in sizes)
    for name, done in zip(sizes, (small, large), strict=True):
        for ended in done:
            print(
                f"{name} GB of {media}: {ended.peak_rss / MIB:.0f} MiB over all processes, at "
                f"most {ended.high_water / MIB:.0f} MiB in one, {ended.seconds:.1f} s"
            )
            assert ended.peak_rss < MOST
            assert ended.high_water < MOST
    # The allocators of two runs of one file differ by some MiB: what each needs is the lower one.
    for peak in (lambda ended: ended.peak_rss, lambda ended: ended.high_water):
        assert min(map(peak, large)) <= GROWTH * min(map(peak, small))
