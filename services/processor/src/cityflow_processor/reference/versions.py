"""Versions of a reference dataset, dated by receipt: the one in force on a day is known."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.calendar import day_bounds, paris_day
from cityflow.contracts.reference import ReferenceVersion
from cityflow.errors import FileRefused, ObjectNotFound, SourceError
from cityflow.packed import opened_first
from cityflow.storage import Candidate, Editions, RawEntry, RawZone, Store, layout
from cityflow.storage.canonical import digest, dumps, loads
from cityflow_processor.reference.loops import read_loops
from cityflow_processor.reference.zones import read_zones
from cityflow_processor.tables import keep, read_frame

MAX_BYTES: Final = 256 << 20
_RUN_ID: Final = "reference"
_READER: Final = "r3"
READERS: Final[dict[str, Callable[[bytes, str], pl.DataFrame]]] = {
    "referentiel": read_loops,
    "arrondissements": read_zones,
}


@dataclass(frozen=True)
class Version:
    """One version of a reference dataset and one receipt of it, by which versions are ordered."""

    received_at: datetime
    position: int
    sha256: str
    edition: str
    key: str
    synthetic: bool


@dataclass(frozen=True)
class References:
    """All versions of a reference dataset, by receipt, and what could not be read."""

    versions: tuple[Version, ...]
    unreadable: tuple[str, ...]

    def in_force(self, day: date) -> Version | None:
        """The latest version received by the end of the day, else the earliest held."""
        end = day_bounds(day)[1]
        received = [version for version in self.versions if version.received_at <= end]
        if received:
            return received[-1]
        return self.versions[0] if self.versions else None


def references(store: Store, dataset: str) -> References:
    """Publish every held version of a reference dataset, and list them."""
    held = held_versions(store, dataset)
    for version in _last_of_each_day(held.versions):
        _publish(store, dataset, version)
    return held


def give_back(store: Store, dataset: str, editions: Collection[str]) -> None:
    """Publish again, in their order, the held versions of these editions.

    Pointers are moved on days that have none.
    """
    published = Editions(store)
    chosen = [v for v in held_versions(store, dataset).versions if v.edition in editions]
    days = {_day_of(version) for version in chosen}
    lost = {day for day in days if published.current(dataset, day) is None}
    for version in chosen:
        candidate = _candidate(store, dataset, version, version.received_at)
        published.reinstate(candidate, move_pointer=candidate.day in lost)


def held_versions(store: Store, dataset: str) -> References:
    """Every held version of a reference dataset, read and kept as a table."""
    versions: list[Version] = []
    unreadable: list[str] = []
    for entry in RawZone(store).entries(dataset):
        try:
            edition, key = _edition(store, dataset, entry)
        except SourceError as error:
            unreadable.append(str(error))
            continue
        for receipt in entry.meta.receipts:
            versions.append(
                Version(
                    receipt.received_at,
                    receipt.position,
                    entry.meta.sha256,
                    edition,
                    key,
                    entry.meta.synthetic,
                )
            )
    versions.sort(key=lambda version: (version.received_at, version.position, version.sha256))
    return References(tuple(versions), tuple(unreadable))


def load(store: Store, version: Version) -> pl.DataFrame:
    """The table of a version."""
    return read_frame(store.objects.read(version.key))


def _edition(store: Store, dataset: str, entry: RawEntry) -> tuple[str, str]:
    """Edition of a raw file and the key of its table; read only once."""
    known = layout.split_manifest(dataset, entry.meta.sha256, _READER)
    if (held := _held(store, known)) is not None:
        return held
    try:
        frame = READERS[dataset](_content(store, entry), entry.key)
    except ValueError as error:
        raise FileRefused(entry.key, str(error), f"the published {dataset}") from error
    edition = digest(dumps(frame.to_dict(as_series=False)))[:20]
    key = layout.clean(dataset, paris_day(entry.meta.receipts[0].received_at), edition)
    keep(store.objects, key, frame)
    note = {"key": key, "bytes": store.objects.size(key)}
    store.objects.put(known, dumps(note).encode(), durable=False)
    return edition, key


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


def _last_of_each_day(versions: Iterable[Version]) -> list[Version]:
    return list({_day_of(version): version for version in versions}.values())


def _day_of(version: Version) -> date:
    return paris_day(version.received_at)


def _publish(store: Store, dataset: str, version: Version) -> None:
    editions, day = Editions(store), _day_of(version)
    current = editions.current(dataset, day)
    stands = current is not None and current.edition == version.edition
    if stands and editions.document(dataset, day, version.edition) is not None:
        return
    editions.publish(_candidate(store, dataset, version, datetime.now(UTC)))


def _candidate(store: Store, dataset: str, version: Version, now: datetime) -> Candidate:
    day, table = _day_of(version), load(store, version)
    document = ReferenceVersion.model_validate(
        {
            "dataset": dataset,
            "day": day,
            "edition": version.edition,
            "attribution": attribution_for(dataset, version.synthetic),
            "table": version.key,
            "rows": table.height,
            "without_geometry": table["geometry"].null_count(),
        }
    )
    return Candidate(
        dataset=dataset,
        day=day,
        edition=version.edition,
        document=document.model_dump(mode="json"),
        status="published",
        records=table.height,
        run_id=_RUN_ID,
        now=now,
        expected=Editions(store).current_version(dataset, day),
    )
