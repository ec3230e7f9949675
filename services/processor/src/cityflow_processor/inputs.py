"""What the days of one run are made from: raw files that are split, and the reference data."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from cityflow.storage import Objects, Store
from cityflow_processor.comptages.resolve import PartRows
from cityflow_processor.comptages.shared_rows import SharedRows
from cityflow_processor.listing import Listing
from cityflow_processor.reading.parts import FileManifest, PartsCache
from cityflow_processor.reading.split import RawFile
from cityflow_processor.reference.geographies import Geographies
from cityflow_processor.reference.in_force import References


@dataclass(eq=False)
class SplitFile:
    """A raw file whose parts are ready, in the order of receipts."""

    manifest: FileManifest
    parts: PartsCache
    synthetic: bool

    @property
    def days(self) -> set[date]:
        """Days of which it holds a row or a reject."""
        return {date.fromisoformat(d) for d in (*self.manifest.days, *self.manifest.rejects)}

    @cached_property
    def arcs(self) -> pl.Series:
        """Identifiers of the file's arcs."""
        return self.parts.file_frame("arcs").to_series()

    @cached_property
    def attributes(self) -> SharedRows:
        """Distinct attributes of the file's arcs."""
        return SharedRows(self.parts.file_frame("attributes"))

    @cached_property
    def rejects(self) -> pl.DataFrame:
        """Rejects of the file, with its digest, in the columns of the contract and the day."""
        frame = self.parts.file_frame("rejects")
        return frame.select(pl.lit(self.manifest.raw_sha256).alias("raw_sha256"), pl.all())

    def rows(self, day: date) -> PartRows:
        """The file's rows of a day that it covers."""
        return PartRows(self.parts.part(day), self.arcs, self.attributes)


@dataclass(frozen=True)
class HeldFile:
    """A raw file that is split, as one process tells it another."""

    manifest: FileManifest
    file: RawFile

    def open(self, objects: Objects) -> SplitFile:
        """The file with its parts."""
        return SplitFile(self.manifest, self.file.cache(objects), self.file.entry.meta.synthetic)


@dataclass(frozen=True)
class DaysSpec:
    """All that the days of one run are made from."""

    listing: Listing
    files: tuple[HeldFile, ...]
    zones: References
    loops: References


@dataclass(frozen=True)
class Inputs:
    """The same, opened where the days are made."""

    listing: Listing
    files: list[SplitFile]
    geographies: Geographies

    def held(self, day: date) -> list[SplitFile]:
        """The files that hold a row or a reject of a day."""
        return self._by_day.get(day, [])

    def known_by(self, day: date) -> list[SplitFile]:
        """The files from which a day is known, in the order of receipts.

        That a day has no data is known from the days around it: from the files that hold the
        nearest one before or after.
        """
        if held := self.held(day):
            return held
        at = bisect_left(self._days, day)
        around = {id(f) for one in self._days[max(0, at - 1) : at + 1] for f in self.held(one)}
        return [file for file in self.files if id(file) in around]

    def is_synthetic(self, day: date) -> bool:
        """Whether what is known of a day was generated."""
        return any(file.synthetic for file in self.known_by(day))

    @cached_property
    def _by_day(self) -> dict[date, list[SplitFile]]:
        found: dict[date, list[SplitFile]] = defaultdict(list)
        for file in self.files:
            for day in file.days:
                found[day].append(file)
        return dict(found)

    @cached_property
    def _days(self) -> list[date]:
        return sorted(self._by_day)


def prepare(store: Store, spec: DaysSpec) -> Inputs:
    """Open what the days of one run are made from."""
    files = [held.open(store.objects) for held in spec.files]
    return Inputs(spec.listing, files, Geographies(store, spec.zones, spec.loops))
