"""The table of a raw reference file, read once and kept under its edition."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.calendar import paris_day
from cityflow.errors import FileRefused, ObjectNotFound
from cityflow.packed import opened_first
from cityflow.storage import RawEntry, RawZone, Store, layout
from cityflow.storage.canonical import digest, dumps, loads
from cityflow_processor.records.districts import Districts
from cityflow_processor.reference.in_force import Version
from cityflow_processor.reference.loops import read_loops
from cityflow_processor.reference.zones import read_zones, zones
from cityflow_processor.tables import keep, read_frame

MAX_BYTES: Final = 256 << 20
LINES: Final = "referentiel"
POLYGONS: Final = "arrondissements"
_READER: Final[Mapping[str, str]] = {LINES: "r4", POLYGONS: "r3"}
_EDITION_DIGITS: Final = 20


def kept_table(
    store: Store,
    dataset: str,
    entry: RawEntry,
    polygons: Version | None,
    only: Collection[str] | None = None,
) -> tuple[str, str] | None:
    """Edition of a raw file and the key of its table; None of an edition that is not in `only`.

    Loop geometry lies by the polygons; its edition is then of both. Polygons lie by nothing.
    Raises SourceError.
    """
    known = layout.split_manifest(dataset, entry.meta.sha256, _reader(dataset, polygons))
    if (held := _held(store, known)) is not None:
        return held if only is None or held[0] in only else None
    try:
        data = _content(store, entry)
        edition, frame = _read(store, dataset, data, entry.key, polygons)
    except ValueError as error:
        raise FileRefused(entry.key, str(error), f"the published {dataset}") from error
    if only is not None and edition not in only:
        return None
    key = layout.clean(dataset, paris_day(entry.meta.receipts[0].received_at), edition)
    keep(store.objects, key, frame)
    note = {"key": key, "bytes": store.objects.size(key)}
    store.objects.put(known, dumps(note).encode(), durable=False)
    return edition, key


def load(store: Store, version: Version) -> pl.DataFrame:
    """The table of a version."""
    return read_frame(store.objects.read(version.key))


def districts(store: Store, version: Version | None) -> Districts:
    """The polygons of a version; of none every place is `unknown`."""
    if version is None:
        return Districts()
    credit = attribution_for(POLYGONS, version.synthetic)
    return Districts(version.edition, tuple(zones(load(store, version))), (credit,))


def _reader(dataset: str, polygons: Version | None) -> str:
    reader = _READER[dataset]
    return f"{reader}-{polygons.edition}" if polygons else reader


def _read(
    store: Store, dataset: str, data: bytes, name: str, polygons: Version | None
) -> tuple[str, pl.DataFrame]:
    if dataset == POLYGONS:
        frame = read_zones(data, name)
        facts: dict[str, Any] = frame.to_dict(as_series=False)
    else:
        frame = read_loops(data, name, districts(store, polygons))
        facts = {
            "arcs": frame.to_dict(as_series=False),
            "polygons": polygons.edition if polygons else None,
        }
    return digest(dumps(facts))[:_EDITION_DIGITS], frame


def _held(store: Store, known: str) -> tuple[str, str] | None:
    """Edition and key that were noted of a raw file, if its table is there in full."""
    try:
        note = loads(store.objects.read(known))
        key, size = str(note["key"]), note["bytes"]
        whole = store.objects.size(key) == size
    except (ObjectNotFound, ValueError, KeyError):
        return None
    return (PurePosixPath(key).stem, key) if whole else None


def _content(store: Store, entry: RawEntry) -> bytes:
    with (
        RawZone(store).open(entry.key) as stream,
        opened_first(stream, entry.meta.packing, name=entry.key) as reader,
    ):
        data = reader.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FileRefused(entry.key, f"over {MAX_BYTES:,} bytes", "a reference dataset")
    return data
