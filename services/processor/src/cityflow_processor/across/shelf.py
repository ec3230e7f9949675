"""What the days across datasets are made of, read once: documents, tables, volumes by arc."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from cityflow.contracts import Dataset
from cityflow.storage import Editions, Store, layout
from cityflow_processor import published
from cityflow_processor.across.like import Ints, Sky, Volumes

ROADS: Final = Dataset.ROADS_ANALYSIS.value
BESIDE: Final = (Dataset.CHANTIERS.value, Dataset.TRAFFIC.value, Dataset.WEATHER.value)
# A day is some 70 KB: those of a season and of the works that began in it.
_DAYS_HELD: Final = 160
_DOCUMENTS_HELD: Final = 8
Json = Mapping[str, Any]


class NearArc(NamedTuple):
    """An active work and an arc near it."""

    work_id: str
    start: date
    impact: str
    impact_weight: float | None
    arc_id: str


@dataclass
class Shelf:
    """Current editions of the datasets, and what was read of them."""

    store: Store
    pointers: Mapping[str, Mapping[date, str]] = field(init=False)
    _briefs: dict[tuple[str, str], Json] = field(init=False, default_factory=dict)
    _documents: OrderedDict[str, Json] = field(init=False, default_factory=OrderedDict)
    _works: tuple[str, list[NearArc]] | None = field(init=False, default=None)
    _volumes: OrderedDict[str, tuple[Ints, Volumes]] = field(
        init=False, default_factory=OrderedDict
    )
    _codes: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        editions = Editions(self.store)
        self.pointers = {
            name: {one.day: one.edition for one in editions.pointers(name)}
            for name in (ROADS, *BESIDE)
        }

    def document(self, dataset: str, day: date, edition: str) -> Json:
        """A summary; the last ones are held."""
        if edition not in self._documents:
            self._documents[edition] = published.document(self.store, dataset, day, edition)
            if len(self._documents) > _DOCUMENTS_HELD:
                self._documents.popitem(last=False)
        return self._documents[edition]

    def sky(self, day: date, edition: str) -> Sky:
        """The weather of a day at its place of reference."""
        reference = self._brief(BESIDE[-1], day, edition)["reference"]
        if reference is None:
            return Sky("unknown", None)
        return Sky(reference["category"], reference["temperature_c"])

    def flows_digest(self, day: date, edition: str) -> str:
        """What the volumes of a day follow from, by content."""
        return str(self._brief(ROADS, day, edition)["context"]["flows_digest"])

    def has_flows(self, day: date, edition: str) -> bool:
        """Whether an analysis tells volumes: it has data, and is of a method that does."""
        found = self._brief(ROADS, day, edition)
        return found["status"] != "no_data" and bool(found["context"].get("flows_digest"))

    def works(self, day: date, edition: str) -> list[NearArc]:
        """The active works near arcs."""
        if self._works is None or self._works[0] != edition:
            self._works = edition, self._works_of(day, edition)
        return self._works[1]

    def _works_of(self, day: date, edition: str) -> list[NearArc]:
        dataset = BESIDE[0]
        if self.document(dataset, day, edition)["status"] == "no_data":
            return []
        columns = ("work_id", "impact", "impact_weight", "arc_id")
        pairs = self.table(dataset, day, edition, "exposed_arcs", columns)
        works = self.table(dataset, day, edition, "works", ("work_id", "start"))
        starts = dict(works.iter_rows())
        return [NearArc(row[0], starts[row[0]], *row[1:]) for row in pairs.iter_rows()]

    def near_stops(self, day: date, edition: str) -> pl.DataFrame | None:
        """Disrupted stops near arcs: arc_id, stop_id, blocked_s; None if they are not told."""
        dataset = BESIDE[1]
        document = self.document(dataset, day, edition)
        stops = document.get("stops")
        is_told = stops is not None and (stops["placed"] or not stops["stops"])
        if not is_told or document["context"]["referentiel"] is None:
            return None
        columns = ("arc_id", "stop_id", "blocked_s")
        return self.table(dataset, day, edition, "near_arcs", columns)

    def _brief(self, dataset: str, day: date, edition: str) -> Json:
        """What later days look at of a summary."""
        key = dataset, edition
        if key not in self._briefs:
            found = self.document(dataset, day, edition)
            kept = ("context", "status", "reference")
            self._briefs[key] = {name: found[name] for name in kept if name in found}
        return self._briefs[key]

    def arcs(self, day: date, edition: str) -> pl.DataFrame:
        """arc_id, label and arrondissement of the arcs known on a day, by arc_id."""
        columns = ("arc_id", "label", "arrondissement")
        return self.table(ROADS, day, edition, "health", columns).sort("arc_id")

    def stack(
        self, arcs: Sequence[str], days: Sequence[date], editions: Mapping[date, str]
    ) -> Volumes:
        """Volumes of days by arc, NaN where there is none: days × arcs."""
        held = [self._volumes_of(day, editions[day]) for day in days]
        own = self._code(arcs)
        place = np.full(len(self._codes), -1, dtype=np.int64)
        place[own] = np.arange(own.size)
        found = np.full((len(days), own.size), np.nan)
        for row, (codes, volumes) in zip(found, held, strict=True):
            at = place[codes]
            row[at[at >= 0]] = volumes[at >= 0]
        return found

    def table(
        self, dataset: str, day: date, edition: str, name: str, columns: Sequence[str]
    ) -> pl.DataFrame:
        """Columns of a published table."""
        return published.table(self.store, layout.table(dataset, day, edition, name), columns)

    def _volumes_of(self, day: date, edition: str) -> tuple[Ints, Volumes]:
        if edition not in self._volumes:
            rows = self.table(ROADS, day, edition, "arc_days", ("arc_id", "adt_veh")).drop_nulls()
            codes = self._code(rows["arc_id"].to_list())
            self._volumes[edition] = codes, rows["adt_veh"].cast(pl.Float64).to_numpy()
            if len(self._volumes) > _DAYS_HELD:
                self._volumes.popitem(last=False)
        self._volumes.move_to_end(edition)
        return self._volumes[edition]

    def _code(self, arcs: Sequence[str]) -> Ints:
        codes = [self._codes.setdefault(arc, len(self._codes)) for arc in arcs]
        return np.array(codes, dtype=np.int64)
