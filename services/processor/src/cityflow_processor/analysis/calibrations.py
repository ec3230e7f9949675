"""The calibration of a month: an edition made of the clean hours of the 90 days before it."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial

import polars as pl

from cityflow.attribution import attribution_for
from cityflow.contracts import Counts
from cityflow.contracts.roads import CalibrationSummary
from cityflow.contracts.tables import REJECTS
from cityflow.storage import Editions, layout
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.analysis.shelf import CALIBRATION, EDITION_DIGITS, Shelf, Used
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, publish_day
from cityflow_processor.roads.calibration import calibrate, window
from cityflow_processor.roads.measure import METHOD_VERSION
from cityflow_processor.roads.thresholds import limits
from cityflow_processor.tables import WRITER_VERSION, schema


@dataclass
class Calibrations:
    """Calibrations by month, each published when the first day of it is processed."""

    shelf: Shelf
    listing: Listing
    _last: str | None = field(init=False, default=None)

    def of_day(self, day: date) -> str | None:
        """The edition for a day's month, as the days before the month stand now; it is published
        if it was not. None where no earlier day is analysed.
        """
        month = day.replace(day=1)
        used = self.shelf.used(*window(month), "clean_digest")
        if used.digest is None:
            return None
        edition = identity(month, used)
        if edition != self._last and not self._stands(month, edition):
            build = partial(built, self.shelf, month, used)
            publish_day(self.shelf.store, self.listing, month, build)
        self._last = edition
        return edition

    def _stands(self, month: date, edition: str) -> bool:
        editions = Editions(self.shelf.store)
        pointer = editions.current(CALIBRATION, month)
        if pointer is None or pointer.edition != edition:
            return False
        key = layout.clean(CALIBRATION, month, edition)
        is_whole = editions.document(CALIBRATION, month, edition) is not None
        return is_whole and self.shelf.store.objects.size(key) is not None


def identity(month: date, used: Used) -> str:
    """The edition of a month's calibration from the hours of its window."""
    facts = {
        "dataset": CALIBRATION,
        "month": str(month),
        "past": used.digest,
        "thresholds": limits().version,
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
    }
    return digest(dumps(facts))[:EDITION_DIGITS]


def built(shelf: Shelf, month: date, used: Used) -> Built:
    """The edition of a month."""
    newest = max(used.editions)
    synthetic = shelf.is_synthetic(newest, used.editions[newest])
    table = calibrate(month, shelf.clean_hours(used))
    calibrated = table.height - table["pace_free"].null_count()
    first, last = window(month)
    edition = identity(month, used)
    summary = CalibrationSummary(
        day=month,
        edition=edition,
        attribution=attribution_for("comptages", synthetic),
        status="published" if calibrated else "no_data",
        method_version=METHOD_VERSION,
        thresholds_version=limits().version,
        writer_version=WRITER_VERSION,
        first_day=first,
        last_day=last,
        days=len(used.editions),
        past=used.digest,
        arcs=table.height,
        arcs_calibrated=calibrated,
    )
    return Built(
        edition=edition,
        describe=partial(summary.model_dump, mode="json"),
        clean=table,
        tables={},
        rejects=pl.DataFrame(schema=schema(REJECTS)),
        counts=Counts(rows_in=table.height, published=table.height),
        rejected_by_reason={},
        checks=(),
        inputs=tuple(used.editions.values()),
    )
