"""Datasets from a folder of published files: each file is told by its columns.

CSV files are read a batch at a time whenever they are asked for, so their size does not matter;
JSON and GeoJSON files are held. Several files of one dataset follow one another by name.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from cityflow.errors import BadArguments
from cityflow_simulator.published.catalogue import KNOWN
from cityflow_simulator.published.dataset import About, Dataset, Slice
from cityflow_simulator.published.fields import Field
from cityflow_simulator.published.reading import (
    columns_of,
    features_frame,
    records_frame,
    typed,
)

BATCH = 20_000
FEWEST_COLUMNS = 3
DISRUPTIONS = "disruptions"
GBFS = {"num_bikes_available": "station_status", "capacity": "station_information"}


@dataclass(frozen=True)
class CsvFile:
    """A CSV file of a dataset."""

    path: Path
    fields: tuple[Field, ...]
    separator: str

    def frames(self) -> Iterator[pl.DataFrame]:
        """Its records, a batch at a time."""
        texts = pl.scan_csv(self.path, separator=self.separator, infer_schema=False)
        for batch in texts.collect_batches(chunk_size=BATCH, maintain_order=True):
            yield typed(self.fields, batch)


@dataclass(frozen=True)
class HeldFile:
    """A JSON file of a dataset, read."""

    path: Path
    records: pl.DataFrame

    def frames(self) -> Iterator[pl.DataFrame]:
        """Its records at once."""
        yield self.records


class FileTable:
    """A dataset whose records stand in files; the time does not matter."""

    def __init__(self, about: About, files: Sequence[CsvFile | HeldFile]) -> None:
        self.about = about
        self._files = files

    def slices(self, now: datetime) -> Iterator[Slice]:
        """All records, a batch at a time, each read once."""
        for file in self._files:
            for frame in file.frames():
                yield Slice(len(frame), partial(_itself, frame))

    def processed(self, now: datetime) -> datetime:
        """When the newest of the files was written."""
        newest = max(file.path.stat().st_mtime for file in self._files)
        return min(now, datetime.fromtimestamp(int(newest), UTC))


def _itself(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


@dataclass(frozen=True)
class Folder:
    """What a folder holds: datasets, saved answers by name, and files that are neither."""

    datasets: dict[str, Dataset]
    answers: dict[str, bytes]
    left_out: list[Path]


def read_folder(folder: Path) -> Folder:
    """Everything in a folder and those below it. Raises BadArguments if nothing is known."""
    found: dict[str, list[CsvFile | HeldFile]] = {}
    answers: dict[str, bytes] = {}
    left_out: list[Path] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        named = _recognised(path)
        if named is not None:
            found.setdefault(named[0], []).append(named[1])
        elif (name := _answer_name(path)) is not None:
            answers[name] = path.read_bytes()
        else:
            left_out.append(path)
    if not found and not answers:
        raise BadArguments(f"{folder}: holds no file of a known dataset; name a folder that does")
    datasets: dict[str, Dataset] = {
        dataset_id: FileTable(_about(dataset_id), files) for dataset_id, files in found.items()
    }
    return Folder(datasets, answers, left_out)


def _recognised(path: Path) -> tuple[str, CsvFile | HeldFile] | None:
    match path.suffix.lower():
        case ".csv":
            return _csv(path)
        case ".json":
            return _records(path, _loaded(path))
        case ".geojson":
            document = _loaded(path)
            features = document.get("features") if isinstance(document, dict) else None
            return _features(path, {"features": features}) if features else None
    return None


def _csv(path: Path) -> tuple[str, CsvFile] | None:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.readline().rstrip("\r\n")
    separator = ";" if ";" in head else ","
    dataset_id = _dataset_of(name.strip('"') for name in head.split(separator))
    if dataset_id is None:
        return None
    file_of = CsvFile(path, KNOWN[dataset_id], separator)
    try:
        next(file_of.frames(), None)
    except (BadArguments, pl.exceptions.PolarsError):
        return None  # the columns of a dataset with other values: an archive, a copy edited by hand
    return dataset_id, file_of


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def _records(path: Path, document: Any) -> tuple[str, HeldFile] | None:
    if not (isinstance(document, list) and document and isinstance(document[0], dict)):
        return None
    dataset_id = _dataset_of(document[0])
    if dataset_id is None:
        return None
    return dataset_id, HeldFile(path, records_frame(KNOWN[dataset_id], document))


def _features(path: Path, document: Mapping[str, Any]) -> tuple[str, HeldFile] | None:
    dataset_id = _dataset_of(document["features"][0].get("properties", {}))
    if dataset_id is None:
        return None
    return dataset_id, HeldFile(path, features_frame(KNOWN[dataset_id], document))


def _dataset_of(names: Iterable[str]) -> str | None:
    """The dataset all of whose columns these may be, with the fewest columns besides."""
    header = list(names)
    fitting = [
        (len(fields), dataset_id)
        for dataset_id, fields in KNOWN.items()
        if len(header) >= FEWEST_COLUMNS and len(columns_of(fields, header)) == len(header)
    ]
    return min(fitting)[1] if fitting else None


def _answer_name(path: Path) -> str | None:
    """The name of a whole answer that was saved: a bike-share feed, or the disruptions."""
    document = _loaded(path) if path.suffix.lower() == ".json" else None
    if not isinstance(document, dict):
        return None
    if {"disruptions", "lines", "lastUpdatedDate"} <= set(document):
        return DISRUPTIONS
    data = document.get("data")
    stations = data.get("stations") if isinstance(data, dict) else None
    if not (isinstance(stations, list) and stations and isinstance(stations[0], dict)):
        return None
    return next((name for key, name in GBFS.items() if key in stations[0]), None)


def _about(dataset_id: str) -> About:
    return About(dataset_id, dataset_id, KNOWN[dataset_id], publisher="files", synthetic=False)
