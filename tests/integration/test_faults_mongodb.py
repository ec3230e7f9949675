"""MongoDB on a bad day: killed and started again, its connections cut, its answers lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from multiprocessing.connection import Connection

import pytest
import store_servers
from contract_documents import ID, body
from contract_support import SPAWN, in_threads, one_line
from fault_tcp import TcpProxy, tcp_proxy
from store_servers import Mongo, unique

from cityflow.errors import StoreUnavailable, VersionConflict
from cityflow.storage import Document, DocumentId
from cityflow.storage.mongodb import MongodbDocuments

WRITERS = 4
WRITES = 8


@pytest.fixture
def frail(aws_login: None) -> Iterator[Mongo]:
    """A server of this test's own, to be killed."""
    with store_servers.mongo() as server:
        yield server


@pytest.fixture
def proxy(mongo: Mongo) -> Iterator[TcpProxy]:
    with tcp_proxy(mongo.port) as proxy:
        yield proxy


@pytest.fixture
def documents(proxy: TcpProxy, mongo: Mongo) -> Iterator[MongodbDocuments]:
    database = unique("cityflow")
    with closing(MongodbDocuments(through(proxy), database)) as documents:
        documents.types()  # the first contact is over
        yield documents
    mongo.drop(database)


def through(proxy: TcpProxy) -> str:
    return f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"


def write_on(pipe: Connection, number: int, url: str) -> None:
    """Write one document after the other and tell of each acknowledged one."""
    with closing(MongodbDocuments(url, "cityflow", patience_seconds=180)) as documents:
        for count in range(10**6):
            id = DocumentId(f"writer{number}", date(2025, 1, 1), f"{count:06d}")
            documents.put_if(id, body(n=count), 0)
            documents.put_if(ID_OF[number], body(n=count), count)
            pipe.send(count)
            if pipe.poll():
                return


ID_OF = [DocumentId("last", date(2025, 1, 1), str(number)) for number in range(WRITERS)]


def test_kill_9_loses_no_acknowledged_write_and_stops_no_writer(frail: Mongo) -> None:
    writers = []
    for number in range(WRITERS):
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=write_on, args=(there, number, frail.url))
        process.start()
        writers.append((process, here))
    told = [pipe.recv() for _, pipe in writers]
    for pause in (0.2, 0.5, 0.1):
        time.sleep(pause)
        frail.kill()
        told = [last(pipe, before) for (_, pipe), before in zip(writers, told, strict=True)]
        frail.start()
        assert_held(frail, told)
    for _, pipe in writers:  # they go on, and end by being asked to
        assert pipe.poll(30)
        pipe.send("enough")
    for number, (process, pipe) in enumerate(writers):
        drained = threading.Thread(target=last_until_closed, args=(pipe, told, number))
        drained.start()
        process.join(30)
        assert process.exitcode == 0
        drained.join()
        pipe.close()
    assert_held(frail, told)


def last(pipe: Connection, before: int) -> int:
    """The last number that was told so far."""
    while pipe.poll():
        before = pipe.recv()
    return before


def last_until_closed(pipe: Connection, told: list[int], number: int) -> None:
    with suppress(EOFError, OSError):
        while pipe.poll(1):
            told[number] = pipe.recv()


def assert_held(server: Mongo, told: list[int]) -> None:
    with closing(MongodbDocuments(server.url, "cityflow")) as documents:
        for number, count in enumerate(told):
            last = documents.get(ID_OF[number])
            assert last is not None
            assert last.version == last.body["n"] + 1 >= count + 1
            keys = [d.id.key for d in documents.query(f"writer{number}", limit=10**5).items]
            assert keys == [f"{n:06d}" for n in range(len(keys))], "one is missing"
            assert len(keys) >= count + 1


def test_a_server_that_does_not_come_back_is_said(frail: Mongo) -> None:
    with closing(MongodbDocuments(frail.url, "cityflow", patience_seconds=1)) as documents:
        documents.put(ID, body(a=1))
        frail.kill()
        for use in (lambda: documents.put(ID, body()), lambda: documents.query(ID.type)):
            with pytest.raises(StoreUnavailable) as error:
                use()
            assert "no connection" in one_line(error)
            assert error.value.exit_code == 5
        frail.start()
        assert documents.get(ID) == Document(ID, 1, body(a=1))


def test_a_write_whose_answer_is_lost_is_known_for_what_it_is(
    proxy: TcpProxy, documents: MongodbDocuments
) -> None:
    for sign, write in (
        (b"insert", lambda: documents.put_if(ID, body(a=1), 0)),
        (b"update", lambda: documents.put_if(ID, body(a=2), 1)),
        (b"update", lambda: documents.put(ID, body(a=3))),
        (b"update", lambda: documents.restore(Document(ID, 7, body(a=4)), over=3)),
    ):
        proxy.arm(sign)
        proxy.arm(sign)  # pymongo itself tries once more
        proxy.arm(sign)
        write()
        assert proxy.armed == 0
    assert documents.get(ID) == Document(ID, 7, body(a=4))
    proxy.arm(b"insert")
    with pytest.raises(VersionConflict):
        documents.put_if(ID, body(a=9), 0)
    proxy.arm(b"find")
    assert documents.get(ID) == Document(ID, 7, body(a=4))
    proxy.arm(b"delete")
    documents.delete(ID)
    assert documents.get(ID) is None


def test_connections_that_are_cut_stop_no_writer(
    proxy: TcpProxy, documents: MongodbDocuments
) -> None:
    done = threading.Event()

    def cut() -> None:
        while not done.wait(0.05):
            proxy.cut_all()

    def add(writer: int) -> None:
        for number in range(WRITES):
            id = DocumentId("run", ID.day, f"{writer}.{number:02d}")
            assert documents.put_if(id, body(), 0) == 1
            assert documents.put_if(id, body(), 1) == 2

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        in_threads(WRITERS, add)
    finally:
        done.set()
        cutter.join()
    found = documents.query("run", limit=1000).items
    assert [d.id.key for d in found] == [
        f"{w}.{n:02d}" for w in range(WRITERS) for n in range(WRITES)
    ]
    assert {d.version for d in found} == {2}


def test_an_address_where_nobody_answers_is_said_in_under_five_seconds(mongo: Mongo) -> None:
    with tcp_proxy(store_servers.free_port()) as proxy:  # it accepts, and drops
        for url in (
            f"mongodb://user:hunter2@127.0.0.1:{proxy.port}/",
            f"mongodb://user:hunter2@127.0.0.1:{store_servers.free_port()}/",
            "mongodb://user:hunter2@no-such-host.invalid/",
        ):
            started = time.monotonic()
            with (
                closing(MongodbDocuments(url, "x")) as wrong,
                pytest.raises(StoreUnavailable) as error,
            ):
                wrong.get(ID)
            assert time.monotonic() - started < 5
            assert "no connection" in one_line(error)
            assert "hunter2" not in str(error.value)
