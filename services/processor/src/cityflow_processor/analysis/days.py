"""One day's analysis: read what it is made of, measure, audit, publish."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import polars as pl

from cityflow.contracts import Counts
from cityflow.contracts.base import credit_of
from cityflow.contracts.roads import RoadsContext, RoadsFullness, RoadsQuality, RoadsSummary
from cityflow.contracts.tables import REJECTS
from cityflow.storage.canonical import digest, dumps
from cityflow_processor import published
from cityflow_processor.analysis.calibrations import Calibrations
from cityflow_processor.analysis.earlier import OF_HEADS, OF_HOURS, OF_INDEX
from cityflow_processor.analysis.shelf import ANALYSIS, EDITION_DIGITS, Looked, Shelf, Used
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, DayDone, publish_day
from cityflow_processor.records.history_gates import Fullness
from cityflow_processor.roads.measure import METHOD_VERSION, analyse
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import WRITER_VERSION, parquet_bytes, schema


@dataclass(frozen=True)
class Sources:
    """All that a day is analysed with: the counts' edition, its calibration, earlier days."""

    day: date
    counts: str
    calibration: str | None
    past: Used
    looked: Looked


def process_day(
    shelf: Shelf, listing: Listing, calibrations: Calibrations, day: date, counts: str
) -> DayDone:
    """Analyse one day, which the later ones may then look back at. Raises StoreUnavailable."""

    def build() -> Built:
        return built(shelf, sources(shelf, calibrations, day, counts))

    done = publish_day(shelf.store, listing, day, build)
    shelf.published(day)
    return done


def sources(shelf: Shelf, calibrations: Calibrations, day: date, counts: str) -> Sources:
    """What a day is analysed with, as the editions stand now; reads no table."""
    past = shelf.used(first_of_health(day), day - timedelta(days=1), "health_digest")
    return Sources(day, counts, calibrations.of_day(day), past, shelf.looked(day))


def first_of_health(day: date) -> date:
    """The first of the days whose health a day looks at."""
    return day - timedelta(days=limits().whole("history_days"))


def built(shelf: Shelf, sources: Sources) -> Built:
    """The edition of a day, audited."""
    day, counts = sources.day, sources.counts
    document = published.document(shelf.store, "comptages", day, counts)
    read = shelf.counts(day, counts, document)
    before = shelf.before(read.arcs, sources.past, sources.looked)
    calibration = shelf.calibration(day.replace(day=1), sources.calibration)
    found = analyse(day, read, calibration, before)
    edition = identity(sources)
    credit = credit_of(document)
    summary = RoadsSummary(
        day=day,
        edition=edition,
        attribution=credit.attribution,
        context_attributions=credit.context_attributions,
        status=document["status"],
        method_version=METHOD_VERSION,
        thresholds_version=limits().version,
        writer_version=WRITER_VERSION,
        context=RoadsContext(
            comptages=counts,
            calibration=sources.calibration,
            past=sources.past.digest,
            health_digest=_sign(found.tables["health"]),
            clean_digest=_sign(found.clean),
            earlier=sources.looked.digest,
            flows_digest=_sign(found.tables["hours"].select(OF_HOURS)),
            index_digest=_sign(found.tables["index"].select(OF_INDEX)),
            heads_digest=_sign(found.tables["bottlenecks"].select(OF_HEADS).sort(OF_HEADS)),
        ),
        quality=RoadsQuality(fullness=_told(found.fullness), checks=found.checks),
        **found.blocks,
    )
    calibrated = [sources.calibration] if sources.calibration else []
    return Built(
        edition=edition,
        describe=partial(summary.model_dump, mode="json"),
        clean=found.clean,
        tables=found.tables,
        rejects=pl.DataFrame(schema=schema(REJECTS)),
        counts=Counts(rows_in=read.arcs.height, published=read.arcs.height),
        rejected_by_reason={},
        checks=found.checks,
        inputs=(counts, *calibrated, *_days_used(sources)),
    )


def _told(full: Fullness) -> RoadsFullness:
    return RoadsFullness(
        hours=full.hours,
        expected_hours=full.expected_hours,
        present=full.present,
        coverage=full.coverage,
    )


def _days_used(sources: Sources) -> list[str]:
    """Editions of earlier days, each once, in order of date."""
    editions = {**sources.looked.editions, **sources.past.editions}
    return [editions[day] for day in sorted(editions)]


def identity(sources: Sources) -> str:
    """The edition of a day: of its sources, by content, of thresholds, method and writer."""
    facts = {
        "dataset": ANALYSIS,
        "day": str(sources.day),
        "comptages": sources.counts,
        "calibration": sources.calibration,
        "past": sources.past.digest,
        "earlier": sources.looked.digest,
        "thresholds": limits().version,
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(facts))[:EDITION_DIGITS]


def _sign(frame: pl.DataFrame) -> str:
    """A digest of a table as it is published."""
    return digest(parquet_bytes(frame))[:EDITION_DIGITS]
