"""MongoDB over its wire: the whole contract of documents, and what is MongoDB's alone."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from contract_documents import ID, DocumentsContract, Reopen, body
from contract_support import in_processes, one_line
from pymongo import MongoClient
from store_servers import IMAGE, Mongo, engine, unique
from testcontainers.community.mongodb import MongoDbContainer

from cityflow.errors import StoreUnavailable
from cityflow.storage import Document, DocumentId
from cityflow.storage.mongodb import MongodbDocuments

CORE_TESTS = Path(__file__).parents[2] / "core/tests"


@pytest.fixture
def database(mongo: Mongo) -> Iterator[str]:
    name = unique("cityflow")
    yield name
    mongo.drop(name)


class TestContract(DocumentsContract):
    @pytest.fixture
    def reopen(self, mongo: Mongo, database: str) -> Reopen:
        return partial(MongodbDocuments, mongo.url, database)


def test_pages_walk_the_index_of_type_day_and_key(mongo: Mongo, database: str) -> None:
    with closing(MongodbDocuments(mongo.url, database)) as documents:
        documents.put(ID, body())
    with MongoClient(mongo.url) as client:
        stored = client[database]["documents"]
        indexes = stored.index_information()
        wanted = {"type": ID.type, "day": {"$gte": "2025"}}
        plan = stored.find(wanted, sort=[("type", 1), ("day", 1), ("key", 1)])
        stages = str(plan.explain()["queryPlanner"]["winningPlan"])
        row = stored.find_one({}, {"_id": False, "write": False})
    assert indexes["id"]["key"] == [("type", 1), ("day", 1), ("key", 1)]
    assert indexes["id"]["unique"]
    assert set(indexes) == {"_id_", "id"}, "an expiry is made where it is asked for"
    assert "IXSCAN" in stages  # the stand-in of mongo:7 sorts what comes in order: not asked
    assert row == {
        "type": "pointer/comptages",
        "day": "2025-03-30",
        "key": "current",
        "version": 1,
        "body": '{"schema_version":1}',
    }


def test_runs_expire_where_a_setting_asks(mongo: Mongo, database: str) -> None:
    types = ["run", "running", "lease", "edition/comptages", "pointer/comptages", "raw/comptages"]
    with closing(MongodbDocuments(mongo.url, database, runs_ttl_days=30)) as documents:
        for type in types:
            documents.put(DocumentId(type, ID.day, "x"), body())
    with MongoClient(mongo.url, tz_aware=True) as client:
        stored = client[database]["documents"]
        index = stored.index_information()["expiry"]
        rows = list(stored.find({"expires_at": {"$exists": True}}))
    moments = {row["type"]: row["expires_at"] for row in rows}
    assert index["expireAfterSeconds"] == 0
    assert set(moments) == {"run", "running"}
    for moment in moments.values():
        assert abs(moment - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


def test_many_processes_may_make_the_collection_at_once(mongo: Mongo, database: str) -> None:
    in_processes(4, write_one, mongo.url, database)
    with closing(MongodbDocuments(mongo.url, database)) as documents:
        assert [d.id.key for d in documents.query("run").items] == list("0123")


def test_a_forked_child_connects_for_itself(mongo: Mongo, database: str) -> None:
    with closing(MongodbDocuments(mongo.url, database)) as documents:
        assert documents.put(ID, body()) == 1
        script = f"""
import os, sys
sys.path.append({str(CORE_TESTS)!r})
from contextlib import closing
from contract_documents import ID, body
from cityflow.storage.mongodb import MongodbDocuments
with closing(MongodbDocuments({mongo.url!r}, {database!r})) as documents:
    documents.put(ID, body())
    child = os.fork()
    for _ in range(50):
        documents.put(ID, body())
    if child:
        assert os.waitpid(child, 0)[1] == 0
if not child:
    os._exit(0)
"""
        subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
        held = documents.get(ID)
    assert held is not None
    assert held.version == 102


def write_one(number: int, url: str, database: str) -> None:
    with closing(MongodbDocuments(url, database)) as documents:
        documents.put(DocumentId("run", ID.day, str(number)), body())


@pytest.fixture(scope="module")
def guarded(aws_login: None) -> Iterator[MongoDbContainer]:
    """A server that asks for a login, and is no replica set."""
    engine()
    with MongoDbContainer(IMAGE, username="root", password="it's a:secret@/") as container:
        yield container


def address(server: MongoDbContainer, user: str, password: str) -> str:
    host, port = server.get_container_host_ip(), server.get_exposed_port(27017)
    return f"mongodb://{user}:{quote_plus(password)}@{host}:{port}/?authSource=admin"


def test_a_login_counts(guarded: MongoDbContainer) -> None:
    url = address(guarded, "root", "it's a:secret@/")
    with closing(MongodbDocuments(url, "cityflow")) as documents:
        assert documents.put(ID, body()) == 1
    for user, password in (("root", "hunter2"), ("nobody", "hunter2")):
        wrong = MongodbDocuments(address(guarded, user, password), "cityflow")
        started = time.monotonic()
        with closing(wrong), pytest.raises(StoreUnavailable) as error:
            wrong.get(ID)
        assert time.monotonic() - started < 5
        assert "refused the login; check user, password and authSource" in one_line(error)
        assert "hunter2" not in str(error.value)


def test_who_may_only_read_reads(guarded: MongoDbContainer) -> None:
    url = address(guarded, "root", "it's a:secret@/")
    with closing(MongodbDocuments(url, "shown")) as documents:
        documents.put(ID, body(a=1))
    with MongoClient(url) as client:
        client.admin.command(
            "createUser", "reader", pwd="x", roles=[{"role": "read", "db": "shown"}]
        )
    with closing(MongodbDocuments(address(guarded, "reader", "x"), "shown")) as documents:
        assert documents.get(ID) == Document(ID, 1, body(a=1))
        assert documents.types() == [ID.type]
        with pytest.raises(StoreUnavailable, match="may not do this; give it readWrite"):
            documents.put(ID, body())


def test_without_a_majority_a_write_is_not_acknowledged(mongo: Mongo, database: str) -> None:
    with closing(MongodbDocuments(mongo.url, database)) as documents:
        documents.put(ID, body())
        concern = documents._client._collections.get().write_concern.document
    assert concern["w"] == "majority"
    assert concern["j"] is True
