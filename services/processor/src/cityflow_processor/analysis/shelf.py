"""Published tables of the counts and of the analysis, read once; small partials of earlier days."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from cityflow.contracts import Dataset, Pointer
from cityflow.contracts.base import credit_of
from cityflow.storage import Editions, Store, layout
from cityflow.storage.canonical import digest, dumps
from cityflow_processor import published
from cityflow_processor.analysis.earlier import EarlierDays
from cityflow_processor.records.history_gates import Fullness
from cityflow_processor.roads.before import Before, Looks, looks
from cityflow_processor.roads.calibration import DAY, no_calibration
from cityflow_processor.roads.down import no_past
from cityflow_processor.roads.measure import Counts
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.volumes import OF_MONTH

ANALYSIS: Final = Dataset.ROADS_ANALYSIS.value
CALIBRATION: Final = "roads_calibration"
YEAR: Final = "roads_year"
EDITION_DIGITS: Final = 20
_OF_ARCS: Final = (
    "arc_id", "label", "arrondissement", "length_m", "arc_status", "flow_hours",
    "occupancy_hours", "flow_veh", "node_from_id", "node_to_id",
)  # fmt: skip
_OF_HOURS: Final = ("arc_id", "hour_end", "flow_veh", "occupancy_pct")
_FULLNESS: Final = ("hours", "expected_hours", "present")


@dataclass(frozen=True)
class Used:
    """Editions of some days, by day, and a digest of what is taken from them; None: no day."""

    editions: Mapping[date, str]
    digest: str | None


@dataclass(frozen=True)
class Looked(Used):
    """The same of the days that a day is compared with."""

    looks: Looks
    fuller: tuple[Fullness, ...]


@dataclass
class Shelf:
    """What a day is analysed with. Editions published by this process are told by `published`."""

    store: Store
    _pointers: dict[date, Pointer] = field(init=False)
    _health: dict[tuple[date, str], pl.DataFrame] = field(init=False, default_factory=dict)
    _contexts: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)
    _calibration: tuple[str | None, pl.DataFrame] = field(init=False)
    earlier: EarlierDays = field(init=False)

    def __post_init__(self) -> None:
        self.earlier = EarlierDays(self._columns)
        self._calibration = None, no_calibration()
        self._pointers = {one.day: one for one in Editions(self.store).pointers(ANALYSIS)}

    def published(self, day: date) -> None:
        """The current edition of a day may be another one now."""
        if pointer := Editions(self.store).current(ANALYSIS, day):
            self._pointers[day] = pointer

    def edition(self, day: date) -> str | None:
        """The current edition of a day's analysis."""
        return self._pointers[day].edition if day in self._pointers else None

    def used(self, first: date, last: date, digest_name: str) -> Used:
        """The analysed days of a range, and the digest of one of their tables by its name."""
        days = [day for day in sorted(self._pointers) if first <= day <= last]
        return self.given({day: self._pointers[day].edition for day in days}, digest_name)

    def given(self, editions: Mapping[date, str], digest_name: str) -> Used:
        """The same of given editions."""
        signs = {str(d): self._context(d, of)[digest_name] for d, of in editions.items()}
        return Used(editions, digest(dumps(signs))[:EDITION_DIGITS] if signs else None)

    def looked(self, day: date) -> Looked:
        """The days that a day is compared with."""
        return self.looked_of(day, self.with_data(date.min, day - timedelta(days=1)))

    def with_data(self, first: date, last: date) -> dict[date, str]:
        """Editions of the analysed days of a range that have data, in order."""
        known = [day for day in sorted(self._pointers) if first <= day <= last]
        pointers = [self._pointers[day] for day in known]
        return {one.day: one.edition for one in pointers if one.status != "no_data"}

    def signs(self, editions: Mapping[date, str], name: str) -> dict[str, str | None]:
        """One of the digests of each of these days."""
        return {str(day): self._context(day, of).get(name) for day, of in editions.items()}

    def months_digest(self, month: date, edition: str) -> str:
        """The digest of the volumes of an edition of the year."""
        return str(published.document(self.store, YEAR, month, edition)["months_digest"])

    def year_arcs(self, month: date, edition: str) -> pl.DataFrame:
        """The volumes of an edition of the year."""
        return published.table(self.store, layout.clean(YEAR, month, edition), OF_MONTH)

    def is_synthetic(self, day: date, edition: str) -> bool:
        """Whether an analysed day rests on what the simulator drew."""
        return credit_of(published.document(self.store, ANALYSIS, day, edition)).is_synthetic

    def looked_of(self, day: date, held: Mapping[date, str]) -> Looked:
        """The same, of days with data. What an earlier method analysed tells nothing of flows."""
        wanted = looks(day, sorted(held))
        first = day - timedelta(days=limits().whole("volume_days"))
        fuller = tuple(
            Fullness(one, **figures)
            for one in sorted(held)
            if first <= one < day and (figures := self._context(one, held[one])["fullness"])
        )
        contexts = {one: self._context(one, held[one]) for one in wanted.days}
        told = [one for one, context in contexts.items() if context.get("flows_digest")]
        found = wanted if len(told) == len(contexts) else looks(day, told)
        signs = {
            role: {str(one): contexts[one][name] for one in days}
            for role, days, name in (
                ("same", found.same, "flows_digest"),
                ("group", found.group, "flows_digest"),
                ("others", [one for _, one in found.others], "flows_digest"),
                ("working", found.working, "heads_digest"),
            )
        }
        days = sorted({*found.days, *(one.day for one in fuller)})
        told_of = {**signs, "fullness": {str(one.day): _figures(one) for one in fuller}}
        sign = digest(dumps(told_of))[:EDITION_DIGITS] if days else None
        return Looked({one: held[one] for one in days}, sign, found, fuller)

    def before(self, arcs: pl.DataFrame, past: Used, looked: Looked) -> Before:
        """All earlier days that a day with these arcs is measured against."""
        health = self.health(past)
        found = self.earlier.before(arcs["arc_id"].to_list(), looked.looks, looked.editions, health)
        return replace(found, fuller=looked.fuller)

    def health(self, used: Used) -> pl.DataFrame:
        """The tables `health` of these days, with a column `day`."""
        if used.editions:
            earliest = min(used.editions)
            self._health = {key: one for key, one in self._health.items() if key[0] >= earliest}
        return pl.concat([no_past(), *(self._health_of(*one) for one in used.editions.items())])

    def clean_hours(self, used: Used) -> pl.DataFrame:
        """The clean hours of these days, with a column `day`; arcs as Categorical."""
        shared = pl.Categorical(pl.Categories.random())
        columns = {"arc_id": shared, "flow_veh": pl.Int64(), "pace": pl.Float64()}
        frames = [pl.DataFrame(schema={DAY: pl.Date(), **columns})]
        for day, edition in used.editions.items():
            rows = published.table(self.store, layout.clean(ANALYSIS, day, edition), tuple(columns))
            keyed = rows.with_columns(pl.col("arc_id").cast(shared))
            frames.append(keyed.select(pl.lit(day).alias(DAY), *columns))
        return pl.concat(frames)

    def calibration(self, month: date, edition: str | None) -> pl.DataFrame:
        """The table of a calibration; the last one is held."""
        if edition is None:
            return no_calibration()
        if self._calibration[0] != edition:
            table = published.table(self.store, layout.clean(CALIBRATION, month, edition))
            self._calibration = edition, table
        return self._calibration[1]

    def counts(self, day: date, edition: str, document: Mapping[str, Any]) -> Counts:
        """What an edition of the counts publishes."""
        return Counts(
            self._columns_of("comptages", day, edition, "arcs", _OF_ARCS),
            self._columns_of("comptages", day, edition, "arc_hours", _OF_HOURS),
            document["hours_expected"],
            document["totals"]["flow_veh"],
        )

    def _health_of(self, day: date, edition: str) -> pl.DataFrame:
        key = day, edition
        if key not in self._health:
            whole = published.table(self.store, layout.table(ANALYSIS, day, edition, "health"))
            self._health[key] = whole.select(pl.lit(day).alias(DAY), pl.all())
        return self._health[key]

    def _columns(
        self, day: date, edition: str, name: str, columns: tuple[str, ...]
    ) -> pl.DataFrame:
        return self._columns_of(ANALYSIS, day, edition, name, columns)

    def _columns_of(
        self, dataset: str, day: date, edition: str, name: str, columns: tuple[str, ...]
    ) -> pl.DataFrame:
        return published.table(self.store, layout.table(dataset, day, edition, name), columns)

    def has_data(self, day: date, edition: str) -> bool:
        """Whether an edition of the analysis is of a day with data."""
        return bool(self._context(day, edition)["status"] != "no_data")

    def _context(self, day: date, edition: str) -> dict[str, Any]:
        if edition not in self._contexts:
            document = published.document(self.store, ANALYSIS, day, edition)
            told = document["quality"].get("fullness")  # not by an earlier method
            figures = {name: told[name] for name in _FULLNESS} if told else None
            self._contexts[edition] = {
                **document["context"], "status": document["status"], "fullness": figures
            }  # fmt: skip
        return self._contexts[edition]


def _figures(fullness: Fullness) -> list[int]:
    return [getattr(fullness, name) for name in _FULLNESS]
