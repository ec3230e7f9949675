"""Days of a small dataset: read what is new, then process each day in order of date."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from cityflow.attribution import attribution_for
from cityflow.console import progress
from cityflow.errors import SourceError
from cityflow.storage import RawEntry, Runs, Store, layout
from cityflow.telemetry import get_logger
from cityflow_processor.backfill import Asked
from cityflow_processor.daily.files import ReadFile, read_file
from cityflow_processor.daily.past import Past
from cityflow_processor.daily.publish import Sources, process_day
from cityflow_processor.listing import Listing
from cityflow_processor.records.arcs import Arcs
from cityflow_processor.records.districts import Districts
from cityflow_processor.records.module import Module
from cityflow_processor.records.places import Places
from cityflow_processor.reference.loops import loops
from cityflow_processor.reference.versions import References, Version, load, references
from cityflow_processor.reference.zones import zones
from cityflow_processor.result import Result
from cityflow_processor.tables import keep

_log = get_logger(__name__)


def process(store: Store, module: Module, asked: Asked) -> Result:
    """Process the days asked for. Raises StoreUnavailable; what cannot be read is in the result."""
    Runs(store).close_orphans("process")
    result = Result(module.name)
    listing = Listing.take(store, module.name)
    files = _read_files(store, module, listing.files, result)
    places = _Places(store, module)
    result.unreadable.extend(places.unreadable)
    days = _days(module, files, asked, result)
    sources = Sources(module, listing, tuple(files), Past(store, module))
    _count(store, sources, days, asked, result)
    with progress(f"Processing {module.name}", total=len(days), unit="days") as shown:
        for day in days:
            result.days.append(process_day(store, sources, places.of_day(day), day))
            shown.advance()
    return result


class _Places:
    """Reference data by day; days of the same versions share it."""

    def __init__(self, store: Store, module: Module) -> None:
        self._store = store
        self._polygons = references(store, "arrondissements")
        self._lines = references(store, "referentiel") if module.uses_arcs else References((), ())
        self._districts: dict[str, Districts] = {}
        self._arcs: dict[str, Arcs] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Reference files that cannot be read."""
        return (*self._polygons.unreadable, *self._lines.unreadable)

    def of_day(self, day: date) -> Places:
        """What is in force on the day."""
        districts, arcs = Districts(), Arcs()
        if (polygons := self._polygons.in_force(day)) is not None:
            if polygons.key not in self._districts:
                self._districts[polygons.key] = self._zones(polygons)
            districts = self._districts[polygons.key]
        if (lines := self._lines.in_force(day)) is not None:
            if lines.key not in self._arcs:
                self._arcs[lines.key] = self._loops(lines)
            arcs = self._arcs[lines.key]
        return Places(districts, arcs)

    def _zones(self, version: Version) -> Districts:
        credit = attribution_for("arrondissements", version.synthetic)
        return Districts(version.edition, tuple(zones(load(self._store, version))), (credit,))

    def _loops(self, version: Version) -> Arcs:
        credit = attribution_for("referentiel", version.synthetic)
        return Arcs(version.edition, loops(load(self._store, version)), (credit,))


def _read_files(
    store: Store, module: Module, entries: Sequence[RawEntry], result: Result
) -> list[ReadFile]:
    files = []
    with progress(f"Reading {module.name}", total=len(entries), unit="files") as shown:
        for entry in entries:
            try:
                files.append(read_file(store, module, entry))
            except SourceError as error:
                _log.error("raw file not read", key=entry.key, reason=str(error))
                result.unreadable.append(str(error))
            shown.advance()
    return files


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
