"""Connections, each tried in earnest: something is written, read back and deleted.

All are tried at once, each in a thread of its own, and none is waited for beyond a few seconds.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from cityflow.contracts.base import SCHEMA_VERSION
from cityflow.errors import CityFlowError, StoreUnavailable
from cityflow.settings import Settings, choose_backends
from cityflow.storage import DocumentId
from cityflow.storage.factory import DATABASE_FILE, open_documents, open_objects

# An answer takes less than 5 seconds: the rest is for the start of the program and what it prints.
PATIENCE_SECONDS: Final = 1.5
DEADLINE_SECONDS: Final = 3.5


@dataclass
class Tried:
    """One connection, and how it went: milliseconds of each step that was done."""

    name: str
    where: str
    steps: dict[str, float] = field(default_factory=dict)
    error: CityFlowError | None = None
    ended: bool = False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; it counts only if nothing is raised."""
        started = time.perf_counter()
        yield
        self.steps[name] = round((time.perf_counter() - started) * 1000, 1)

    @property
    def is_well(self) -> bool:
        """Whether all steps were done."""
        return self.ended and self.error is None


@dataclass(frozen=True)
class Probe:
    """One connection, and what is done to try it."""

    name: str
    where: str
    attempt: Callable[[Tried], None]


def probes(settings: Settings) -> list[Probe]:
    """Every connection that these settings need."""
    quick = impatient(settings)
    _import(quick)
    return [*_databases(quick), *_object_stores(quick), *_schedulers(quick)]


def impatient(settings: Settings) -> Settings:
    """The same, but no call waits long."""
    return settings.model_copy(update={"store_patience_seconds": PATIENCE_SECONDS})


def try_all(wanted: Sequence[Probe], deadline_seconds: float = DEADLINE_SECONDS) -> list[Tried]:
    """Try them all at once."""
    tried = [Tried(probe.name, probe.where) for probe in wanted]
    # Daemons: one that hangs must not keep the program from its end.
    threads = [
        threading.Thread(target=_attempt, args=pair, daemon=True)
        for pair in zip(wanted, tried, strict=True)
    ]
    end = time.monotonic() + deadline_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [one if one.ended else _unanswered(one, deadline_seconds) for one in tried]


def _import(settings: Settings) -> None:
    """Import the clients now: on a busy machine that takes longer than a connection."""
    with suppress(CityFlowError):  # the attempt says it
        open_documents(settings).close()
        open_objects(settings)


def _attempt(probe: Probe, tried: Tried) -> None:
    try:
        probe.attempt(tried)
    except CityFlowError as error:
        tried.error = error
    except Exception as error:
        # A driver's own fault is an answer too: the others are still to be told.
        tried.error = StoreUnavailable(f"{probe.where}: {type(error).__name__}: {error}")
    tried.ended = True


def _unanswered(tried: Tried, seconds: float) -> Tried:
    reason = f"no answer within {seconds:g} s; check the address, the network and the firewall"
    return Tried(tried.name, tried.where, dict(tried.steps), StoreUnavailable(reason), ended=True)


def _databases(settings: Settings) -> Iterator[Probe]:
    chosen = choose_backends(settings).database
    if chosen == "dynamodb":
        # One type of each table: see its adapter.
        for table, type in (
            (settings.dynamodb_table_metrics, "doctor"),
            (settings.dynamodb_table_reports, "doctor/report"),
            (settings.dynamodb_table_runs, "run/doctor"),
        ):
            yield _database(settings, chosen, f"table {table}", type)
    elif chosen == "mongodb":
        url = settings.mongodb_url.get_secret_value() if settings.mongodb_url else ""
        host = urlsplit(url).netloc.rpartition("@")[2]  # without credentials
        yield _database(settings, chosen, f"{settings.mongodb_database} at {host}", "doctor")
    else:
        yield _database(settings, chosen, str(settings.output_dir / DATABASE_FILE), "doctor")


def _database(settings: Settings, name: str, where: str, type: str) -> Probe:
    def attempt(tried: Tried) -> None:
        id = DocumentId(type, datetime.now(UTC).date(), _token())
        body = {"schema_version": SCHEMA_VERSION, "é": 0.1}
        with closing(open_documents(settings)) as documents:
            with tried.step("write"):
                documents.put_if(id, body, 0)
            try:
                with tried.step("read"):
                    held = documents.get(id)
            finally:
                with tried.step("delete"):
                    documents.delete(id)
        _compare(where, held.body if held else None, body)

    return Probe(name, where, attempt)


def _object_stores(settings: Settings) -> Iterator[Probe]:
    chosen = choose_backends(settings).objects
    raw, rest = (
        (settings.s3_bucket_raw or settings.s3_bucket_reports, settings.s3_bucket_reports)
        if chosen == "s3"
        else (str(settings.data_dir_raw), str(settings.output_dir))
    )
    yield _object_store(settings, chosen, f"{raw}, raw/", "raw")
    yield _object_store(settings, chosen, f"{rest}, metrics/", "metrics")


def _object_store(settings: Settings, name: str, where: str, folder: str) -> Probe:
    def attempt(tried: Tried) -> None:
        key, content = f"{folder}/doctor-{_token()}.txt", os.urandom(1000)
        objects = open_objects(settings)
        with tried.step("write"):
            objects.put_if_absent(key, content)
        try:
            with tried.step("read"):
                held = objects.read(key)
        finally:
            with tried.step("delete"):
                objects.delete(key)
        _compare(where, held, content)

    return Probe(name, where, attempt)


def _schedulers(settings: Settings) -> Iterator[Probe]:
    if settings.engine != "dask":
        return
    address = settings.dask_scheduler_address or ""

    def attempt(tried: Tried) -> None:
        parts = urlsplit(address)
        try:
            with tried.step("connect"):
                place = (parts.hostname or "", parts.port or 8786)
                socket.create_connection(place, PATIENCE_SECONDS).close()
        except OSError as error:
            reason = error.strerror or error
            raise StoreUnavailable(
                f"{address or 'DASK_SCHEDULER_ADDRESS is not set'}: {reason}; start the scheduler, "
                "or set ENGINE=local"
            ) from error

    yield Probe("dask", address, attempt)


def _compare(where: str, held: object, written: object) -> None:
    if held != written:
        raise StoreUnavailable(f"{where}: what was read back is not what was written")


def _token() -> str:
    return secrets.token_hex(8)
