"""Addresses of MongoDB, and what is said of them: never the password."""

from contextlib import closing

import pytest
from contract_support import one_line
from pymongo.errors import (
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from cityflow.errors import CityFlowError, StoreUnavailable, TryAgain
from cityflow.storage.mongodb import MongodbDocuments
from cityflow.storage.mongodb_client import MongodbClient, hosts

URL = "mongodb://user:hunter2@db.example.org:27017/?authSource=admin"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, "db.example.org:27017"),
        ("mongodb://a:1,b:2/?replicaSet=rs0", "a:1,b:2"),
        ("mongodb://h", "h"),
        ("mongodb+srv://u:p@cluster.example.org/x", "cluster.example.org"),
        ("mongodb://u:p%40ss@[::1]:27017", "[::1]:27017"),
    ],
)
def test_the_hosts_of_an_address_are_without_the_password(url: str, expected: str) -> None:
    assert hosts(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://",
        "mongodb://user:hunter2@",
        "mongodb://user:hun@ter2@h:1/",
        "mongodb://user:hunter2@h:port/",
        "mongodb://user:hunter2@h:99999/",
        "mongodb://user:hunter2@[h/",
        "mongodb://user:hunter2@h/?tls=true&tlsCAFile=/nonexistent",
        "mongodb://user:hunter2@h/?w=many&replicaSet=",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with (
        pytest.raises(CityFlowError) as error,
        closing(MongodbDocuments(url, "x", patience_seconds=0.2)) as documents,
    ):
        documents.types()
    message = one_line(error)
    assert "MONGODB_URL" in message
    assert "hunter2" not in message
    assert "ter2" not in message


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OperationFailure("Authentication failed.", 18), StoreUnavailable, "refused the login"),
        (OperationFailure("not authorized", 13), StoreUnavailable, "may not do this"),
        (OperationFailure("No space", 14031), StoreUnavailable, "disk is full"),
        (ExecutionTimeout("operation exceeded", 50), StoreUnavailable, "it answered: operation"),
        (WTimeoutError("waiting for replication", 64), TryAgain, "no majority"),
    ],
)
def test_a_refusal_is_one_line(error: PyMongoError, kind: type[CityFlowError], words: str) -> None:
    client = MongodbClient(URL, "x", patience_seconds=0, expiry=False)
    said = client._said(error)
    assert type(said) is kind
    assert str(said).startswith("database x at db.example.org:27017: ")
    assert words in str(said)
