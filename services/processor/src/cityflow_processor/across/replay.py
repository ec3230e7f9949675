"""Editions across datasets given back from the editions that their runs name."""

from collections.abc import Mapping
from datetime import date

from cityflow.contracts import Run
from cityflow.errors import StoreUnavailable
from cityflow.storage import Editions, Store
from cityflow_processor.across.days import ACROSS, Sources, built
from cityflow_processor.across.shelf import BESIDE, ROADS, Shelf
from cityflow_processor.publishing import reinstate, show_summary
from cityflow_processor.replayed import Replayed, ending_order, published_runs

_Days = Mapping[str, Mapping[str | None, date]]
"""The day of each edition, by dataset."""


def replay(store: Store) -> Replayed:
    """Give back every edition, in the order of their runs; those they are made of stand again."""
    runs = sorted(published_runs(store, ACROSS), key=ending_order)
    lost = {run.day for run in runs if Editions(store).current(ACROSS, run.day) is None}
    names = (ROADS, *BESIDE) if runs else ()
    days = {name: {one.edition: one.day for one in published_runs(store, name)} for name in names}
    done, shelf = Replayed(), Shelf(store)
    for run in runs:
        try:
            found = built(shelf, _sources(run, days))
        except (StoreUnavailable, KeyError) as error:
            done.failed.append(f"edition {run.edition} of {ACROSS} {run.day}: {error}")
            continue
        if found.edition != run.edition:
            done.failed.append(f"edition {run.edition} of {ACROSS} {run.day}: comes out anew")
            continue
        done.found += reinstate(store, run, found, move_pointer=run.day in lost)
    for day in {run.day for run in runs}:
        show_summary(store, ACROSS, day)
    return done


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
