"""What the year before a month tells of each arc: an edition a month, made of its earlier days."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Final

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Counts
from cityflow.contracts.roads_year import PeriodReliability, RoadsYearSummary
from cityflow.contracts.tables import REJECTS
from cityflow.storage import Editions
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.analysis.shelf import EDITION_DIGITS, YEAR, Shelf
from cityflow_processor.comptages.tally import share
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, publish_day
from cityflow_processor.roads.measure import METHOD_VERSION
from cityflow_processor.roads.reliability import PERIODS, reliability, reliable
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.roads.volumes import (
    MONTHS,
    OF_MONTH,
    arcs_table,
    counted,
    month_before,
    year_comparison,
)
from cityflow_processor.tables import WRITER_VERSION, parquet_bytes, schema

_EARLIER: Final = 2 * MONTHS - 1


@dataclass(frozen=True)
class Sources:
    """Editions that a month's is made of: days with data of the year, and months before."""

    month: date
    days: Mapping[date, str]
    months: Mapping[date, str]
    digest: str


@dataclass
class Years:
    """Editions by month, each brought up to date when the first day of the month is looked at.

    `since`: no earlier day has changed, so what stands is made anew only if it would come out
    otherwise.
    """

    shelf: Shelf
    listing: Listing
    since: date | None = None
    _done: set[date] = field(init=False, default_factory=set)

    def before(self, day: date) -> None:
        """See to the edition of the day's month, as the days before it stand now."""
        month = day.replace(day=1)
        if month in self._done:
            return
        self._done.add(month)
        stands = self.listing.editions.get(month) if self.since else None
        if self.since and stands and month <= self.since:
            return
        first = month - timedelta(days=limits().whole("long_window"))
        days = self.shelf.with_data(first, month - timedelta(days=1))
        if days:
            pointers = Editions(self.shelf.store).pointers(
                YEAR, month_before(month, _EARLIER), month_before(month)
            )
            used = sources(self.shelf, month, days, {one.day: one.edition for one in pointers})
            if identity(used) != stands:
                publish_day(self.shelf.store, self.listing, month, partial(built, self.shelf, used))


def sources(
    shelf: Shelf, month: date, days: Mapping[date, str], months: Mapping[date, str]
) -> Sources:
    """What a month's edition is made of, and a digest of what is taken from it."""
    latest = month_before(month)
    signs = {
        "flows": shelf.signs(
            {day: of for day, of in days.items() if day >= latest}, "flows_digest"
        ),
        "indices": shelf.signs(days, "index_digest"),
        "months": {str(one): shelf.months_digest(one, of) for one, of in months.items()},
    }
    return Sources(month, days, months, digest(dumps(signs))[:EDITION_DIGITS])


def built(shelf: Shelf, used: Sources) -> Built:
    """The edition of a month."""
    month, latest = used.month, month_before(used.month)
    month_days = {day: of for day, of in used.days.items() if day >= latest}
    earlier = {month_before(one): shelf.year_arcs(one, of) for one, of in used.months.items()}
    names, indices = shelf.earlier.indices(used.days)
    windows = {
        length: month - timedelta(days=length)
        for length in (limits().whole("short_window"), limits().whole("long_window"))
    }
    steady = reliability(names, indices, windows)
    arcs = arcs_table(month, shelf.earlier.month(month_days), earlier, reliable(steady))
    newest = max(used.days)
    synthetic = shelf.is_synthetic(newest, used.days[newest])
    edition = identity(used)
    summary = RoadsYearSummary(
        day=month,
        edition=edition,
        attribution=attribution_for("comptages", synthetic),
        status="published" if arcs.height else "no_data",
        method_version=METHOD_VERSION,
        thresholds_version=limits().version,
        writer_version=WRITER_VERSION,
        past=used.digest,
        months_digest=digest(parquet_bytes(arcs.select(OF_MONTH)))[:EDITION_DIGITS],
        month_days=len(month_days),
        year_days=len(used.days),
        reliability=tuple(_periods(steady, list(windows))),
        year=year_comparison(month, {**earlier, latest: arcs}),
        **counted(arcs),
    )
    return Built(
        edition=edition,
        describe=partial(summary.model_dump, mode="json"),
        clean=arcs,
        tables={"reliability": steady},
        rejects=pl.DataFrame(schema=schema(REJECTS)),
        counts=Counts(rows_in=arcs.height, published=arcs.height),
        rejected_by_reason={},
        checks=(),
        inputs=(*used.days.values(), *used.months.values()),
    )


def _periods(table: pl.DataFrame, windows: list[int]) -> list[PeriodReliability]:
    found = []
    for window in windows:
        for period, *_ in PERIODS:
            own = table.filter(pl.col("window_days") == window, pl.col("period") == period)
            below = int((own["lottr"] < limits()["lottr"]).sum())
            has_any = own.height > 0
            found.append(
                PeriodReliability(
                    window_days=window,
                    period=period,
                    arcs=own.height,
                    reliable_arcs=below,
                    reliable_share=share(below, own.height),
                    median_buffer_index=_median(own["buffer_index"]) if has_any else None,
                    median_planning_index=_median(own["planning_index"]) if has_any else None,
                )
            )
    return found


def _median(values: pl.Series) -> float:
    return float(statistics.median(values.to_list()))


def identity(used: Sources) -> str:
    """The edition of a month: of its sources, by content, of thresholds, method and writer."""
    facts = {
        "dataset": YEAR,
        "month": str(used.month),
        "past": used.digest,
        "thresholds": limits().version,
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(facts))[:EDITION_DIGITS]
