"""Editions of the register given back from what their runs name: ranges and raw editions."""

from collections.abc import Mapping

from cityflow.contracts import Run
from cityflow.contracts.register import MEASURES, Registered, RegisterEntry
from cityflow.storage import Editions, Store
from cityflow_processor.register.book import Book
from cityflow_processor.register.days import REGISTER, Sources, built
from cityflow_processor.replayed import Replayed, give_back, published_runs


def replay(store: Store) -> Replayed:
    """Give back every edition, in the order of their runs; those of raw days stand again."""
    entries = {one.range_id: one for one in Book(store).every()}
    runs = published_runs(store, REGISTER)
    return give_back(store, runs, lambda run: built(store, _sources(store, run, entries)))


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
