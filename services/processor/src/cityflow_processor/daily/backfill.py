"""Days of a small dataset: read what is new, then process each day in order of date."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from cityflow.console import progress
from cityflow.errors import SourceError
from cityflow.storage import RawEntry, Runs, Store, layout
from cityflow.telemetry import get_logger
from cityflow_processor.asked import Asked
from cityflow_processor.daily.cache import Held
from cityflow_processor.daily.changed import changed_days
from cityflow_processor.daily.files import ReadFile, read_file
from cityflow_processor.daily.inputs import DaysSpec, prepare
from cityflow_processor.daily.inputs import process as process_day
from cityflow_processor.daily.publish import Sources
from cityflow_processor.engine import Engine, Task
from cityflow_processor.listing import Listing
from cityflow_processor.records.module import Module
from cityflow_processor.reference.in_force import References
from cityflow_processor.reference.versions import references
from cityflow_processor.result import Result
from cityflow_processor.tables import keep

_log = get_logger(__name__)


def process(store: Store, engine: Engine, module: Module, asked: Asked) -> Result:
    """Process the days asked for. Raises StoreUnavailable; what cannot be read is in the result."""
    Runs(store).close_orphans("process")
    result = Result(module.name)
    listing = Listing.take(store, module.name)
    held = read_files(store, engine, module, listing.files, result)
    polygons = references(store, "arrondissements")
    lines = references(store, "referentiel") if module.uses_arcs else References((), ())
    result.unreadable.extend((*polygons.unreadable, *lines.unreadable))
    spec = DaysSpec(module, listing, held, polygons, lines)
    inputs = prepare(store, spec)
    days = _days(module, inputs.sources.files, asked, result)
    task = Task(prepare, process_day, spec, ordered=module.looks_back)
    chosen = changed_days(store, inputs, days) if asked.changed else days
    with progress(f"Processing {module.name}", total=len(days), unit="days") as shown:
        for _, done in engine.run(task, chosen):
            result.days.append(done)
            shown.advance()
    result.days.sort(key=lambda done: done.day)
    _count(store, inputs.sources, [done.day for done in result.days], asked, result)
    return result


def read_files(
    store: Store, engine: Engine, module: Module, entries: Sequence[RawEntry], result: Result
) -> tuple[tuple[RawEntry, Held], ...]:
    """What each file holds, in the order of receipts; those that cannot be read are noted."""
    far = [one for one in entries if engine.sees_local_files or not layout.is_outside(one.key)]
    found: dict[str, Held | str] = {}
    with progress(f"Reading {module.name}", total=len(entries), unit="files") as shown:
        for entry in entries:
            if entry not in far:
                found[entry.key] = _read(store, module, entry)
                shown.advance()
        # One at a time: a file is held in memory while it is read.
        for entry, held in engine.run(Task(_module, _read, module, ordered=True), far):
            found[entry.key] = held
            shown.advance()
    read = []
    for entry in entries:
        held = found[entry.key]
        if isinstance(held, str):
            _log.error("raw file not read", key=entry.key, reason=held)
            result.unreadable.append(held)
        else:
            read.append((entry, held))
    return tuple(read)


def _module(_: Store, module: Module) -> Module:
    return module


def _read(store: Store, module: Module, entry: RawEntry) -> Held | str:
    """What a file holds, or why it cannot be read."""
    try:
        return read_file(store, module, entry).held
    except SourceError as error:
        return str(error)


def _days(module: Module, files: Sequence[ReadFile], asked: Asked, result: Result) -> list[date]:
    """The days to process; if a file cannot be read, no day is said to be without data."""
    rows = [file for file in files if file.held.kind != "list"]
    days = asked.days(rows)
    if module.is_snapshot or not result.unreadable:
        return days
    held = {day for file in rows for day in file.days}
    return [day for day in days if day in held]


def _count(
    store: Store, sources: Sources, days: Sequence[date], asked: Asked, result: Result
) -> None:
    """Count the files of these days; a snapshot counts once for each day that it is used on."""
    wanted = set(days)
    uses = Counter(id(file) for day in days for file in sources.choose(day).files)
    for file in sources.files:
        held = file.held
        if held.kind == "list":
            _count_list(file, result)
            continue
        used = uses[id(file)]
        if not used and asked != Asked():
            continue
        result.files += 1
        if sources.module.is_snapshot:
            result.rows_in += held.rows_in * max(used, 1)
            result.out_of_range += 0 if used else held.rows_in
            continue
        result.rows_in += held.rows_in
        result.out_of_range += _rows_outside(file, wanted)
        _keep_undated(store, sources.module, file, result)


def _count_list(file: ReadFile, result: Result) -> None:
    """A list is no row of any day: its rows count as published with the days, or as rejected."""
    result.files += 1
    result.rows_in += file.held.rows_in
    result.listed += sum(file.held.days.values())
    result.undated_rejects.update(file.rejects(file.first_day)["reason"].to_list())


def _rows_outside(file: ReadFile, wanted: set[date]) -> int:
    counts = (*file.held.days.items(), *file.held.rejects.items())
    return sum(rows for day, rows in counts if day and date.fromisoformat(day) not in wanted)


def _keep_undated(store: Store, module: Module, file: ReadFile, result: Result) -> None:
    undated = file.rejects(None)
    if undated.height:
        result.undated_rejects.update(undated["reason"].to_list())
        key = layout.rejects(module.name, None, file.held.raw_sha256[:12])
        keep(store.objects, key, undated)
