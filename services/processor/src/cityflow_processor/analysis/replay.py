"""Analyses and calibrations of the ledger given back, from the editions that their runs name."""

from collections.abc import Mapping, Sequence
from datetime import date

from cityflow.contracts import Run
from cityflow.storage import Store
from cityflow_processor.analysis import calibrations, days, years
from cityflow_processor.analysis.shelf import ANALYSIS, CALIBRATION, YEAR, Shelf
from cityflow_processor.publishing import Built
from cityflow_processor.replayed import Replayed, give_back, published_runs

_NAMES = (ANALYSIS, CALIBRATION, YEAR)


def replay(store: Store) -> Replayed:
    """Give back every edition of all three, in the order of their runs; the counts stand again."""
    # A calibration is published while the day that needs it first is being analysed.
    runs = [run for name in _NAMES for run in published_runs(store, name)]
    return give_back(store, runs, lambda run: _built(Shelf(store), runs, run))


def _built(shelf: Shelf, runs: Sequence[Run], run: Run) -> Built:
    """The edition of a run. KeyError: it names an edition that no run published."""
    analysed, calibrated, yearly = (
        {one.edition: one.day for one in runs if one.dataset == name} for name in _NAMES
    )
    if run.dataset == CALIBRATION:
        used = shelf.given(_by_day(run.inputs, analysed), "clean_digest")
        return calibrations.built(shelf, run.day, used)
    if run.dataset == YEAR:
        of_days = _by_day([one for one in run.inputs if one in analysed], analysed)
        of_months = _by_day([one for one in run.inputs if one not in analysed], yearly)
        return years.built(shelf, years.sources(shelf, run.day, of_days, of_months))
    counts, *others = run.inputs
    calibration = None
    if others and others[0] in calibrated:
        calibration, *others = others
    earlier = _by_day(others, analysed)
    first = days.first_of_health(run.day)
    past = shelf.given({day: of for day, of in earlier.items() if day >= first}, "health_digest")
    with_data = {day: of for day, of in earlier.items() if shelf.has_data(day, of)}
    looked = shelf.looked_of(run.day, with_data)
    return days.built(shelf, days.Sources(run.day, counts, calibration, past, looked))


def _by_day(editions: Sequence[str], day_of: Mapping[str | None, date]) -> dict[date, str]:
    return {day_of[edition]: edition for edition in editions}
