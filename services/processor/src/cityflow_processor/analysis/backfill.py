"""The analysis of all days asked for that have counts, in order of date."""

from collections.abc import Sequence
from datetime import date

from cityflow.console import progress
from cityflow.storage import Editions, Runs, Store
from cityflow_processor.analysis.calibrations import Calibrations
from cityflow_processor.analysis.days import process_day
from cityflow_processor.analysis.shelf import ANALYSIS, CALIBRATION, YEAR, Shelf
from cityflow_processor.analysis.years import Years
from cityflow_processor.backfill import Asked
from cityflow_processor.listing import Listing
from cityflow_processor.result import Result


def process(store: Store, asked: Asked) -> Result:
    """Analyse the published days of the counts that are asked for. Raises StoreUnavailable."""
    Runs(store).close_orphans("process")
    result = Result(ANALYSIS)
    listing, shelf = Listing.take(store, ANALYSIS), Shelf(store)
    calibrations = Calibrations(shelf, Listing.take(store, CALIBRATION))
    years = Years(shelf, Listing.take(store, YEAR))
    counted = {one.day: one.edition for one in Editions(store).pointers("comptages")}
    days = _days(asked, list(counted))
    with progress("Analysing roads", total=len(days), unit="days") as shown:
        for day in days:
            years.before(day)
            done = process_day(shelf, listing, calibrations, day, counted[day])
            result.days.append(done)
            result.rows_in += done.counts.rows_in
            shown.advance()
    return result


def _days(asked: Asked, counted: Sequence[date]) -> list[date]:
    if asked.only:
        return [day for day in sorted(asked.only) if day in set(counted)]
    first, last = asked.first or date.min, asked.last or date.max
    return [day for day in counted if first <= day <= last]
