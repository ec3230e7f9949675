"""Road counts made anew from raw files: the current edition of every day, and earlier ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from cityflow.admin.rebuilding import Rank, Rebuilt
from cityflow.console import progress
from cityflow.contracts import Run, history_of
from cityflow.errors import BadArguments, CityFlowError, QualityGateRed, SourceError
from cityflow.settings import Settings
from cityflow.storage import Editions, Runs, Store
from cityflow_processor import history
from cityflow_processor.analysis.backfill import process as process_analysis
from cityflow_processor.analysis.replay import replay
from cityflow_processor.analysis.shelf import ANALYSIS
from cityflow_processor.backfill import (
    Asked,
    both_references,
    forget_lost_parts,
    process,
    split_all,
)
from cityflow_processor.days import DATASET, give_back
from cityflow_processor.engine import Engine, Task
from cityflow_processor.engines import open_engine
from cityflow_processor.inputs import DaysSpec, Inputs, prepare
from cityflow_processor.listing import REFERENCES, Listing
from cityflow_processor.publishing import show_summary
from cityflow_processor.reference.geographies import Geographies
from cityflow_processor.reference.versions import References
from cityflow_processor.reference.versions import give_back as give_back_versions
from cityflow_processor.result import Result

_MONTHS: Final = history_of(DATASET)
_DIGEST_DIGITS: Final = 64


class ComptagesRebuilder:
    """The rebuilder of the processor."""

    rank: Final = Rank.MEASURED

    def rebuild(self, store: Store, settings: Settings, *, as_published: bool) -> Rebuilt:
        """A backfill of every day that the raw files hold or that was ever published."""
        is_analysed = _is_analysed(store)
        with open_engine(store, settings) as engine:
            earlier, failed = _replay(store, engine, settings) if as_published else (0, [])
            results = list(_backfills(store, engine, settings))
        if is_analysed and as_published:
            analysed = replay(store)
            earlier, failed = earlier + analysed.found, [*failed, *analysed.failed]
        if is_analysed:
            results.append(process_analysis(store, Asked()))
        done = [day for result in results for day in result.days]
        new = sum(day.ending == "new" for day in done)
        unchanged = sum(day.ending == "unchanged" for day in done)
        red = [f"{day.day}: a gate is red" for day in done if day.ending == "red"]
        unreadable = [reason for result in results for reason in result.unreadable]
        failed += [*dict.fromkeys(unreadable), *red]
        error = _error(failed, is_source=bool(unreadable)) if failed else None
        return Rebuilt(
            len({day.day for day in done}), new, unchanged, earlier, tuple(failed), error
        )


REBUILDER: Final = ComptagesRebuilder()


def _is_analysed(store: Store) -> bool:
    """Whether days were analysed, as far as the ledger knows; one that is lost knows nothing."""
    runs = list(Runs(store).query(date.min, date.max, stage="process"))
    return not runs or any(run.dataset == ANALYSIS for run in runs)


def _error(failed: Sequence[str], *, is_source: bool) -> CityFlowError:
    kind = SourceError if is_source else QualityGateRed
    return kind(f"{len(failed)} edition(s) or file(s) could not be given back: {failed[0]}")


def _backfills(store: Store, engine: Engine, settings: Settings) -> Iterator[Result]:
    """All that the files hold, then the days beyond them that are published all the same."""
    result = process(store, engine, settings, Asked())
    yield result
    done = {day.day for day in result.days}
    beyond = [one.day for one in Editions(store).pointers(DATASET) if one.day not in done]
    for first, last in _spans(beyond):
        yield process(store, engine, settings, Asked(first, last))


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last of each row of consecutive days."""
    numbered = enumerate(day.toordinal() for day in days)
    for _, row in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        ordinals = [ordinal for _, ordinal in row]
        yield date.fromordinal(ordinals[0]), date.fromordinal(ordinals[-1])


@dataclass(frozen=True)
class _Replayed:
    """Editions of a day whose documents had been lost, and what could not be given back."""

    found: int
    failed: tuple[str, ...]


