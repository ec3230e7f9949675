"""Road counts given back: every edition of the ledger, from what its run had read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from cityflow.console import progress
from cityflow.contracts import Run, history_of
from cityflow.settings import Settings
from cityflow.storage import Editions, Store
from cityflow_processor import history
from cityflow_processor.backfill import forget_lost_parts, split_all
from cityflow_processor.days import DATASET, give_back
from cityflow_processor.engine import Engine, Task
from cityflow_processor.inputs import DaysSpec, Inputs, prepare
from cityflow_processor.listing import REFERENCES, Listing
from cityflow_processor.publishing import show_summary
from cityflow_processor.reference.geographies import Geographies
from cityflow_processor.reference.in_force import References
from cityflow_processor.reference.versions import give_back as give_back_versions
from cityflow_processor.reference.versions import past_versions
from cityflow_processor.replayed import Read, Replayed, of_editions, published_runs
from cityflow_processor.result import Result

_MONTHS: Final = history_of(DATASET)


@dataclass(frozen=True)
class _Replay:
    """What the days of the ledger are given back from: all files and versions there are."""

    inputs: Inputs
    zones: References
    loops: References
    runs: Mapping[date, Sequence[Run]]

    def of(self, store: Store, run: Run) -> Inputs:
        """What this run had read. Raises LookupError if some of it is not held."""
        files = {file.manifest.raw_sha256: file for file in self.inputs.files}
        read = Read.of(run)
        if lost := [name for name in read.digests if name not in files]:
            raise LookupError(f"raw file {lost[0][:12]} is not held")
        zones, loops = (of_editions(held, read.editions) for held in (self.zones, self.loops))
        known = {version.edition for held in (zones, loops) for version in held.versions}
        if lost := [name for name in read.editions if name not in known]:
            raise LookupError(f"reference edition {lost[0]} is not held")
        geographies = Geographies(store, zones, loops)
        return Inputs(self.inputs.listing, [files[name] for name in read.digests], geographies)


def replay(store: Store, engine: Engine, settings: Settings) -> Replayed:
    """Give back every edition of the ledger: days, then months, which are made of them."""
    runs = _by_day(store, DATASET)
    used = {name for of in runs.values() for run in of for name in run.inputs}
    for dataset in REFERENCES:
        give_back_versions(store, dataset, used)
    result, listing = Result(DATASET), Listing.take(store, DATASET)
    held = split_all(store, engine, settings, listing, result)
    if forget_lost_parts(store, [file.open(store.objects) for file in held], list(runs)):
        held = split_all(store, engine, settings, listing, result)
    days = DaysSpec(
        listing, tuple(held), *(past_versions(store, name, used) for name in REFERENCES)
    )
    task = Task(_prepare, _replay_day, (days, runs))
    done = Replayed()
    with progress("Replaying days", len(runs), "days") as shown:
        for _, replayed in engine.run(task, list(runs)):
            done.add(replayed)
            shown.advance()
    for month, of in _by_day(store, _MONTHS).items():
        done.add(_replay_month(store, month, of))
    return done


def _by_day(store: Store, dataset: str) -> dict[date, list[Run]]:
    runs = published_runs(store, dataset)
    return {day: list(of) for day, of in groupby(runs, key=lambda run: run.day)}


def _prepare(store: Store, spec: tuple[DaysSpec, dict[date, list[Run]]]) -> _Replay:
    days, runs = spec
    return _Replay(prepare(store, days), days.zones, days.loops, runs)


def _replay_day(store: Store, replay: _Replay, day: date) -> Replayed:
    is_lost = Editions(store).current(DATASET, day) is None
    done, failed, earlier = Replayed(), dict[str, None](), None
    for run in replay.runs[day]:
        try:
            inputs = replay.of(store, run)
            given = give_back(store, inputs, run, earlier=earlier, move_pointer=is_lost)
        except LookupError as error:
            failed[f"edition {run.edition} of {day}: {error.args[0]}"] = None
            continue
        if given is None:
            failed[f"edition {run.edition} of {day}: it comes out otherwise here"] = None
            continue
        done.found, earlier = done.found + given, run.edition
    show_summary(store, DATASET, day)
    done.failed = list(failed)
    return done


def _replay_month(store: Store, month: date, runs: Sequence[Run]) -> Replayed:
    is_lost = Editions(store).current(_MONTHS, month) is None
    done, failed = Replayed(), dict[str, None]()
    for run in runs:
        name = f"month {run.edition} of {month:%Y-%m}"
        try:
            given = history.give_back(store, run, move_pointer=is_lost)
        except history.LostTable as error:
            failed[f"{name}: {error}"] = None
            continue
        if given is None:
            failed[f"{name}: it comes out otherwise here"] = None
        done.found += bool(given)
    done.failed = list(failed)
    return done
