"""One service day: its parts become records, tables, gates and, if none is red, an edition."""

from collections import Counter
from datetime import date
from typing import Any, Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Check, ComptagesSummary, Counts, Run
from cityflow.contracts.comptages import Context, ReadingQuality
from cityflow.storage import Editions, Store
from cityflow_processor.comptages.audit import Fullness, Reading, audit
from cityflow_processor.comptages.edition import edition_id
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.comptages.measure import METHOD_VERSION, Measured, measure
from cityflow_processor.comptages.resolve import DayRecords, resolve
from cityflow_processor.comptages.thresholds import thresholds
from cityflow_processor.inputs import Inputs, SplitFile
from cityflow_processor.publishing import Built, DayDone, publish_day, reinstate
from cityflow_processor.tables import WRITER_VERSION

DATASET: Final = "comptages"


def process_day(store: Store, inputs: Inputs, day: date) -> DayDone:
    """Process one day. Raises StoreUnavailable."""
    editions = Editions(store)
    return publish_day(
        store, inputs.listing, day, lambda: _build(day, inputs, _in_place(editions, day))
    )


def give_back(
    store: Store, inputs: Inputs, run: Run, *, earlier: str | None, move_pointer: bool
) -> bool | None:
    """Write again the edition that a run published, from what it had read.

    `earlier` is the edition that stood before it. Returns whether its document had been lost; None
    if the edition comes out otherwise, and nothing is written.
    """
    editions = Editions(store)
    built = _build(run.day, inputs, _fullness(editions, run.day, earlier))
    if built.edition != run.edition:
        return None
    return reinstate(store, run, built, move_pointer=move_pointer)


def _in_place(editions: Editions, day: date) -> Fullness:
    pointer = editions.current(DATASET, day)
    return _fullness(editions, day, pointer.edition if pointer else None)


def _fullness(editions: Editions, day: date, edition: str | None) -> Fullness:
    document = editions.document(DATASET, day, edition) if edition else None
    if document is None:
        return Fullness()
    totals = document["totals"]
    values = totals["flow_hours"] + totals["occupancy_hours"]
    return Fullness(document["quality"]["published"], values)


def _build(day: date, inputs: Inputs, in_place: Fullness) -> Built:
    limits = thresholds()
    geography = inputs.geographies.of_day(day)
    held = inputs.held(day)
    with_rows = [file for file in held if str(day) in file.manifest.days]
    records = resolve([file.rows(day) for file in with_rows])
    rejects = _rejects_of(day, held)
    measured = measure(records, day, geography, limits)
    reading = _reading(records, rejects, measured)
    checks = audit(reading, measured.sums, in_place, limits)
    credits = (attribution_for(DATASET, inputs.is_synthetic(day)), *geography.attributions)
    edition = edition_id(records, day, geography, limits, credits)

    def describe() -> dict[str, Any]:
        summary = ComptagesSummary(
            day=day,
            edition=edition,
            attribution=credits[0],
            context_attributions=credits[1:],
            status="published" if records.arcs else "no_data",
            method_version=METHOD_VERSION,
            thresholds_version=limits.version,
            writer_version=WRITER_VERSION,
            context=_context(geography, measured),
            quality=_quality(reading, measured, checks),
            **measured.summary(),
        )
        return summary.model_dump(mode="json")

    digests = [file.manifest.raw_sha256 for file in inputs.known_by(day)]
    context = (geography.referentiel_edition, geography.zones_edition)
    return Built(
        edition=edition,
        describe=describe,
        clean=measured.clean,
        tables=measured.tables,
        rejects=rejects[[name for name in rejects.columns if name != "day"]],
        counts=Counts(
            rows_in=reading.rows_in,
            published=reading.published,
            rejected=reading.rejected,
            duplicates=reading.duplicates,
        ),
        rejected_by_reason=reading.rejected_by_reason,
        checks=tuple(checks),
        inputs=tuple(digests + [edition for edition in context if edition]),
    )


def _context(geography: Geography, measured: Measured) -> Context:
    sources = measured.geometry_sources
    return Context(
        referentiel=geography.referentiel_edition,
        arrondissements=geography.zones_edition,
        lengths_from=", ".join(f"{name}: {count}" for name, count in sorted(sources.items())),
    )


def _reading(records: DayRecords, rejects: pl.DataFrame, measured: Measured) -> Reading:
    reasons = Counter(rejects["reason"].to_list())
    published = records.arc.size
    return Reading(
        rows_in=published + records.duplicates + rejects.height,
        published=published,
        rejected_by_reason=dict(sorted(reasons.items())),
        duplicates=records.duplicates,
        conflicts=records.conflicts,
        withdrawn_values=records.withdrawn_values,
        compared=measured.compared,
        state_mismatches=measured.state_mismatches,
    )


def _quality(reading: Reading, measured: Measured, checks: list[Check]) -> ReadingQuality:
    return ReadingQuality(
        rows_in=reading.rows_in,
        published=reading.published,
        rejected=reading.rejected,
        rejected_by_reason=reading.rejected_by_reason,
        duplicates=reading.duplicates,
        conflicts=reading.conflicts,
        withdrawn_values=reading.withdrawn_values,
        state_mismatches=reading.state_mismatches,
        arc_status_hours=measured.arc_status_hours,
        checks=tuple(checks),
    )


def _rejects_of(day: date, held: list[SplitFile]) -> pl.DataFrame:
    frames = [
        file.rejects.filter(pl.col("day") == day)
        for file in held
        if str(day) in file.manifest.rejects
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={"reason": pl.String})
