"""Analyses and calibrations of the ledger given back, from the editions that their runs name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from cityflow.contracts import Run
from cityflow.contracts.base import credit_of
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Runs, Store
from cityflow_processor.analysis import calibrations, days
from cityflow_processor.analysis.calibrations import Calibration, Calibrations
from cityflow_processor.analysis.shelf import ANALYSIS, CALIBRATION, Shelf
from cityflow_processor.listing import Listing
from cityflow_processor.publishing import Built, candidate, show_summary, write
from cityflow_processor.roads.calibration import no_calibration

_NAMES = (ANALYSIS, CALIBRATION)


@dataclass
class Replayed:
    """Editions whose documents had been lost, and what could not be given back."""

    found: int = 0
    failed: list[str] = field(default_factory=list)


def replay(store: Store) -> Replayed:
    """Give back every edition of both, in the order of their runs; the counts stand again."""
    every = (run for name in _NAMES for run in _published(store, name))
    runs = sorted(every, key=_end)
    lost = {key for key in map(_key, runs) if Editions(store).current(*key) is None}
    done, last = Replayed(), dict[tuple[str, date], str | None]()
    for run in runs:
        if last.get(_key(run)) == run.edition:
            continue
        try:
            built = _built(Shelf(store), runs, run)
        except (StoreUnavailable, KeyError) as error:
            done.failed.append(f"edition {run.edition} of {run.dataset} {run.day}: {error}")
            continue
        if built.edition != run.edition:
            done.failed.append(f"edition {run.edition} of {run.dataset} {run.day}: comes out anew")
            continue
        done.found += _reinstate(store, run, built, move_pointer=_key(run) in lost)
        last[_key(run)] = run.edition
    for dataset, day in last:
        show_summary(store, dataset, day)
    return done


def _end(run: Run) -> tuple[str, str]:
    """A calibration is published while the day that needs it first is being analysed."""
    return f"{run.ended_at}", run.run_id


def _key(run: Run) -> tuple[str, date]:
    return run.dataset, run.day


def _published(store: Store, dataset: str) -> list[Run]:
    every = Runs(store).query(date.min, date.max, stage="process", dataset=dataset)
    return [run for run in every if run.edition is not None]


def _built(shelf: Shelf, runs: Sequence[Run], run: Run) -> Built:
    """The edition of a run. KeyError: it names an edition that no run published."""
    analysed, calibrated = (
        {one.edition: one.day for one in runs if one.dataset == name} for name in _NAMES
    )
    if run.dataset == CALIBRATION:
        used = shelf.given(_by_day(run.inputs, analysed), "clean_digest")
        newest = max(used.editions)
        synthetic = _is_synthetic(shelf, newest, used.editions[newest])
        return calibrations.built(shelf, run.day, used, synthetic)
    counts, *others = run.inputs
    month = run.day.replace(day=1)
    calibration = Calibration(None, no_calibration())
    if others and others[0] in calibrated:
        held = Calibrations(shelf, Listing(CALIBRATION, {}, (), ()))
        calibration, others = held.given(month, others[0]), others[1:]
    past = shelf.given(_by_day(others, analysed), "health_digest")
    return days.built(shelf, days.Sources(run.day, counts, calibration, past))


def _by_day(editions: Sequence[str], day_of: Mapping[str | None, date]) -> dict[date, str]:
    return {day_of[edition]: edition for edition in editions}


def _is_synthetic(shelf: Shelf, day: date, edition: str) -> bool:
    document = Editions(shelf.store).document(ANALYSIS, day, edition)
    if document is None:
        raise StoreUnavailable(f"edition {edition} of {ANALYSIS} {day} is lost")
    return credit_of(document).is_synthetic


def _reinstate(store: Store, run: Run, built: Built, *, move_pointer: bool) -> bool:
    write(store, run, built)
    editions = Editions(store)
    expected = editions.current_version(run.dataset, run.day)
    then = candidate(run, built, expected, run.ended_at or datetime.now(UTC))
    return editions.reinstate(then, move_pointer=move_pointer)
