"""Editions of the register given back from what their runs name: ranges and raw editions."""

from collections.abc import Mapping

from cityflow.contracts import Run
from cityflow.contracts.register import MEASURES, Registered, RegisterEntry
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Store
from cityflow_processor.publishing import reinstate, show_summary
from cityflow_processor.register.book import Book
from cityflow_processor.register.days import REGISTER, Sources, built
from cityflow_processor.replayed import Replayed, ending_order, published_runs


def replay(store: Store) -> Replayed:
    """Give back every edition, in the order of their runs; those of raw days stand again."""
    runs = sorted(published_runs(store, REGISTER), key=ending_order)
    entries = {one.range_id: one for one in Book(store).every()}
    lost = {run.day for run in runs if Editions(store).current(REGISTER, run.day) is None}
    done = Replayed()
    for run in runs:
        try:
            found = built(store, _sources(store, run, entries))
        except (StoreUnavailable, KeyError) as error:
            done.failed.append(f"edition {run.edition} of {REGISTER} {run.day}: {error}")
            continue
        if found.edition != run.edition:
            done.failed.append(f"edition {run.edition} of {REGISTER} {run.day}: comes out anew")
            continue
        done.found += reinstate(store, run, found, move_pointer=run.day in lost)
    for day in {run.day for run in runs}:
        show_summary(store, REGISTER, day)
    return done


def _sources(store: Store, run: Run, entries: Mapping[str, RegisterEntry]) -> Sources:
    """What a run had read. KeyError: it names a range that is not held."""
    editions = Editions(store)
    raw: dict[Registered, str] = {
        name: one
        for name in MEASURES
        for one in run.inputs
        if editions.document(name, run.day, one) is not None
    }
    ranges = [entries[name] for name in run.inputs if name not in raw.values()]
    return Sources(run.day, ranges, raw)
