"""Days of a dataset: split what is new, then process each day; resumable at any moment."""

import gc
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Final

import polars as pl

from cityflow.console import progress
from cityflow.errors import SourceError
from cityflow.settings import Settings
from cityflow.storage import Runs, Store, layout
from cityflow.telemetry import get_logger
from cityflow_processor.asked import Asked
from cityflow_processor.days import DATASET, process_day
from cityflow_processor.engine import Engine, Task
from cityflow_processor.history import Compacted, compacted
from cityflow_processor.inputs import DaysSpec, HeldFile, SplitFile, prepare
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import DayDone
from cityflow_processor.reading.parts import FileManifest, drop_left_chunks, lost_parts
from cityflow_processor.reading.split import RawFile, split
from cityflow_processor.reference.in_force import References
from cityflow_processor.reference.versions import references
from cityflow_processor.result import Result
from cityflow_processor.tables import keep

DEFAULT_CHUNK_ROWS: Final = 100_000
MANY_DAYS: Final = 60

_log = get_logger(__name__)


def process(store: Store, engine: Engine, settings: Settings, asked: Asked) -> Result:
    """Process the days asked for. Raises StoreUnavailable; what cannot be read is in the result."""
    if not gc.get_freeze_count():
        gc.freeze()  # modules live to the end: looking them through again for garbage is waste
    runs = Runs(store)
    runs.close_orphans("process")
    result = Result(DATASET)
    listing = Listing.take(store, DATASET)
    held = split_all(store, engine, settings, listing, result)
    files = [one.open(store.objects) for one in held]
    if forget_lost_parts(store, files, asked.days(files)):
        result.unreadable.clear()
        held = split_all(store, engine, settings, listing, result)
        files = [one.open(store.objects) for one in held]
    days = asked.days(files)
    if result.unreadable:
        days = _days_held(days, files)
    _count_files(store, result, files, asked, days)
    spec = DaysSpec(listing, tuple(held), *both_references(store, result))
    result.days.extend(_process_days(engine, days, spec))
    result.days.sort(key=lambda done: done.day)
    _compact(engine, days)
    engine.rest()
    runs.close_orphans("process")  # another process of this run may have been killed
    return result


def forget_lost_parts(store: Store, files: Iterable[SplitFile], days: Collection[date]) -> bool:
    """Forget the files whose parts of these days are gone; True if there are any to split again."""
    lost = lost_parts(store.objects, DATASET, (file.manifest for file in files), days)
    for file in files:
        if file.manifest.raw_sha256 in lost:
            file.parts.forget()
    return bool(lost)


def _compact(engine: Engine, days: list[date]) -> None:
    """Months are a copy of what is published: one that cannot be made fails nothing."""
    task = Task(_no_context, _compact_month, None, alone=True)
    months = sorted({day.replace(day=1) for day in days})
    with progress("Compacting months", total=len(months), unit="months") as shown:
        for _, done in engine.run(task, months):
            shown.advance(1)
            for month in done:
                if month.error:
                    _log.error("month not compacted", month=str(month.month), reason=month.error)


def _no_context(_: Store, __: None) -> None:
    return None


def _compact_month(store: Store, _: None, month: date) -> list[Compacted]:
    return list(compacted(store, DATASET, [month]))


def _days_held(days: list[date], files: list[SplitFile]) -> list[date]:
    """Days that a readable file holds: of the others one cannot say that the source has no data."""
    held = [day for day in days if any(file.manifest.covers(day) for file in files)]
    if len(held) < len(days):
        _log.error(
            "days left as they were: a raw file that may hold them cannot be read",
            days=len(days) - len(held),
        )
    return held


def split_all(
    store: Store, engine: Engine, settings: Settings, listing: Listing, result: Result
) -> list[HeldFile]:
    """All raw files of the listing, split; those that cannot be read are noted in the result."""
    files = []
    total = sum(entry.meta.bytes for entry in listing.files)
    with progress("Reading raw files", total=total, unit="bytes") as shown:
        for entry in listing.files:
            file = RawFile(entry, chunk_rows(settings, entry.meta.bytes))
            try:
                manifest = split(store, engine, file, shown.advance)
                files.append(HeldFile(manifest, file))
                _refuse_foreign(entry.key, manifest)
            except SourceError as error:
                _log.error("raw file not read", key=entry.key, reason=str(error))
                result.unreadable.append(str(error))
    drop_left_chunks(store.objects, DATASET, {file.manifest.raw_sha256 for file in files})
    return files


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
            undated = file.rejects.filter(pl.col("day").is_null()).drop("day")
            result.undated_rejects.update(Counter(undated["reason"].to_list()))
            key = layout.rejects(DATASET, None, manifest.raw_sha256[:12])
            keep(store.objects, key, undated)


def _rows_outside(manifest: FileManifest, days: set[str]) -> int:
    """Rows of other days, and empty rows stamped in an hour that does not exist."""
    held = (*manifest.days.items(), *manifest.rejects.items())
    return manifest.empty_gap_rows + sum(rows for day, rows in held if day not in days)


def both_references(store: Store, result: Result) -> tuple[References, References]:
    """Versions of the polygons and of the loops; what cannot be read is noted in the result."""
    polygons = references(store, "arrondissements")
    lines = references(store, "referentiel")
    result.unreadable.extend((*polygons.unreadable, *lines.unreadable))
    return polygons, lines


def _process_days(engine: Engine, days: list[date], spec: DaysSpec) -> Iterator[DayDone]:
    """Days as they are done; the first error stops the rest."""
    task = Task(prepare, process_day, spec, is_large=len(days) >= MANY_DAYS)
    with progress("Processing days", total=len(days), unit="days") as shown:
        for _, done in engine.run(task, days):
            yield done
            shown.advance(1)
