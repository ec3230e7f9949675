"""The analysis of all days asked for that have counts, in order of date."""

from cityflow.console import progress
from cityflow.storage import Editions, Runs, Store
from cityflow_processor.analysis.calibrations import Calibrations
from cityflow_processor.analysis.days import identity, process_day, sources
from cityflow_processor.analysis.shelf import ANALYSIS, CALIBRATION, YEAR, Shelf
from cityflow_processor.analysis.years import Years
from cityflow_processor.asked import Asked
from cityflow_processor.listing import Listing
from cityflow_processor.result import Result


def process(store: Store, asked: Asked) -> Result:
    """Analyse the published days of the counts that are asked for. Raises StoreUnavailable."""
    Runs(store).close_orphans("process")
    result = Result(ANALYSIS)
    listing, shelf = Listing.take(store, ANALYSIS), Shelf(store)
    calibrations = Calibrations(shelf, Listing.take(store, CALIBRATION))
    years = Years(shelf, Listing.take(store, YEAR), asked.first if asked.changed else None)
    counted = {one.day: one.edition for one in Editions(store).pointers("comptages")}
    days = [day for day in counted if asked.includes(day)]
    with progress("Analysing roads", total=len(days), unit="days") as shown:
        for day in days:
            shown.advance()
            years.before(day)
            if asked.changed:
                found = identity(sources(shelf, calibrations, day, counted[day]))
                if found == shelf.edition(day):
                    continue
            done = process_day(shelf, listing, calibrations, day, counted[day])
            result.days.append(done)
            result.rows_in += done.counts.rows_in
    return result
