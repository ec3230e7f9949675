"""The datasets there are, and how each is processed."""

from collections.abc import Iterable

from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import RawZone, Store
from cityflow_processor import backfill
from cityflow_processor.analysis.backfill import process as process_analysis
from cityflow_processor.analysis.shelf import ANALYSIS
from cityflow_processor.backfill import Asked
from cityflow_processor.bikes.module import BIKES
from cityflow_processor.chantiers.module import CHANTIERS
from cityflow_processor.daily.backfill import process as process_small
from cityflow_processor.days import DATASET
from cityflow_processor.engines import open_engine
from cityflow_processor.records.module import Module
from cityflow_processor.result import Result
from cityflow_processor.transit.module import TRAFFIC
from cityflow_processor.velib.module import VELIB
from cityflow_processor.weather.module import WEATHER

MODULES: dict[str, Module] = {
    module.name: module for module in (BIKES, VELIB, TRAFFIC, CHANTIERS, WEATHER)
}
NAMES = (DATASET, ANALYSIS, *MODULES)


def refuse_unknown(dataset: str | None) -> None:
    """Raises BadArguments for a dataset that cannot be processed."""
    if dataset is not None and dataset not in NAMES:
        raise BadArguments(
            f"--dataset {dataset!r} cannot be processed; expected one of {', '.join(NAMES)}"
        )


def chosen(store: Store, dataset: str | None) -> Iterable[str]:
    """The dataset asked for; without one the road loops with their analysis, and all that a
    raw file is held of.
    """
    if dataset is not None:
        return (dataset,)
    return (DATASET, ANALYSIS, *(name for name in MODULES if _holds(store, name)))


def process(store: Store, settings: Settings, dataset: str, asked: Asked) -> Result:
    """Process days of one dataset."""
    if dataset == ANALYSIS:
        return process_analysis(store, asked)
    with open_engine(store, settings) as engine:
        if dataset == DATASET:
            return backfill.process(store, engine, settings, asked)
        return process_small(store, engine, MODULES[dataset], asked)


def process_arrived(store: Store, settings: Settings, dataset: str, asked: Asked) -> Result:
    """The same for what arrived: the analysis, for which no file does, follows the counts."""
    result = process(store, settings, dataset, asked)
    if dataset == DATASET and result.days:
        process_analysis(store, Asked(only=tuple(done.day for done in result.days)))
    return result


def _holds(store: Store, dataset: str) -> bool:
    """Whether any raw file of a dataset is held, without reading one."""
    if next(iter(store.objects.list(f"raw/{dataset}/")), None) is not None:
        return True
    return next(iter(RawZone(store).outside.files(dataset)), None) is not None
