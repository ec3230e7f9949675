"""One service day: its files become records, tables, gates and, if none is red, an edition."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Check, Counts
from cityflow.contracts.daily import DayContext, DayQuality
from cityflow.contracts.tables import REJECTS
from cityflow.storage import Editions, Store
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.daily.files import ReadFile, around, in_force
from cityflow_processor.daily.past import Looked, Past, frame_digest
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, DayDone, publish_day
from cityflow_processor.records.gates import InPlace, Reading, gates
from cityflow_processor.records.module import Context, Measured, Module
from cityflow_processor.records.places import Places
from cityflow_processor.records.resolve import Resolved, resolve
from cityflow_processor.tables import WRITER_VERSION, conform, schema

EDITION_DIGITS: Final = 20


@dataclass(frozen=True)
class Chosen:
    """The files that a day is made of, in the order of receipts.

    `taken_at` and `taken_later` are of the snapshot that is used, if the dataset has snapshots.
    """

    files: tuple[ReadFile, ...]
    listed: ReadFile | None
    taken_at: datetime | None = None
    taken_later: bool = False


@dataclass(frozen=True)
class Sources:
    """All that the days of one dataset are made from."""

    module: Module
    listing: Listing
    files: tuple[ReadFile, ...]
    past: Past

    def choose(self, day: date) -> Chosen:
        """The files of a day and the list in force on it."""
        lists = [file for file in self.files if file.held.kind == "list"]
        rows = [file for file in self.files if file.held.kind != "list"]
        of_list = in_force(lists, day)
        listed = of_list[0] if of_list else None
        if not self.module.is_snapshot:
            held = tuple(file for file in rows if day in file.days)
            return Chosen(held, listed)
        if self.module.uses_every_snapshot:
            files, later = around(rows, day)
            last = files[-1].taken_at if files else None
            return Chosen(files, listed, last, later)
        found = in_force(rows, day)
        if found is None:
            return Chosen((), listed)
        file, at, later = found
        return Chosen((file,), listed, at, later)

    def is_synthetic(self, chosen: Chosen) -> bool:
        """Whether what is known of a day was generated; of a day without rows by any file."""
        used = chosen.files or self.files
        return any(file.entry.meta.synthetic for file in used)


def process_day(store: Store, sources: Sources, places: Places, day: date) -> DayDone:
    """Process one day, which the later ones may then look back at. Raises StoreUnavailable."""
    editions, name = Editions(store), sources.module.name
    used = places.used_by(sources.module)

    def build() -> Built:
        pointer = editions.current(name, day)
        before = in_place(editions, name, day, pointer.edition if pointer else None)
        return built(sources, used, day, before)

    return publish_day(store, sources.listing, day, build)


def built(sources: Sources, places: Places, day: date, before: InPlace) -> Built:
    """The edition of a day, with what of `places` the dataset uses, over the one `before` it."""
    module, chosen = sources.module, sources.choose(day)
    resolved = _records(module, chosen, day)
    listed = _listed(module, chosen)
    looked = sources.past.look(day)
    context = Context(
        places.districts,
        listed.records,
        looked.frames,
        chosen.taken_at,
        chosen.taken_later,
        places.arcs,
    )
    measured = module.measure(day, resolved.records, context)
    rejects = pl.concat([pl.DataFrame(schema=schema(REJECTS)), *_rejects(module, chosen, day)])
    reading = _reading(module, resolved, rejects)
    checks = (*gates(reading, before), *measured.checks)
    facts = _facts(sources, chosen, day, places, _used(listed, looked, places))
    edition = _edition(facts, resolved, chosen)
    document = {
        **facts,
        "edition": edition,
        "status": "published" if resolved.records.height else "no_data",
        "quality": _quality(reading, checks),
        **measured.blocks,
    }
    return Built(
        edition=edition,
        describe=partial(module.summary.model_validate(document).model_dump, mode="json"),
        clean=resolved.records,
        tables=_tables(module, measured),
        rejects=rejects,
        counts=Counts(
            rows_in=reading.rows_in,
            published=reading.published,
            rejected=reading.rejected,
            duplicates=reading.duplicates,
        ),
        rejected_by_reason=dict(reading.rejected_by_reason),
        checks=checks,
        inputs=inputs_of(chosen, places, looked.editions),
    )


def _used(listed: Resolved, looked: Looked, places: Places) -> DayContext:
    of_list = frame_digest(listed.records)[:EDITION_DIGITS] if listed.records.height else None
    return DayContext(
        arrondissements=places.districts.edition,
        listed=of_list,
        past=looked.digest[:EDITION_DIGITS] if looked.digest else None,
        referentiel=places.arcs.edition,
    )


def _facts(
    sources: Sources, chosen: Chosen, day: date, places: Places, used: DayContext
) -> dict[str, Any]:
    """What an edition says of itself besides its figures."""
    module = sources.module
    return {
        "dataset": module.name,
        "day": day,
        "attribution": attribution_for(module.dataset, sources.is_synthetic(chosen)),
        "context_attributions": places.attributions,
        "method_version": module.method_version,
        "thresholds_version": module.thresholds_version,
        "writer_version": WRITER_VERSION,
        "context": used,
    }


def _records(module: Module, chosen: Chosen, day: date) -> Resolved:
    frames = []
    for file in chosen.files:
        at = file.first_day if module.is_snapshot else day
        if str(at) in file.held.days:
            frames.append(file.cache.rows(at))
    return resolve(frames or [pl.DataFrame(schema=schema(module.clean))], module.clean)


def _listed(module: Module, chosen: Chosen) -> Resolved:
    table = module.listed or module.clean
    frames = [pl.DataFrame(schema=schema(table))]
    if chosen.listed is not None and chosen.listed.held.days:
        frames.append(chosen.listed.cache.rows(chosen.listed.first_day))
    return resolve(frames, table)


def _rejects(module: Module, chosen: Chosen, day: date) -> list[pl.DataFrame]:
    at = {id(f): f.first_day if module.is_snapshot else day for f in chosen.files}
    return [file.rejects(at[id(file)]) for file in chosen.files]


def _reading(module: Module, resolved: Resolved, rejects: pl.DataFrame) -> Reading:
    records = resolved.records
    values = sum(records.height - records[name].null_count() for name in module.value_columns)
    return Reading(
        rows_in=records.height + resolved.duplicates + rejects.height,
        published=records.height,
        rejected_by_reason=dict(sorted(Counter(rejects["reason"].to_list()).items())),
        duplicates=resolved.duplicates,
        conflicts=resolved.conflicts,
        withdrawn_values=resolved.withdrawn_values,
        values=values,
    )


def _edition(facts: dict[str, Any], resolved: Resolved, chosen: Chosen) -> str:
    credits = (facts["attribution"], *facts["context_attributions"])
    identity = {
        "dataset": facts["dataset"],
        "day": str(facts["day"]),
        "records": frame_digest(resolved.records),
        "context": facts["context"].model_dump(mode="json", exclude_defaults=True),
        "taken": None if chosen.taken_at is None else chosen.taken_at.isoformat(),
        "thresholds": facts["thresholds_version"],
        "method": facts["method_version"],
        "writer": facts["writer_version"],
        "sources": [credit.attribution for credit in credits],
    }
    return digest(dumps(identity))[:EDITION_DIGITS]


def _quality(reading: Reading, checks: Sequence[Check]) -> DayQuality:
    return DayQuality(
        rows_in=reading.rows_in,
        published=reading.published,
        rejected=reading.rejected,
        rejected_by_reason=dict(reading.rejected_by_reason),
        duplicates=reading.duplicates,
        conflicts=reading.conflicts,
        withdrawn_values=reading.withdrawn_values,
        values=reading.values,
        checks=tuple(checks),
    )


def _tables(module: Module, measured: Measured) -> dict[str, pl.DataFrame]:
    published = [table for table in module.tables if table.name in measured.tables]
    return {t.name: conform(measured.tables[t.name], t).sort(t.key) for t in published}


def inputs_of(chosen: Chosen, places: Places, past: Sequence[str]) -> tuple[str, ...]:
    """What the ledger says that a day was made of: raw digests, then editions."""
    listed = [chosen.listed.held.raw_sha256] if chosen.listed else []
    digests = [file.held.raw_sha256 for file in chosen.files]
    return (*listed, *digests, *places.editions, *past)


def in_place(editions: Editions, dataset: str, day: date, edition: str | None) -> InPlace:
    """What an edition of the day holds that another may take the place of."""
    document = editions.document(dataset, day, edition) if edition else None
    if document is None:
        return InPlace()
    return InPlace(document["quality"]["published"], document["quality"]["values"])
