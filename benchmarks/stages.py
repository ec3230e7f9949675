"""Where a backfill's time goes: each stage alone, on one thread, per 100 MB of raw file."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from cityflow.dialect import sniff
from cityflow.published_names import comptages_columns
from cityflow.settings import Settings
from cityflow.storage import RawZone, open_store
from cityflow_processor.comptages.audit import Fullness, Reading, audit
from cityflow_processor.comptages.edition import edition_id
from cityflow_processor.comptages.fast import read_alone
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.comptages.header import Header
from cityflow_processor.comptages.known_lines import KnownLines
from cityflow_processor.comptages.measure import measure
from cityflow_processor.comptages.resolve import resolve
from cityflow_processor.comptages.thresholds import thresholds
from cityflow_processor.comptages.validate import read_batch
from cityflow_processor.days import DATASET
from cityflow_processor.inputs import SplitFile
from cityflow_processor.reading.chunks import chunks
from cityflow_processor.reading.parts import PartsCache
from cityflow_processor.tables import parquet_bytes

REPEATS = 5
T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """The quickest of a few runs, in seconds, and what the last one gave."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        value = work()
        times.append(time.perf_counter() - started)
    return min(times), value


def stages(csv: Path, output_dir: Path) -> list[tuple[str, float]]:
    """(stage, seconds per 100 MB) of a file that was backfilled into `output_dir`."""
    with csv.open("rb") as stream:
        dialect = sniff(stream.readline(), csv.name)
        header = Header(comptages_columns(dialect.columns), dialect.delimiter)
        chunk = next(chunks(stream, 100_000, header, csv.name))
    known = KnownLines(header)
    tokens, _ = _timed(lambda: read_alone(chunk, header, known))
    batch, _ = _timed(lambda: read_batch(chunk, header, known))
    per_chunk = 1e8 / len(chunk)
    rows = [
        ("tokens", tokens * per_chunk),
        ("contract: types, hours, rejects, attributes", (batch - tokens) * per_chunk),
    ]
    return rows + _day_stages(csv, output_dir)


def _day_stages(csv: Path, output_dir: Path) -> list[tuple[str, float]]:
    store = open_store(Settings.load({"OUTPUT_DIR": str(output_dir)}))
    entry = RawZone(store).entries(DATASET)[0]
    parts = PartsCache(store.objects, DATASET, entry.meta.sha256, "100000")
    manifest = parts.manifest()
    if manifest is None:
        raise SystemExit(f"{output_dir}: the file was not backfilled there")
    file = SplitFile(manifest, parts, synthetic=True)
    day = date.fromisoformat(max(manifest.days, key=lambda held: manifest.days[held]))
    limits, geography = thresholds(), Geography()
    per_day = len(manifest.days) / (csv.stat().st_size / 1e8)
    resolving, records = _timed(lambda: resolve([file.rows(day)]))
    measuring, measured = _timed(lambda: measure(records, day, geography, limits))
    naming, _ = _timed(lambda: edition_id(records, day, geography, limits, ()))
    reading = Reading(1, 1, {}, 0, 0, 0, 1, 0)
    auditing, _ = _timed(lambda: audit(reading, measured.sums, Fullness(), limits))
    tables = [measured.clean, *measured.tables.values()]
    writing, _ = _timed(lambda: [parquet_bytes(table) for table in tables])
    store.close()
    return [
        ("day: read part, resolve duplicates", resolving * per_day),
        ("day: measure", measuring * per_day),
        ("day: identity and gates", (naming + auditing) * per_day),
        ("day: write four Parquet tables", writing * per_day),
    ]
