"""What runs on a worker: it opens the store by its own environment, as every service does.

A context is prepared once in each worker for each run, so nothing outlives what it was made of.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cityflow.errors import BadArguments
from cityflow.settings import Settings, choose_backends
from cityflow.storage import DocumentId, Store, open_store, process
from cityflow.storage.per_process import PerProcess
from cityflow.telemetry import configure_logging, is_configured
from cityflow_processor.cluster.parcels import Parcel, unpack
from cityflow_processor.cluster.stamp import differences, stamp
from cityflow_processor.engine import Task

_MOST_CONTEXTS: Final = 2


@dataclass(frozen=True)
class Greeting:
    """How a worker sees that it works for the same store, with the same code.

    The caller has put an object and a document of this name into its store.
    """

    stamp: Mapping[str, str]
    object_key: str
    document: DocumentId
    host: str


@dataclass(frozen=True)
class Call:
    """One unit: its task, its item, and the run of the engine that both belong to."""

    run: str
    greeting: Greeting
    task: Parcel
    item: Parcel


class _Host:
    """The store of this worker, and the contexts of the last runs."""

    def __init__(self) -> None:
        self.settings = Settings.load()
        if not is_configured():
            configure_logging(self.settings)
        self.store: Store = open_store(self.settings)
        self._contexts: OrderedDict[str, tuple[Task[Any, Any, Any, Any], Any]] = OrderedDict()
        self._lock = threading.Lock()

    def prepared(self, call: Call) -> tuple[Task[Any, Any, Any, Any], Any]:
        """The task of a call and its context."""
        with self._lock:
            if call.run not in self._contexts:
                greet(call.greeting)
                task = unpack(self.store.objects, call.task)
                self._contexts[call.run] = task, task.prepare(self.store, task.spec)
                if len(self._contexts) > _MOST_CONTEXTS:
                    self._contexts.popitem(last=False)
            return self._contexts[call.run]


_HOST: Final = PerProcess(_Host)


def compute(call: Call) -> Any:
    """The result of one unit."""
    host = _HOST.get()
    task, context = host.prepared(call)
    return task.work(host.store, context, unpack(host.store.objects, call.item))


def greet(greeting: Greeting) -> None:
    """Raises BadArguments if this worker differs from the caller, or has another store."""
    if found := differences(greeting.stamp, stamp()):
        raise BadArguments(
            f"the Dask worker on {process.HOST} is not of this release: {'; '.join(found[:5])}; "
            "install the same release there"
        )
    host = _HOST.get()
    chosen = choose_backends(host.settings)
    if chosen.database == "sqlite" and greeting.host != process.HOST:
        raise BadArguments(
            f"the Dask worker on {process.HOST} cannot use the SQLite file of {greeting.host}; "
            "ENGINE=dask on several machines needs MONGODB_URL or DynamoDB"
        )
    store = host.store
    has_object = store.objects.size(greeting.object_key) is not None
    if not has_object or store.documents.get(greeting.document) is None:
        kind = "object store" if not has_object else "database"
        raise BadArguments(
            f"the Dask worker on {process.HOST} has another {kind} than this command; give both "
            "the same settings (OUTPUT_DIR on a shared volume or S3, and the same database)"
        )
