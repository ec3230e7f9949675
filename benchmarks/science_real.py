"""The share flagged in real files, which have no truth."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.science_bikes import KINDS
from benchmarks.science_store import Tables, process
from cityflow.calendar import PARIS
from cityflow.contracts.roads import HEALTH
from cityflow_processor.roads.typical import BANDS

_COLUMNS: Final = {
    "Identifiant du compteur": "counter_id",
    "Nom du compteur": "counter_name",
    "Identifiant du site de comptage": "site_id",
    "Nom du site de comptage": "site_name",
    "Comptage horaire": "bike_count",
    "Date et heure de comptage": "date",
    "Date d'installation du site de comptage": "counter_installation_date",
    "Lien vers photo du site de comptage": None,
    "Coordonnées géographiques": "place",
    "Identifiant technique compteur": "counter_technical_id",
    "ID Photos": None,
    "test_lien_vers_photos_du_site_de_comptage_": None,
    "id_photo_1": None,
    "url_sites": None,
    "type_dimage": None,
    "mois_annee_comptage": None,
}
"""Columns of the published export, and what the saved hourly counts call them."""


def print_real(folder: Path) -> None:
    """Statuses, bands and anomalies of the real road files; findings of the real bike counts."""
    with tempfile.TemporaryDirectory(prefix="cityflow-science-") as name:
        _print_roads(folder, Path(name))
    with tempfile.TemporaryDirectory(prefix="cityflow-science-") as name:
        _print_bikes(folder, Path(name))


def _print_roads(folder: Path, output: Path) -> None:
    files = sorted((folder / "comptages").glob("*.csv"))
    process(output, files, ("comptages", "roads_analysis"))
    tables = Tables(output)
    health, hours, episodes = (
        pl.concat(tables.of("roads_analysis", one).values())
        for one in ("health", "hours", "anomalies")
    )
    print(f"\nReal road files: {health.height:,} arc-days\n")
    _print_shares(HEALTH, [health.filter(status=one).height for one in HEALTH], health.height)
    bands = hours["band"].cast(pl.String).drop_nulls()
    print(f"\n{bands.len():,} arc-hours with a typical flow, {episodes.height:,} anomalies\n")
    counts = [int((bands == band).sum()) for band in BANDS]
    _print_shares(("anomaly", *BANDS), [int(hours["is_anomaly"].sum()), *counts], bands.len())


def _print_bikes(folder: Path, output: Path) -> None:
    (saved,) = (folder / "bikes").glob("*hourly-counts*.parquet")
    file = output / "bikes.csv"
    published_form(pl.read_parquet(saved)).write_csv(file, separator=";")
    process(output / "store", [file], ("bikes",))
    days = pl.concat(Tables(output / "store").of("bikes", "counters").values())
    print(f"\nReal bike counts: {days.height:,} counter-days\n")
    reasons = days["reasons"].str.split("; ")
    names = (*KINDS.values(), "partial", "silent", "no_rows")
    _print_shares(names, [int(reasons.list.contains(one).sum()) for one in names], days.height)


def published_form(saved: pl.DataFrame) -> pl.DataFrame:
    """Saved hourly counts, in naive UTC, as the portal exports them."""
    local = pl.col("date").dt.replace_time_zone("UTC").dt.convert_time_zone(PARIS.key)
    frame = saved.with_columns(
        local.dt.strftime("%Y-%m-%dT%H:%M:%S%:z").alias("date"),
        pl.col("counter_installation_date").dt.strftime("%Y-%m-%d"),
        pl.concat_str("latitude", "longitude", separator=",").alias("place"),
    )
    nothing = pl.lit(None, pl.String)
    return frame.select(
        (pl.col(name) if name else nothing).alias(column) for column, name in _COLUMNS.items()
    )


def _print_shares(names: Iterable[str], counts: Sequence[int], whole: int) -> None:
    for name, count in zip(names, counts, strict=True):
        print(f"{name:<18}{count:>9,}{count / whole:>9.2%}")
