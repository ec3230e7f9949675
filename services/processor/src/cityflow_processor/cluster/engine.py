"""The engine that sends units to a Dask cluster.

A worker that dies costs the units it had: the scheduler gives them to another. What is larger than
a message goes through the object port, so no unit needs this process or its files.
"""

import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from cityflow.contracts.base import SCHEMA_VERSION
from cityflow.errors import BadArguments, TryAgain
from cityflow.storage import DocumentId, Store, layout, process
from cityflow_processor.cluster.parcels import Parcel, drop, pack
from cityflow_processor.cluster.stamp import differences, stamp
from cityflow_processor.cluster.worker import Call, Greeting, compute, greet
from cityflow_processor.engine import C, I, R, S, Task

PATIENCE_SECONDS: Final = 20.0
DESERTED_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 2.0
_SENT_A_THREAD: Final = 2  # a thread finds its next unit there when it ends one


class DaskEngine:
    """Units of work on the workers of one scheduler; connects when the first unit is there."""

    sees_local_files: Final = False

    def __init__(self, store: Store, address: str) -> None:
        self._store = store
        self._address = address
        self._client: Client | None = None
        self._greeting: Greeting | None = None

    def expect_large(self, module: str) -> None:
        """Nothing: workers are there already, and load what a unit needs."""

    def run(self, task: Task[S, C, I, R], items: Iterable[I]) -> Iterator[tuple[I, R]]:
        """Items with their results, as they are done; the first error stops the rest."""
        running: dict[Future, tuple[I, Parcel]] = {}
        ended: SimpleQueue[Future] = SimpleQueue()
        run, sent = secrets.token_hex(8), None
        try:
            for item in items:
                client, greeting = self._connected()
                sent = sent or pack(self._store.objects, task, run)
                parcel = pack(self._store.objects, item, run)
                call = Call(run, greeting, sent, parcel)
                future = client.submit(compute, call, key=f"unit-{secrets.token_hex(8)}")
                running[future] = item, parcel
                future.add_done_callback(ended.put)
                if len(running) >= self._most(client, task.ordered or task.alone):
                    yield self._next(client, running, ended)
            while running:
                assert self._client is not None
                yield self._next(self._client, running, ended)
        except (CommClosedError, FutureCancelledError) as error:
            raise self._lost() from error
        finally:
            self._leave(running, sent)

    def rest(self) -> None:
        """Nothing: the workers are the cluster's."""

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        if self._greeting is not None:
            self._store.documents.delete(self._greeting.document)
            self._store.objects.delete(self._greeting.object_key)
        if self._client is not None:
            self._client.close()

    def _most(self, client: Client, by_one: bool) -> int:
        return 1 if by_one else _SENT_A_THREAD * max(1, self._threads(client))

    def _threads(self, client: Client) -> int:
        """Threads of all workers there are now."""
        try:
            return sum(client.nthreads().values())
        except (OSError, TimeoutError) as error:
            raise self._lost() from error

    def _next(
        self,
        client: Client,
        running: dict[Future, tuple[I, Parcel]],
        ended: "SimpleQueue[Future]",
    ) -> tuple[I, Any]:
        future = self._wait(client, ended)
        if future.cancelled():
            raise self._lost()
        try:
            result = future.result()
        except KilledWorker as error:
            raise TryAgain(
                f"{self._address}: one unit of work ended several workers; give them more memory "
                "or set a smaller EC2_CHUNK_SIZE, then run the same command again"
            ) from error
        item, parcel = running.pop(future)
        drop(self._store.objects, parcel)
        return item, result

    def _wait(self, client: Client, ended: "SimpleQueue[Future]") -> Future:
        since = monotonic()
        while True:
            try:
                return ended.get(timeout=_POLL_SECONDS)
            except Empty:
                pass
            if client.status != "running":
                raise self._lost()
            if self._threads(client):
                since = monotonic()
            elif monotonic() - since > DESERTED_SECONDS:
                raise TryAgain(
                    f"{self._address}: the Dask scheduler has had no worker for "
                    f"{DESERTED_SECONDS:.0f} s; start one, then run the same command again"
                )

    def _lost(self) -> TryAgain:
        return TryAgain(
            f"{self._address}: the Dask scheduler went away; start it, then run the same command "
            "again: what was done is kept"
        )

    def _leave(self, running: dict[Future, tuple[I, Parcel]], task: Parcel | None) -> None:
        if running and self._client is not None and self._client.status == "running":
            with suppress(OSError, TimeoutError):
                self._client.cancel(list(running))
        for _, parcel in running.values():
            drop(self._store.objects, parcel)
        if task is not None:
            drop(self._store.objects, task)

    def _connected(self) -> tuple[Client, Greeting]:
        if self._client is None or self._greeting is None:
            for name in ("distributed", "distributed.client", "distributed.core"):
                logging.getLogger(name).setLevel(logging.CRITICAL)  # it ends in one line of ours
            self._client = self._connect()
            self._greeting = self._introduce(self._client)
        return self._client, self._greeting

    def _connect(self) -> Client:
        try:
            client = Client(self._address, timeout=PATIENCE_SECONDS, set_as_default=False)
        except ValueError as error:
            raise BadArguments(
                f"DASK_SCHEDULER_ADDRESS={self._address!r}: {error}; expected tcp://host:port"
            ) from error
        except OSError as error:
            raise TryAgain(
                f"DASK_SCHEDULER_ADDRESS={self._address}: no Dask scheduler answered within "
                f"{PATIENCE_SECONDS:.0f} s; start it, or set ENGINE=local"
            ) from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError as error:
            client.close()
            raise TryAgain(
                f"{self._address}: the Dask scheduler has no worker; start one (`dask worker "
                f"{self._address}`), or set ENGINE=local"
            ) from error
        return client

    def _introduce(self, client: Client) -> Greeting:
        """Raises BadArguments unless scheduler and workers are of this release and this store."""
        today, token = datetime.now(UTC).date(), secrets.token_hex(8)
        greeting = Greeting(
            stamp(),
            layout.parcel(today, token, "greeting"),
            DocumentId("doctor", today, token),
            process.HOST,
        )
        self._greeting = greeting
        self._store.objects.put(greeting.object_key, b"", durable=False)
        self._store.documents.put_if(greeting.document, {"schema_version": SCHEMA_VERSION}, 0)
        try:
            theirs = client.run_on_scheduler(stamp)
        except ImportError as error:
            raise BadArguments(
                f"{self._address}: the Dask scheduler lacks {error.name}; start it where the "
                "same release of the processor is installed"
            ) from error
        if found := differences(greeting.stamp, theirs):
            raise BadArguments(
                f"{self._address}: the Dask scheduler is not of this release: "
                f"{'; '.join(found[:5])}; install the same release there"
            )
        client.run(greet, greeting)
        return greeting
