"""The connection to MongoDB: acknowledged by a majority and its journal, and patient.

A server that cannot be reached at first is said so in under 5 seconds. One that goes away later is
waited for, as long as the store's patience lasts; what was asked is asked again, so every operation
given to `run` must have the same effect twice as once.
"""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from cityflow.errors import BadArguments, CityFlowError, StoreUnavailable, TryAgain
from cityflow.storage.per_process import PerProcess

Stored = dict[str, Any]
T = TypeVar("T")

COLLECTION: Final = "documents"
EXPIRES: Final = "expires_at"
INDEXED: Final = ("type", "day", "key")

_SELECTION_MS: Final = 3_000
_CONNECT_MS: Final = 2_500
_ANSWER_MS: Final = 20_000
_ACKNOWLEDGE_MS: Final = 10_000
_PAUSE_SECONDS: Final = 0.25
_FORBIDDEN: Final = 13
_ID: Final = IndexModel([(name, 1) for name in INDEXED], unique=True, name="id")
_EXPIRY: Final = IndexModel([(EXPIRES, 1)], expireAfterSeconds=0, sparse=True, name="expiry")
_ADVICE: Final = {
    18: "it refused the login; check user, password and authSource in MONGODB_URL",
    _FORBIDDEN: "the user of MONGODB_URL may not do this; give it readWrite on the database",
    14031: "its disk is full; free disk space there, then run again",
}


class MongodbClient:
    """The collection of documents, connected when it is first used, in each process anew."""

    def __init__(self, url: str, database: str, patience_seconds: float, expiry: bool) -> None:
        self._url = url
        self._database = database
        self._patience = patience_seconds
        self._indexes = [_ID, _EXPIRY] if expiry else [_ID]
        self._where = f"database {database} at {hosts(url)}"
        self._collections = PerProcess(self._connect)

    def run(self, use: Callable[[Collection[Stored]], T]) -> T:
        """What `use` gives; done again while the server is away and patience lasts.

        Raises StoreUnavailable, or TryAgain where a majority did not acknowledge in time.
        """
        collection = self._collections.get()
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return use(collection)
            except PyMongoError as error:
                if not _is_passing(error) or time.monotonic() > deadline:
                    raise self._said(error) from error
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """Close the connections of this process."""
        collection = self._collections.pop()
        if collection is not None:
            collection.database.client.close()

    def _connect(self) -> Collection[Stored]:
        client = self._client()
        try:
            client.admin.command("ping")
            collection = client[self._database].get_collection(
                COLLECTION,
                read_concern=ReadConcern("majority"),
                write_concern=WriteConcern("majority", j=True, wtimeout=_ACKNOWLEDGE_MS),
            )
            self._index(collection)
        except PyMongoError as error:
            client.close()
            raise self._said(error) from error
        return collection

    def _index(self, collection: Collection[Stored]) -> None:
        try:
            collection.create_indexes(self._indexes)
        except OperationFailure as error:
            if error.code != _FORBIDDEN:  # a user who may only read
                raise

    def _client(self) -> MongoClient[Stored]:
        try:
            return MongoClient(
                self._url,
                appname="cityflow",
                serverSelectionTimeoutMS=min(_SELECTION_MS, int(1000 * self._patience)),
                connectTimeoutMS=_CONNECT_MS,
                socketTimeoutMS=_ANSWER_MS,
                waitQueueTimeoutMS=_ANSWER_MS,
            )
        except (InvalidURI, ValueError):
            # What pymongo says of it may quote the password.
            raise _not_an_address() from None
        except OSError as error:  # a file of keys
            raise BadArguments(f"MONGODB_URL: {error.strerror}; name a file that exists") from None
        except ConfigurationError as error:
            raise self._said(error) from error

    def _said(self, error: PyMongoError) -> CityFlowError:
        if isinstance(error, WTimeoutError | WriteConcernError):
            return TryAgain(
                f"{self._where}: no majority of its members acknowledged a write in time; run the "
                "same command again"
            )
        if isinstance(error, OperationFailure):
            advice = _ADVICE.get(error.code or 0, f"it answered: {_answer(error)}")
            return StoreUnavailable(f"{self._where}: {advice}")
        reason = str(error).split(", Timeout:")[0].split(" (configured timeouts")[0]
        return StoreUnavailable(
            f"{self._where}: no connection ({reason}); check MONGODB_URL, and that the server runs"
        )


def hosts(url: str) -> str:
    """The host part of a MongoDB address, without user and password."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        raise _not_an_address() from None


def _not_an_address() -> BadArguments:
    return BadArguments(
        "MONGODB_URL is not an address of MongoDB; expected mongodb://USER:PASSWORD@HOST:PORT/, "
        "with each of /?#[]@% in user and password written as %2F, %3F, …"
    )


def _is_passing(error: PyMongoError) -> bool:
    return (
        isinstance(error, ConnectionFailure | WTimeoutError)
        or error.has_error_label("RetryableWriteError")
        or error.has_error_label("TransientTransactionError")
    )


def _answer(error: OperationFailure) -> str:
    return str((error.details or {}).get("errmsg") or error)[:200]
