"""One service day: its parts become records, tables, gates and, if none is red, an edition."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Check, ComptagesSummary, Counts, Run, Severity
from cityflow.contracts.comptages import Context, ReadingQuality
from cityflow.storage import Candidate, Editions, Runs, Store, layout
from cityflow.storage.canonical import dumps
from cityflow_processor.comptages.audit import Fullness, Reading, audit
from cityflow_processor.comptages.edition import edition_id
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.comptages.measure import METHOD_VERSION, Measured, measure
from cityflow_processor.comptages.resolve import DayRecords, resolve
from cityflow_processor.comptages.thresholds import thresholds
from cityflow_processor.inputs import Inputs, SplitFile
from cityflow_processor.tables import WRITER_VERSION, keep, parquet_bytes

DATASET: Final = "comptages"
MOST_RACES: Final = 5
Ending = Literal["new", "unchanged", "red"]
Lost = Literal["lost_race"]


@dataclass(frozen=True)
class DayDone:
    """How a day ended, and what its rows were."""

    day: date
    ending: Ending
    edition: str
    counts: Counts
    rejected_by_reason: dict[str, int]
    checks: tuple[Check, ...]

    @property
    def is_without_data(self) -> bool:
        """Whether what was published says that the source holds no usable row."""
        return self.ending != "red" and not self.counts.published


@dataclass(frozen=True)
class _Built:
    """An edition, audited, not yet published."""

    edition: str
    document: dict[str, Any]
    measured: Measured
    rejects: pl.DataFrame
    reading: Reading
    checks: list[Check]
    inputs: tuple[str, ...]

    @property
    def is_red(self) -> bool:
        return any(check.severity is Severity.RED for check in self.checks)

    @property
    def counts(self) -> Counts:
        return Counts(
            rows_in=self.reading.rows_in,
            published=self.reading.published,
            rejected=self.reading.rejected,
            duplicates=self.reading.duplicates,
        )


def process_day(store: Store, inputs: Inputs, day: date) -> DayDone:
    """Process one day; when another run published meanwhile, look again, or leave it its edition.

    The run stands in the ledger whatever happens. Raises StoreUnavailable.
    """
    runs = Runs(store)
    run = runs.start("process", DATASET, day)
    try:
        return _process(store, runs, run, inputs)
    except Exception as error:
        runs.finish(run, "failed", error=str(error)[:2000])
        raise


def _process(store: Store, runs: Runs, run: Run, inputs: Inputs) -> DayDone:
    editions = Editions(store)
    for _ in range(MOST_RACES):
        expected = editions.current_version(DATASET, run.day)
        built = _build(run.day, inputs, _in_place(editions, run.day))
        if inputs.listing.is_behind(store, run.day):
            break
        outputs = _write(store, run.day, built)
        if built.is_red:
            return _ended(runs, run, "red", built, outputs)
        outcome = editions.publish(_candidate(run, built, expected))
        if outcome == "new":
            _show(store, DATASET, run.day, built.document)
        if outcome == "unchanged":
            show_summary(store, run.day)
        if outcome != "lost_race":
            return _ended(runs, run, outcome, built, outputs)
    return _ended(runs, run, "lost_race", built, [])


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
    _write(store, run.day, built)
    candidate = _candidate(run, built, editions.current_version(DATASET, run.day))
    then = replace(candidate, now=run.ended_at or candidate.now)
    return editions.reinstate(then, move_pointer=move_pointer)


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


def _ended(
    runs: Runs, run: Run, outcome: Ending | Lost, built: _Built, outputs: list[str]
) -> DayDone:
    runs.finish(
        run,
        outcome,
        edition=built.edition if outcome in ("new", "unchanged") else None,
        inputs=built.inputs,
        outputs=tuple(outputs),
        counts=built.counts,
        checks=tuple(built.checks),
    )
    ending: Ending = "unchanged" if outcome == "lost_race" else outcome
    reasons = built.reading.rejected_by_reason
    return DayDone(run.day, ending, built.edition, built.counts, reasons, tuple(built.checks))


def _build(day: date, inputs: Inputs, in_place: Fullness) -> _Built:
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
        **measured.summary,
    )
    digests = [file.manifest.raw_sha256 for file in inputs.known_by(day)]
    context = (geography.referentiel_edition, geography.zones_edition)
    return _Built(
        edition,
        summary.model_dump(mode="json"),
        measured,
        rejects,
        reading,
        checks,
        tuple(digests + [edition for edition in context if edition]),
    )


def _context(geography: Geography, measured: Measured) -> Context:
    sources = Counter(measured.arcs["geometry_source"].to_list())
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


def _write(store: Store, day: date, built: _Built) -> list[str]:
    """Write the edition's objects; those of an edition that exists are the same bytes."""
    frames = {
        layout.clean(DATASET, day, built.edition): built.measured.clean,
        **{
            layout.table(DATASET, day, built.edition, name): frame
            for name, frame in built.measured.tables.items()
        },
    }
    for key, frame in frames.items():
        keep(store.objects, key, frame)
    if not built.rejects.height:
        return list(frames)
    key = layout.rejects(DATASET, day, built.edition)
    store.objects.put(key, parquet_bytes(built.rejects.drop("day")))
    return [*frames, key]


def _candidate(run: Run, built: _Built, expected: int) -> Candidate:
    return Candidate(
        dataset=DATASET,
        day=run.day,
        edition=built.edition,
        document=built.document,
        status=built.document["status"],
        records=built.reading.published,
        run_id=run.run_id,
        now=datetime.now(UTC),
        expected=expected,
    )


def show_summary(store: Store, day: date, dataset: str = DATASET) -> None:
    """The current summary as a file; written again if a kill or another run left it behind."""
    editions = Editions(store)
    pointer = editions.current(dataset, day)
    if pointer is None:
        return
    document = editions.document(dataset, day, pointer.edition)
    if document is None:
        return
    _show(store, dataset, day, document)


def _show(store: Store, dataset: str, day: date, document: dict[str, Any]) -> None:
    key = layout.summary_file(dataset, day)
    text = dumps(document).encode()
    if store.objects.size(key) != len(text) or store.objects.read(key) != text:
        store.objects.put(key, text, durable=False)
