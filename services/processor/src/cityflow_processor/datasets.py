"""The datasets there are, and how each is processed."""

from collections.abc import Iterable
from typing import Final

from cityflow.contracts import Dataset
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import RawZone, Store
from cityflow_processor.asked import Asked
from cityflow_processor.early import BACKFILL, dismiss
from cityflow_processor.engine import Engine
from cityflow_processor.engines import open_engine
from cityflow_processor.reading.large import holds_unread
from cityflow_processor.result import Result

COUNTS: Final = Dataset.COMPTAGES.value
ANALYSIS: Final = Dataset.ROADS_ANALYSIS.value
_SMALL: Final = (
    Dataset.BIKES.value,
    Dataset.VELIB.value,
    Dataset.TRAFFIC.value,
    Dataset.CHANTIERS.value,
    Dataset.WEATHER.value,
)
REGISTER: Final = "register"
ACROSS: Final = Dataset.ACROSS.value
DERIVED: Final = (ANALYSIS, REGISTER, ACROSS)
"""Made of other datasets' editions: no file arrives for them."""
NAMES: Final = (COUNTS, ANALYSIS, *_SMALL, REGISTER, ACROSS)


def refuse_unknown(dataset: str | None) -> None:
    """Raises BadArguments for a dataset that cannot be processed."""
    if dataset is not None and dataset not in NAMES:
        raise BadArguments(
            f"--dataset {dataset!r} cannot be processed; expected one of {', '.join(NAMES)}"
        )


def chosen(store: Store, dataset: str | None) -> Iterable[str]:
    """The dataset asked for; without one the road loops with their analysis, all that a raw file
    is held of, and what is made of them.
    """
    if dataset is not None:
        return (dataset,)
    small = [name for name in _SMALL if _holds(store, name)]
    return (COUNTS, ANALYSIS, *small, *_register(store), *([ACROSS] if small else []))


def process(store: Store, settings: Settings, dataset: str, asked: Asked) -> Result:
    """Process days of one dataset."""
    if dataset != COUNTS:
        dismiss()
    if dataset == ANALYSIS:
        return _analyse(store, asked)
    if dataset == REGISTER:
        return _filter(store, asked)
    if dataset == ACROSS:
        return _look_across(store, asked)
    with open_engine(store, settings) as engine:
        if dataset == COUNTS:
            return _process_counts(store, engine, settings, asked)
        return _process_small(store, engine, dataset, asked)


# A run imports what its own dataset needs: all of them take longer to load than a day to process.
def _process_counts(store: Store, engine: Engine, settings: Settings, asked: Asked) -> Result:
    if holds_unread(store, COUNTS):
        engine.expect_large(BACKFILL)  # it loads while this process does
    dismiss()  # whoever needs the process that waits has taken it
    from cityflow_processor.backfill import process as process_counts

    return process_counts(store, engine, settings, asked)


def _analyse(store: Store, asked: Asked) -> Result:
    from cityflow_processor.analysis.backfill import process as process_analysis

    return process_analysis(store, asked)


def _filter(store: Store, asked: Asked) -> Result:
    from cityflow_processor.register.days import process as process_register

    return process_register(store, asked)


def _look_across(store: Store, asked: Asked) -> Result:
    from cityflow_processor.across.days import process as process_across

    return process_across(store, asked)


def _process_small(store: Store, engine: Engine, dataset: str, asked: Asked) -> Result:
    from cityflow_processor.daily.backfill import process as process_small
    from cityflow_processor.modules import MODULES

    return process_small(store, engine, MODULES[dataset], asked)


def _register(store: Store) -> tuple[str, ...]:
    """The register, if anything was ever entered in it."""
    return (REGISTER,) if store.documents.query(REGISTER, limit=1).items else ()


def _holds(store: Store, dataset: str) -> bool:
    """Whether any raw file of a dataset is held, without reading one."""
    if next(iter(store.objects.list(f"raw/{dataset}/")), None) is not None:
        return True
    return next(iter(RawZone(store).outside.files(dataset)), None) is not None
