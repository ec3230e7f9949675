"""Editions of a small dataset given back, from the files and the editions that their runs name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cityflow.calendar import day_bounds
from cityflow.console import progress
from cityflow.contracts import Run
from cityflow.errors import ObjectNotFound
from cityflow.storage import Editions, Store
from cityflow_processor.daily.backfill import read_files
from cityflow_processor.daily.files import ReadFile, cache_of
from cityflow_processor.daily.inputs import InForce
from cityflow_processor.daily.past import Past
from cityflow_processor.daily.publish import Sources, built, in_place
from cityflow_processor.engine import Engine
from cityflow_processor.listing import REFERENCES, Listing
from cityflow_processor.publishing import Built, reinstate, show_summary
from cityflow_processor.records.module import Module
from cityflow_processor.reference.in_force import References
from cityflow_processor.reference.versions import give_back, past_versions
from cityflow_processor.replayed import (
    Read,
    Replayed,
    ending_order,
    of_editions,
    published_runs,
)
from cityflow_processor.result import Result


@dataclass(frozen=True)
class _Replay:
    """What the days of the ledger are given back from; `day_of` knows every edition of it."""

    store: Store
    module: Module
    listing: Listing
    files: Mapping[str, ReadFile]
    references: tuple[References, References]
    past: Past
    day_of: Mapping[str | None, date]

    def built(self, run: Run, earlier: str | None) -> Built | None:
        """The edition of a run over an earlier one; None if it comes out otherwise.

        Raises LookupError or ObjectNotFound if something that the run had read is not held.
        """
        read = Read.of(run)
        polygons, lines = (of_editions(held, read.editions) for held in self.references)
        known = {version.edition for held in (polygons, lines) for version in held.versions}
        self.past.fix(self._days([one for one in read.editions if one not in known]))
        places = InForce(self.store, polygons, lines).of_day(run.day).used_by(self.module)
        before = in_place(Editions(self.store), self.module.name, run.day, earlier)
        for files in self._files(run, read):
            sources = Sources(self.module, self.listing, files, self.past)
            found = built(sources, places, run.day, before)
            if found.edition == run.edition:
                return found
        return None

    def _days(self, editions: Sequence[str]) -> dict[date, str]:
        days = {}
        for edition in editions:
            if edition not in self.day_of:
                raise LookupError(f"edition {edition} is not held")
            days[self.day_of[edition]] = edition
        return days

    def _files(self, run: Run, read: Read) -> Iterator[tuple[ReadFile, ...]]:
        """The files of a run as they had been received when it looked, as far as that can be told.

        That is by its start, unless the clock of ingest was another one: then with all receipts, or
        with those until one of them. Of a day without any file those of other days tell whether
        it is synthetic.
        """
        if lost := [name for name in read.digests if name not in self.files]:
            raise LookupError(f"raw file {lost[0][:12]} is not held")
        named = tuple(self.files[name] for name in read.digests)
        yield tuple(file.as_of(run.started_at) for file in named)
        yield named
        for moment in _receipts(named, run.day):
            yield tuple(file.as_of(moment) for file in named)
        if all(file.held.kind == "list" for file in named):
            every = tuple(self.files.values())
            received = [file.entry.meta.receipts[0].received_at for file in every]
            pairs = zip(every, received, strict=True)
            yield tuple(file for file, at in pairs if at <= run.started_at)
            yield every


def _receipts(files: Sequence[ReadFile], day: date) -> list[datetime]:
    """When these files were received by the end of the day, the last first."""
    every = {one.received_at for file in files for one in file.entry.meta.receipts}
    return sorted((moment for moment in every if moment <= day_bounds(day)[1]), reverse=True)


def replay(store: Store, engine: Engine, module: Module) -> Replayed:
    """Give back every edition of the ledger, in the order of their runs."""
    runs = sorted(published_runs(store, module.name), key=ending_order)
    done, last = Replayed(), dict[date, str | None]()
    if not runs:
        return done
    lost = {run.day for run in runs if Editions(store).current(module.name, run.day) is None}
    replaying = _prepared(store, engine, module, runs)
    with progress(f"Replaying {module.name}", len(runs), "runs") as shown:
        for run in runs:
            if last.get(run.day) != run.edition:
                reason = _replay_run(replaying, run, last.get(run.day), run.day in lost, done)
                if reason is None:
                    last[run.day] = run.edition
                else:
                    done.failed.append(
                        f"edition {run.edition} of {module.name} {run.day}: {reason}"
                    )
            shown.advance()
    for day in last:
        show_summary(store, module.name, day)
    return done


def _replay_run(
    replaying: _Replay, run: Run, earlier: str | None, is_lost: bool, done: Replayed
) -> str | None:
    """Why a run's edition cannot be given back; None if it was, which `done` then counts."""
    try:
        found = replaying.built(run, earlier)
    except LookupError as error:
        return str(error.args[0])
    except ObjectNotFound as error:
        return str(error)
    if found is None:
        return "it comes out otherwise here"
    done.found += reinstate(replaying.store, run, found, move_pointer=is_lost)
    return None


def _prepared(store: Store, engine: Engine, module: Module, runs: Sequence[Run]) -> _Replay:
    used = {name for run in runs for name in run.inputs}
    for dataset in REFERENCES:
        give_back(store, dataset, used)
    polygons, lines = (past_versions(store, dataset, used) for dataset in REFERENCES)
    listing = Listing.take(store, module.name)
    held = read_files(store, engine, module, listing.files, Result(module.name))
    files = {
        one.raw_sha256: ReadFile(entry, one, cache_of(store, module, entry)) for entry, one in held
    }
    return _Replay(
        store,
        module,
        listing,
        files,
        (polygons, lines),
        Past(store, module),
        {run.edition: run.day for run in runs},
    )
