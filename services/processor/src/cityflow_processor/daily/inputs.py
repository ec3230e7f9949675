"""What the days of one run of a small dataset are made from, told and opened there."""

from dataclasses import dataclass
from datetime import date

from cityflow.attribution import attribution_for
from cityflow.storage import RawEntry, Store
from cityflow_processor.daily.cache import Held
from cityflow_processor.daily.files import ReadFile, cache_of
from cityflow_processor.daily.past import Past
from cityflow_processor.daily.publish import Sources, process_day
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import DayDone
from cityflow_processor.records.arcs import Arcs
from cityflow_processor.records.districts import Districts
from cityflow_processor.records.module import Module
from cityflow_processor.records.places import Places
from cityflow_processor.reference.in_force import References, Version
from cityflow_processor.reference.loops import loops
from cityflow_processor.reference.tables import districts, load


@dataclass(frozen=True)
class DaysSpec:
    """All that the days of one run are made from, as one process tells it another."""

    module: Module
    listing: Listing
    files: tuple[tuple[RawEntry, Held], ...]
    polygons: References
    lines: References


@dataclass(frozen=True)
class Inputs:
    """The same, opened where the days are made."""

    sources: Sources
    in_force: "InForce"


def prepare(store: Store, spec: DaysSpec) -> Inputs:
    """Open what the days of one run are made from."""
    files = tuple(
        ReadFile(entry, held, cache_of(store, spec.module, entry)) for entry, held in spec.files
    )
    sources = Sources(spec.module, spec.listing, files, Past(store, spec.module))
    return Inputs(sources, InForce(store, spec.polygons, spec.lines))


def process(store: Store, inputs: Inputs, day: date) -> DayDone:
    """Process one day. Raises StoreUnavailable."""
    return process_day(store, inputs.sources, inputs.in_force.of_day(day), day)


class InForce:
    """Reference data by day; days of the same versions share it."""

    def __init__(self, store: Store, polygons: References, lines: References) -> None:
        self._store = store
        self._polygons = polygons
        self._lines = lines
        self._districts: dict[str, Districts] = {}
        self._arcs: dict[str, Arcs] = {}

    def of_day(self, day: date) -> Places:
        """What is in force on the day."""
        zones, arcs = Districts(), Arcs()
        if (polygons := self._polygons.in_force(day)) is not None:
            if polygons.key not in self._districts:
                self._districts[polygons.key] = districts(self._store, polygons)
            zones = self._districts[polygons.key]
        if (lines := self._lines.in_force(day)) is not None:
            if lines.key not in self._arcs:
                self._arcs[lines.key] = self._loops(lines)
            arcs = self._arcs[lines.key]
        return Places(zones, arcs)

    def _loops(self, version: Version) -> Arcs:
        credit = attribution_for("referentiel", version.synthetic)
        return Arcs(version.edition, loops(load(self._store, version)), (credit,))
