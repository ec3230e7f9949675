import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from contract_documents import ID, DocumentsContract, Reopen, body, sized
from contract_support import SPAWN, in_processes, in_threads, one_line, unprivileged

from cityflow.errors import StoreUnavailable, UnknownSchemaVersion
from cityflow.storage import DocumentId
from cityflow.storage.sqlite import SqliteDocuments


class TestContract(DocumentsContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(SqliteDocuments, tmp_path / "output" / "cityflow.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cityflow.db"


@pytest.fixture
def documents(path: Path) -> Iterator[SqliteDocuments]:
    with closing(SqliteDocuments(path)) as documents:
        yield documents


def refusal(path: Path) -> str:
    """The message with which opening the file, or reading it, is refused."""
    with pytest.raises(StoreUnavailable) as error, closing(SqliteDocuments(path)) as documents:
        documents.query(ID.type, limit=1000)
    message = one_line(error)
    assert str(path) in message
    return message


def open_and_write(number: int, path: Path) -> None:
    with closing(SqliteDocuments(path)) as documents:
        documents.put(DocumentId("run", date(2025, 1, 1), str(number)), body())


def refused_as_nobody(path: Path) -> str:
    try:
        with closing(SqliteDocuments(path)) as documents:
            documents.put(ID, body())
    except StoreUnavailable as error:
        return str(error)
    return "it was not refused"


def test_the_file_is_in_wal_mode_and_says_whose_it_is(
    path: Path, documents: SqliteDocuments
) -> None:
    documents.put(ID, body())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x43465731,)
        row = connection.execute("SELECT * FROM documents").fetchone()
    assert row == ("pointer/comptages", "2025-03-30", "current", 1, '{"schema_version":1}')


def test_a_page_walks_the_primary_key(path: Path, documents: SqliteDocuments) -> None:
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT day, key, version, body FROM documents WHERE type = 'run' "
            "AND day >= '2025' AND (day, key) > ('2025', 'x') ORDER BY day, key LIMIT 10"
        ).fetchall()
    assert len(plan) == 1
    assert "USING INDEX" in plan[0][3]


def test_many_processes_may_make_the_file_at_once(path: Path) -> None:
    in_processes(6, open_and_write, path)
    with closing(SqliteDocuments(path)) as documents:
        assert [d.id.key for d in documents.query("run").items] == list("012345")


def test_many_threads_may_make_the_file_at_once(path: Path) -> None:
    in_threads(12, lambda n: open_and_write(n, path))
    with closing(SqliteDocuments(path)) as documents:
        assert len(documents.query("run").items) == 12


def test_connections_are_used_again_and_closed(path: Path) -> None:
    documents = SqliteDocuments(path)
    in_threads(4, lambda _: [documents.put(ID, body()) for _ in range(50)])
    documents.close()
    documents.close()
    assert [file.name for file in path.parent.iterdir()] == ["cityflow.db"]


