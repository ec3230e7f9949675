"""Days of a dataset: split what is new, then process each day; resumable at any moment."""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.calendar import days as day_range
from cityflow.console import progress
from cityflow.errors import SourceError
from cityflow.settings import Settings
from cityflow.storage import RawEntry, Runs, Store, layout
from cityflow.telemetry import get_logger
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.days import DATASET, DayDone, process_day
from cityflow_processor.history import compact
from cityflow_processor.inputs import GeographyOfDay, Inputs, SplitFile, reject_rows
from cityflow_processor.listing import Listing
from cityflow_processor.reading.parts import FileManifest, PartsCache, drop_left_chunks
from cityflow_processor.reading.split import Advance, split
from cityflow_processor.reference.loops import loops
from cityflow_processor.reference.versions import load, references
from cityflow_processor.reference.zones import zones
from cityflow_processor.result import Result
from cityflow_processor.tables import keep

WORKERS: Final = 2
LONGEST_GAP_DAYS: Final = 31
DEFAULT_CHUNK_ROWS: Final = 100_000

_log = get_logger(__name__)


@dataclass(frozen=True)
class Asked:
    """The days asked for: these only, or a range; none: those that the files hold, with short
    gaps.
    """

    first: date | None = None
    last: date | None = None
    only: tuple[date, ...] = ()

    def days(self, files: Iterable[SplitFile]) -> list[date]:
        """The days to process, in order."""
        if self.only:
            return sorted(self.only)
        held = {day for file in files for day in file.days}
        if self.first is None and self.last is None:
            return list(_with_short_gaps(sorted(held)))
        first = self.first or min(held, default=self.last)
        last = self.last or max(held, default=self.first)
        return list(day_range(first, last)) if first and last else []


def process(store: Store, settings: Settings, asked: Asked) -> Result:
    """Process the days asked for. Raises StoreUnavailable; what cannot be read is in the result."""
    if not gc.get_freeze_count():
        gc.freeze()  # modules live to the end: looking them through again for garbage is waste
    Runs(store).close_orphans("process")
    result = Result(DATASET)
    listing = Listing.take(store, DATASET)
    files = _split_all(store, settings, listing, result)
    days = asked.days(files)
    if result.unreadable:
        days = _days_held(days, files)
    _count_files(store, result, files, asked, days)
    inputs = Inputs(listing, files, _geography(store, result))
    result.days.extend(_process_days(store, days, inputs))
    result.days.sort(key=lambda done: done.day)
    _compact(store, days)
    return result


def _compact(store: Store, days: list[date]) -> None:
    """Months are a copy of what is published: one that cannot be made fails nothing."""
    for month in compact(store, DATASET, days):
        if month.error:
            _log.error("month not compacted", month=str(month.month), reason=month.error)


def _days_held(days: list[date], files: list[SplitFile]) -> list[date]:
    """Days that a readable file holds: of the others one cannot say that the source has no data."""
    held = [day for day in days if any(file.manifest.covers(day) for file in files)]
    if len(held) < len(days):
        _log.error(
            "days left as they were: a raw file that may hold them cannot be read",
            days=len(days) - len(held),
        )
    return held


def _split_all(
    store: Store, settings: Settings, listing: Listing, result: Result
) -> list[SplitFile]:
    files = []
    total = sum(entry.meta.bytes for entry in listing.files)
    with progress("Reading raw files", total=total, unit="bytes") as shown:
        for entry in listing.files:
            try:
                files.append(_split_one(store, settings, entry, shown.advance))
                _refuse_foreign(entry.key, files[-1].manifest)
            except SourceError as error:
                _log.error("raw file not read", key=entry.key, reason=str(error))
                result.unreadable.append(str(error))
    drop_left_chunks(store.objects, DATASET, {file.manifest.raw_sha256 for file in files})
    return files


