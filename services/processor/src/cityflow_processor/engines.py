"""The one place where ENGINE becomes an engine; Dask is imported only where it is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager

from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow.storage import Store
from cityflow_processor.engine import Engine, LocalEngine


@contextmanager
def open_engine(store: Store, settings: Settings) -> Iterator[Engine]:
    """The engine that the settings choose. Raises BadArguments if it cannot be used."""
    if settings.engine == "local":
        local = LocalEngine(store, settings)
        try:
            yield local
        finally:
            local.rest()
        return
    if not settings.dask_scheduler_address:
        raise BadArguments(
            "ENGINE=dask needs DASK_SCHEDULER_ADDRESS as well, as in tcp://scheduler:8786"
        )
    try:
        from cityflow_processor.cluster.engine import DaskEngine
    except ModuleNotFoundError as error:
        raise BadArguments(
            f"ENGINE=dask needs a package that is not installed here ({error.name}): "
            "pip install 'cityflow-processor[dask]'"
        ) from error
    engine = DaskEngine(store, settings.dask_scheduler_address)
    try:
        yield engine
    finally:
        engine.close()
