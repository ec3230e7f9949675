"""The counts take the same memory however large the file is; their analysis a bounded one.

The analysis looks back at a year at most, so it grows until it is there.
"""

import shutil
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import pytest
from harness import MIB, Ended, House

pytestmark = pytest.mark.slow

MOST = 512 * MIB
GROWTH = 1.10
ROWS_PER_GB = {"csv": 2_900_000, "json": 1_000_000}
# So few that the small file holds several days too: two are processed at a time.
ARCS = {"csv": 3_000, "json": 150}


def archived(gigabytes: float, media: str, scratch: Path, generate: Callable[..., Path]) -> House:
    """A house that has only archived a file of this size; the file itself is gone."""
    source = generate(f"{gigabytes}GB.{media}", size_gb=gigabytes, format=media, arcs=ARCS[media])
    names = (f"comptages.{media}", "referentiel.csv", "arrondissements.geojson")
    house = House(scratch / f"{gigabytes}GB.{media}.house")
    house.folder.mkdir()
    ingest = house.run("cityflow-ingest", "files", *(source / name for name in names))
    assert ingest.code == 0, ingest.err
    assert ingest.peak_rss < MOST / 2
    shutil.rmtree(source)
    return house


def backfilled(house: House, least_rows: float) -> Ended:
    """How a backfill of the raw zone alone ended."""
    for path in house.output.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != "raw":
            shutil.rmtree(path)
    ended = house.run("cityflow-processor", "backfill", "--dataset", "comptages", "--json")
    assert ended.code == 0, ended.err
    print(
        f"{house.folder.name}: {ended.peak_rss / MIB:.0f} MiB over all processes, at most "
        f"{ended.high_water / MIB:.0f} MiB in one, {ended.seconds:.1f} s"
    )
    assert ended.peak_rss < MOST
    assert ended.high_water < MOST
    assert ended.comptages["editions"]["red"] == 0
    assert ended.comptages["rows_in"] > least_rows
    return ended


def takes_no_more(large: list[Ended], small: list[Ended]) -> bool:
    """Whether the lowest peaks of the large file are at most a tenth over those of the small."""
    peaks = (attrgetter("peak_rss"), attrgetter("high_water"))
    return all(min(map(peak, large)) <= GROWTH * min(map(peak, small)) for peak in peaks)


@pytest.mark.parametrize(("media", "sizes"), [("csv", (0.5, 2.0)), ("json", (0.01, 0.04))])
def test_four_times_the_file_takes_no_more_memory(
    media: str, sizes: tuple[float, float], scratch: Path, generate: Callable[..., Path]
) -> None:
    few, many = (ROWS_PER_GB[media] * size for size in sizes)
    house = archived(sizes[0], media, scratch, generate)
    # The allocators of two runs of one file differ by some MiB: what each needs is the lower one.
    small = [backfilled(house, few) for _ in range(2)]
    shutil.rmtree(house.folder)
    house = archived(sizes[1], media, scratch, generate)
    large = [backfilled(house, many)]
    if not takes_no_more(large, small):
        large.append(backfilled(house, many))
    assert takes_no_more(large, small)
    with_analysis = house.run("cityflow-processor", "backfill")
    shutil.rmtree(house.folder)
    assert with_analysis.code == 0, with_analysis.err
    assert with_analysis.peak_rss < MOST
