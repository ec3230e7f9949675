"""Editions across datasets given back from the editions that their runs name."""

from collections.abc import Mapping
from datetime import date

from cityflow.contracts import Run
from cityflow.storage import Store
from cityflow_processor.across.days import ACROSS, Sources, built
from cityflow_processor.across.shelf import BESIDE, ROADS, Shelf
from cityflow_processor.replayed import Replayed, give_back, published_runs

_Days = Mapping[str, Mapping[str | None, date]]
"""The day of each edition, by dataset."""


def replay(store: Store) -> Replayed:
    """Give back every edition, in the order of their runs; those they are made of stand again."""
    runs = published_runs(store, ACROSS)
    names = (ROADS, *BESIDE) if runs else ()
    days = {name: {one.edition: one.day for one in published_runs(store, name)} for name in names}
    shelf = Shelf(store)
    return give_back(store, runs, lambda run: built(shelf, _sources(run, days)))


def _sources(run: Run, days: _Days) -> Sources:
    """What a run had read. KeyError: no run published the roads of its day."""
    named = {
        name: {day: one for one in run.inputs if (day := of.get(one)) is not None}
        for name, of in days.items()
    }
    own = {name: held[run.day] for name, held in named.items() if run.day in held}
    roads, weather = (
        {day: one for day, one in named[name].items() if day != run.day}
        for name in (ROADS, BESIDE[-1])
    )
    return Sources(run.day, {ROADS: own[ROADS], **own}, roads, weather)
