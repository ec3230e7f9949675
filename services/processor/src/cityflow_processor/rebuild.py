"""Everything made anew from raw files: the current edition of every day, and earlier ones."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from cityflow.admin.rebuilding import Rank, Rebuilt
from cityflow.errors import BadArguments, CityFlowError, QualityGateRed, SourceError
from cityflow.settings import Settings
from cityflow.storage import Editions, Store
from cityflow_processor import backfill
from cityflow_processor.across.days import ACROSS
from cityflow_processor.across.days import process as process_across
from cityflow_processor.across.replay import replay as replay_across
from cityflow_processor.analysis.backfill import process as process_analysis
from cityflow_processor.analysis.replay import replay as replay_analysis
from cityflow_processor.analysis.shelf import ANALYSIS
from cityflow_processor.asked import Asked
from cityflow_processor.daily.backfill import process as process_small
from cityflow_processor.daily.replay import replay as replay_small
from cityflow_processor.days import DATASET
from cityflow_processor.engine import Engine
from cityflow_processor.engines import open_engine
from cityflow_processor.modules import MODULES
from cityflow_processor.records.module import Module
from cityflow_processor.register.days import REGISTER
from cityflow_processor.register.days import process as process_register
from cityflow_processor.register.replay import replay as replay_register
from cityflow_processor.replay import replay
from cityflow_processor.replayed import Replayed, published_runs
from cityflow_processor.result import Result

_Process = Callable[[Asked], Result]


class ProcessorRebuilder:
    """The rebuilder of the processor."""

    rank: Final = Rank.MEASURED

    def rebuild(
        self, store: Store, settings: Settings, *, as_published: bool
    ) -> Iterator[tuple[str, Rebuilt]]:
        """A backfill of every day that the raw files hold or that was ever published.

        The counts with their analysis, then each other dataset of which something is held, and the
        views of the register, which is a document of the database and no raw file; then the days
        across datasets.
        """
        published = {run.dataset for run in published_runs(store)}
        if as_published and not published:
            raise BadArguments(
                "the ledger holds no run that published a day: restore the database first, or "
                "leave out --as-published"
            )
        with open_engine(store, settings) as engine:
            # A ledger that is lost knows nothing of the analysis either.
            is_analysed = not published or ANALYSIS in published
            yield DATASET, _counts(store, engine, settings, as_published, is_analysed)
            for name, module in MODULES.items():
                done = _small(store, engine, module, as_published)
                if done.days or done.failed:
                    yield name, done
        for name, done in (
            (REGISTER, _register(store, as_published)),
            (ACROSS, _across(store, as_published)),
        ):
            if done.days or done.failed:
                yield name, done


REBUILDER: Final = ProcessorRebuilder()


def _counts(
    store: Store, engine: Engine, settings: Settings, as_published: bool, is_analysed: bool
) -> Rebuilt:
    def process(asked: Asked) -> Result:
        return backfill.process(store, engine, settings, asked)

    replayed = replay(store, engine, settings) if as_published else Replayed()
    results = list(_backfills(store, DATASET, process))
    if is_analysed:
        if as_published:
            replayed.add(replay_analysis(store))
        results.append(process_analysis(store, Asked()))
    return _rebuilt(results, replayed)


def _small(store: Store, engine: Engine, module: Module, as_published: bool) -> Rebuilt:
    def process(asked: Asked) -> Result:
        return process_small(store, engine, module, asked)

    replayed = replay_small(store, engine, module) if as_published else Replayed()
    return _rebuilt(list(_backfills(store, module.name, process)), replayed)


def _register(store: Store, as_published: bool) -> Rebuilt:
    replayed = replay_register(store) if as_published else Replayed()
    return _rebuilt([process_register(store, Asked())], replayed)


def _across(store: Store, as_published: bool) -> Rebuilt:
    replayed = replay_across(store) if as_published else Replayed()
    return _rebuilt([process_across(store, Asked())], replayed)


def _rebuilt(results: Sequence[Result], replayed: Replayed) -> Rebuilt:
    done = [day for result in results for day in result.days]
    new = sum(day.ending == "new" for day in done)
    unchanged = sum(day.ending == "unchanged" for day in done)
    red = [f"{day.day}: a gate is red" for day in done if day.ending == "red"]
    unreadable = [reason for result in results for reason in result.unreadable]
    failed = (*replayed.failed, *dict.fromkeys(unreadable), *red)
    error = _error(failed, is_source=bool(unreadable)) if failed else None
    return Rebuilt(len({day.day for day in done}), new, unchanged, replayed.found, failed, error)


def _error(failed: Sequence[str], *, is_source: bool) -> CityFlowError:
    kind = SourceError if is_source else QualityGateRed
    return kind(f"{len(failed)} edition(s) or file(s) could not be given back: {failed[0]}")


def _backfills(store: Store, dataset: str, process: _Process) -> Iterator[Result]:
    """All that the files hold, then the days beyond them that are published all the same."""
    result = process(Asked())
    yield result
    done = {day.day for day in result.days}
    beyond = [one.day for one in Editions(store).pointers(dataset) if one.day not in done]
    for first, last in _spans(beyond):
        yield process(Asked(first, last))


def _spans(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last of each row of consecutive days."""
    numbered = enumerate(day.toordinal() for day in days)
    for _, row in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        ordinals = [ordinal for _, ordinal in row]
        yield date.fromordinal(ordinals[0]), date.fromordinal(ordinals[-1])