def test_a_connection_at_work_closes_when_it_is_done(path: Path) -> None:
    documents = SqliteDocuments(path)
    with documents._file.connection() as connection:
        documents.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_forked_child_opens_its_own_connection(path: Path) -> None:
    script = """
import os, sys
from datetime import date
from pathlib import Path
from cityflow.storage import DocumentId
from cityflow.storage.sqlite import SqliteDocuments
documents, id = SqliteDocuments(Path(sys.argv[1])), DocumentId("run", date(2025, 1, 1), "key")
documents.put(id, {"schema_version": 1})
child = os.fork()
for _ in range(200):
    documents.put(id, {"schema_version": 1})
documents.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    with closing(SqliteDocuments(path)) as documents:
        assert documents.query("run").items[0].version == 401


def test_readers_go_on_while_one_writes(path: Path, documents: SqliteDocuments) -> None:
    documents.put(ID, body(a=1))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM documents")
        held = documents.get(ID)
        writer.execute("ROLLBACK")
    assert held is not None


def test_a_writer_waits_for_another(path: Path, documents: SqliteDocuments) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, other.execute, ["COMMIT"])
        release.start()
        assert documents.put(ID, body()) == 1
        release.join()


def test_a_file_that_stays_busy_is_said_so(path: Path, documents: SqliteDocuments) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(SqliteDocuments(path, busy_seconds=0.1)) as impatient,
    ):
        other.execute("BEGIN IMMEDIATE")
        for write in (impatient.put, lambda id, body: impatient.put_if(id, body, 0)):
            with pytest.raises(StoreUnavailable) as error:
                write(ID, body())
            assert "locked; another process keeps it busy" in one_line(error)
        other.execute("ROLLBACK")
        assert impatient.put(ID, body()) == 1


def test_a_new_file_that_stays_busy_is_said_so(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("DROP TABLE t")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked"):
            SqliteDocuments(path, busy_seconds=0.1)


def test_a_new_file_that_another_writes_to_is_waited_for(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            SqliteDocuments(path, busy_seconds=0.1)
        release = threading.Timer(0.3, other.execute, ["COMMIT"])
        release.start()
        SqliteDocuments(path).close()
        release.join()


def test_a_file_of_another_kind_is_refused_and_kept(path: Path) -> None:
    path.write_bytes(b"iu_ac;libelle;t_1h\n" * 500)
    assert "not a database; move that file away" in refusal(path)
    assert path.read_bytes() == b"iu_ac;libelle;t_1h\n" * 500


def test_a_database_of_another_program_is_refused_and_kept(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE documents (a)")
    before = path.read_bytes()
    assert "an SQLite file of another program; move that file away" in refusal(path)
    assert path.read_bytes() == before


def test_a_layout_of_a_newer_program_is_refused(path: Path) -> None:
    SqliteDocuments(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(UnknownSchemaVersion, match=r"layout 2 .* upgrade"):
        SqliteDocuments(path)


@pytest.mark.parametrize("damage", ["cut", "overwritten", "zeroed"])
def test_a_damaged_file_is_said_so(path: Path, damage: str) -> None:
    with closing(SqliteDocuments(path)) as documents:
        for n in range(20):
            documents.put(DocumentId(ID.type, ID.day, str(n)), sized(10_000))
    content = path.read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "overwritten": content[:4096] + b"\xa5" * (len(content) - 4096),
        "zeroed": content[:4096] + bytes(len(content) - 4096),
    }
    path.write_bytes(damaged[damage])
    assert "the file is damaged: restore a backup" in refusal(path)


def test_a_document_that_is_none_of_ours_is_said_so(path: Path, documents: SqliteDocuments) -> None:
    documents.put(ID, body())
    for text in ("{", "[1]", "{}"):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE documents SET body = ?", (text,))
        with pytest.raises(StoreUnavailable, match="pointer/comptages 2025-03-30 current: not a"):
            documents.get(ID)


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir()
    assert "unable to open database file; check that the folder" in refusal(path)


def test_a_file_in_place_of_its_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    assert "check OUTPUT_DIR" in refusal(tmp_path / "output" / "cityflow.db")


def test_a_folder_without_permission_is_refused(open_tmp: Path) -> None:
    open_tmp.chmod(0o555)
    assert "check that the folder exists" in unprivileged(
        refused_as_nobody, open_tmp / "cityflow.db"
    )
    assert "check OUTPUT_DIR" in unprivileged(refused_as_nobody, open_tmp / "new" / "cityflow.db")


def test_a_read_only_file_is_refused(open_tmp: Path) -> None:
    path = open_tmp / "cityflow.db"
    SqliteDocuments(path).close()
    path.chmod(0o444)
    message = unprivileged(refused_as_nobody, path)
    assert message.startswith(f"database {path}: attempt to write a readonly database; give this")


def test_a_killed_writer_does_not_block_the_next(path: Path) -> None:
    receiver, sender = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=hold_the_lock, args=(sender, path))
    process.start()
    receiver.recv()
    process.kill()
    process.join()
    with closing(SqliteDocuments(path, busy_seconds=1.0)) as documents:
        assert documents.get(ID) is None
        assert documents.put(ID, body()) == 1


def hold_the_lock(pipe: Connection, path: Path) -> None:
    documents = SqliteDocuments(path)
    with documents._file.connection() as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO documents VALUES ('t', 'd', 'k', 1, '{}')")
        pipe.send("locked")
        threading.Event().wait()