@dataclass(frozen=True)
class _Replay:
    """What the days of the ledger are given back from: all files and versions there are."""

    inputs: Inputs
    zones: References
    loops: References
    runs: dict[date, list[Run]]

    def of(self, store: Store, run: Run) -> Inputs:
        """What this run had read. Raises LookupError if some of it is not held."""
        files = {file.manifest.raw_sha256: file for file in self.inputs.files}
        digests = [name for name in run.inputs if len(name) == _DIGEST_DIGITS]
        context = [name for name in run.inputs if len(name) != _DIGEST_DIGITS]
        if lost := [name for name in digests if name not in files]:
            raise LookupError(f"raw file {lost[0][:12]} is not held")
        zones, loops = (_versions(held, context) for held in (self.zones, self.loops))
        known = {version.edition for held in (zones, loops) for version in held.versions}
        if lost := [name for name in context if name not in known]:
            raise LookupError(f"reference edition {lost[0]} is not held")
        geographies = Geographies(store, zones, loops)
        return Inputs(self.inputs.listing, [files[name] for name in digests], geographies)


def _versions(held: References, editions: Sequence[str]) -> References:
    chosen = [version for version in held.versions if version.edition in editions]
    return References(tuple(chosen[:1]), ())


def _replay(store: Store, engine: Engine, settings: Settings) -> tuple[int, list[str]]:
    """Give back every edition of the ledger: days, then months, which are made of them."""
    runs = _published(store, DATASET)
    if not runs:
        raise BadArguments(
            "the ledger holds no run that published a day: restore the database first, or leave "
            "out --as-published"
        )
    used = {name for of in runs.values() for run in of for name in run.inputs}
    for dataset in REFERENCES:
        give_back_versions(store, dataset, used)
    result, listing = Result(DATASET), Listing.take(store, DATASET)
    held = split_all(store, engine, settings, listing, result)
    if forget_lost_parts(store, [file.open(store.objects) for file in held], list(runs)):
        held = split_all(store, engine, settings, listing, result)
    days = DaysSpec(listing, tuple(held), *both_references(store, result))
    task = Task(_prepare, _replay_day, (days, runs))
    with progress("Replaying days", len(runs), "days") as shown:
        done = []
        for _, replayed in engine.run(task, list(runs)):
            done.append(replayed)
            shown.advance()
    done += [_replay_month(store, month, of) for month, of in _published(store, _MONTHS).items()]
    return sum(one.found for one in done), [reason for one in done for reason in one.failed]


def _published(store: Store, dataset: str) -> dict[date, list[Run]]:
    """Runs that published or confirmed an edition, by day, in their order."""
    every = Runs(store).query(date.min, date.max, stage="process", dataset=dataset)
    with_edition = (run for run in every if run.edition is not None)
    return {day: list(runs) for day, runs in groupby(with_edition, key=lambda run: run.day)}


def _prepare(store: Store, spec: tuple[DaysSpec, dict[date, list[Run]]]) -> _Replay:
    days, runs = spec
    return _Replay(prepare(store, days), days.zones, days.loops, runs)


def _replay_day(store: Store, replay: _Replay, day: date) -> _Replayed:
    is_lost = Editions(store).current(DATASET, day) is None
    found, failed, earlier = 0, [], None
    for run in replay.runs[day]:
        try:
            inputs = replay.of(store, run)
            given = give_back(store, inputs, run, earlier=earlier, move_pointer=is_lost)
        except LookupError as error:
            failed.append(f"edition {run.edition} of {day}: {error.args[0]}")
            continue
        if given is None:
            failed.append(f"edition {run.edition} of {day}: it comes out otherwise here")
            continue
        found, earlier = found + given, run.edition
    show_summary(store, DATASET, day)
    return _Replayed(found, tuple(dict.fromkeys(failed)))


def _replay_month(store: Store, month: date, runs: Sequence[Run]) -> _Replayed:
    is_lost = Editions(store).current(_MONTHS, month) is None
    found, failed = 0, []
    for run in runs:
        name = f"month {run.edition} of {month:%Y-%m}"
        try:
            given = history.give_back(store, run, move_pointer=is_lost)
        except history.LostTable as error:
            failed.append(f"{name}: {error}")
            continue
        if given is None:
            failed.append(f"{name}: it comes out otherwise here")
        found += bool(given)
    return _Replayed(found, tuple(dict.fromkeys(failed)))