def _split_one(store: Store, settings: Settings, entry: RawEntry, advance: Advance) -> SplitFile:
    rows = chunk_rows(settings, entry.meta.bytes)
    manifest = split(store, entry, rows, advance)
    parts = PartsCache(store.objects, DATASET, entry.meta.sha256, str(rows))
    return SplitFile(manifest, parts, entry.meta.synthetic)


def _refuse_foreign(key: str, manifest: FileManifest) -> None:
    if manifest.is_foreign:
        raise SourceError(
            f"{key}: not one of its {manifest.rows_in:,} rows can be read; check its delimiter and "
            "its encoding"
        )


def chunk_rows(settings: Settings, size: int) -> int:
    """Rows of a chunk: EC2_CHUNK_SIZE above MAX_FILE_SIZE_MB or on AWS, else a fixed number."""
    if settings.aws_execution_env or size > settings.max_file_size_mb * 1_000_000:
        return settings.ec2_chunk_size
    return DEFAULT_CHUNK_ROWS


def _with_short_gaps(held: list[date]) -> Iterator[date]:
    for before, day in zip([None, *held], held, strict=False):
        if before is not None and (day - before).days - 1 <= LONGEST_GAP_DAYS:
            yield from list(day_range(before, day))[1:-1]
        yield day


def _count_files(
    store: Store, result: Result, files: list[SplitFile], asked: Asked, days: list[date]
) -> None:
    """Count the files that hold the days asked for, and keep their rejects that have no day."""
    everything = asked == Asked()
    wanted = {str(day) for day in days}
    for file in files:
        manifest = file.manifest
        if not everything and wanted.isdisjoint((*manifest.days, *manifest.rejects)):
            continue
        result.files += 1
        result.rows_in += manifest.rows_in
        result.out_of_range += _rows_outside(manifest, wanted)
        if manifest.undated_rejects:
            undated = reject_rows(file).filter(pl.col("day").is_null()).drop("day")
            result.undated_rejects.update(Counter(undated["reason"].to_list()))
            key = layout.rejects(DATASET, None, manifest.raw_sha256[:12])
            keep(store.objects, key, undated)


def _rows_outside(manifest: FileManifest, days: set[str]) -> int:
    """Rows of other days, and empty rows stamped in an hour that does not exist."""
    held = (*manifest.days.items(), *manifest.rejects.items())
    return manifest.empty_gap_rows + sum(rows for day, rows in held if day not in days)


def _geography(store: Store, result: Result) -> GeographyOfDay:
    polygons = references(store, "arrondissements", "reference")
    lines = references(store, "referentiel", "reference")
    result.unreadable.extend((*polygons.unreadable, *lines.unreadable))

    @cache
    def build(zones_key: str | None, loops_key: str | None) -> Geography:
        by_key = {version.key: version for version in (*polygons.versions, *lines.versions)}
        zone_version = by_key[zones_key] if zones_key else None
        loop_version = by_key[loops_key] if loops_key else None
        return Geography(
            zones_edition=zone_version.edition if zone_version else None,
            zones=zones(load(store, zone_version)) if zone_version else (),
            referentiel_edition=loop_version.edition if loop_version else None,
            referentiel=loops(load(store, loop_version)) if loop_version else {},
            attributions=tuple(
                attribution_for(dataset, version.synthetic)
                for dataset, version in (
                    ("arrondissements", zone_version),
                    ("referentiel", loop_version),
                )
                if version
            ),
        )

    def of_day(day: date) -> Geography:
        zone, loop = polygons.in_force(day), lines.in_force(day)
        return build(zone.key if zone else None, loop.key if loop else None)

    return of_day


def _process_days(store: Store, days: list[date], inputs: Inputs) -> Iterator[DayDone]:
    """Days in order, a few at a time; the first error stops the rest."""
    waiting = iter(days)
    running: set[Future[DayDone]] = set()
    with (
        progress("Processing days", total=len(days), unit="days") as shown,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        while True:
            for day in waiting:
                running.add(pool.submit(process_day, store, day, inputs))
                if len(running) >= WORKERS:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
                shown.advance(1)
