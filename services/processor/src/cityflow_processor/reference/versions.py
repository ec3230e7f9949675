"""Versions of a reference dataset, held and published under the day of their receipt."""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime
from typing import Final

from cityflow.attribution import attribution_for
from cityflow.calendar import paris_day
from cityflow.contracts.reference import ReferenceVersion
from cityflow.errors import SourceError
from cityflow.storage import Candidate, Editions, RawEntry, RawZone, Store
from cityflow_processor.reference.in_force import References, Version
from cityflow_processor.reference.loops import of_zones
from cityflow_processor.reference.tables import (
    LINES,
    POLYGONS,
    districts,
    kept_table,
    load,
)

_RUN_ID: Final = "reference"
_LyingBy = Callable[[date], Iterable[Version | None]]
"""The polygons that loop geometry received on a day lies by."""


def references(store: Store, dataset: str) -> References:
    """Publish every held version of a reference dataset, and list them."""
    held = held_versions(store, dataset)
    for version in _last_of_each_day(held.versions):
        _publish(store, dataset, version)
    return held


def held_versions(store: Store, dataset: str) -> References:
    """Every held version of a reference dataset, read and kept as a table.

    Loop geometry lies by the polygons in force on the day of its receipt.
    """
    polygons = held_versions(store, POLYGONS) if dataset == LINES else References((), ())
    return _versions(store, dataset, lambda day: [polygons.in_force(day)])


def past_versions(store: Store, dataset: str, editions: Collection[str]) -> References:
    """The versions of these editions: of loop geometry also what it was before some of the
    polygons had arrived.
    """
    if dataset == POLYGONS:
        return _versions(store, dataset, lambda _: [None], editions)
    held = {version.edition: version for version in held_versions(store, POLYGONS).versions}
    return _versions(store, dataset, lambda _: [None, *held.values()], editions)


def give_back(store: Store, dataset: str, editions: Collection[str]) -> None:
    """Publish again, in their order, the versions of these editions.

    Pointers are moved on days that have none.
    """
    published = Editions(store)
    chosen = past_versions(store, dataset, editions).versions
    days = {_day_of(version) for version in chosen}
    lost = {day for day in days if published.current(dataset, day) is None}
    for version in chosen:
        candidate = _candidate(store, dataset, version, version.received_at)
        published.reinstate(candidate, move_pointer=candidate.day in lost)


def _versions(
    store: Store, dataset: str, lying_by: _LyingBy, only: Collection[str] | None = None
) -> References:
    versions: list[Version] = []
    unreadable: list[str] = []
    for entry in RawZone(store).entries(dataset):
        try:
            versions.extend(_of_entry(store, dataset, entry, lying_by, only))
        except SourceError as error:
            unreadable.append(str(error))
    versions.sort(key=lambda version: (version.received_at, version.position, version.sha256))
    return References(tuple(versions), tuple(unreadable))


def _of_entry(
    store: Store,
    dataset: str,
    entry: RawEntry,
    lying_by: _LyingBy,
    only: Collection[str] | None,
) -> Iterable[Version]:
    """A version for each receipt and each of the polygons that it lies by."""
    known: dict[str | None, tuple[str, str] | None] = {}
    for receipt in entry.meta.receipts:
        for polygons in lying_by(paris_day(receipt.received_at)):
            name = polygons.edition if polygons else None
            if name not in known:
                known[name] = kept_table(store, dataset, entry, polygons, only)
            if (found := known[name]) is not None:
                yield Version(
                    receipt.received_at,
                    receipt.position,
                    entry.meta.sha256,
                    *found,
                    entry.meta.synthetic,
                    polygons,
                )


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
    lying_by = districts(store, version.polygons)
    facts = {
        "dataset": dataset,
        "day": day,
        "edition": version.edition,
        "attribution": attribution_for(dataset, version.synthetic),
        "context_attributions": lying_by.attributions,
        "table": version.key,
        "rows": table.height,
        "without_geometry": table["geometry"].null_count(),
        "polygons": lying_by.edition,
    }
    if dataset == LINES:
        facts |= of_zones(table, lying_by.labels)
    document = ReferenceVersion.model_validate(facts)
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
