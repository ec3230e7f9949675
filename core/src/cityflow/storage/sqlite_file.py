"""Connections to CityFlow's SQLite file; every fault of it is one StoreUnavailable.

WAL lets readers go on while one writer writes. With synchronous=NORMAL a killed process loses
nothing; a power cut may take back the last commits but never breaks the file, and the next run
publishes them again (the objects they name were flushed before).
"""

import os
import sqlite3
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cityflow.errors import StoreUnavailable, UnknownSchemaVersion

_APPLICATION: Final = 0x43465731
_LAYOUT: Final = 1
_TABLE: Final = """
CREATE TABLE documents (
    type TEXT NOT NULL,
    day TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (type, day, key)
)
"""
_ADVICE: Final = {
    "unable to open": "check that the folder exists and that this user may write there",
    "not a database": "move that file away, or set OUTPUT_DIR to another folder",
    "malformed": "the file is damaged: restore a backup, or move it away and process raw again",
    "locked": "another process keeps it busy: run again when that has ended",
    "readonly": "give this user write permission on the file and its folder",
    "disk I/O": "its disk is full or failing: check it, free disk space, then run again",
    "full": "free disk space, then run again",
}


class SqliteFile:
    """One connection for each user at a time, opened as needed and used again."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._closed = False
        # By pid: a forked child must neither use nor close its parent's connections.
        self._idle: dict[int, deque[sqlite3.Connection]] = {}
        _FILES.add(self)
        with self.connection():
            pass

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit; an open transaction is rolled back at the end."""
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close this process's idle connections; one at work closes when it is given back."""
        self._closed = True
        self.close_idle()

    def close_idle(self) -> None:
        """Close the connections nobody uses now; the next user opens one anew."""
        for connection in self._idle.pop(os.getpid(), ()):
            connection.close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.setdefault(os.getpid(), deque()).pop()
        except IndexError:
            return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        if self._closed:
            connection.close()
        else:
            self._idle.setdefault(os.getpid(), deque()).append(connection)

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"database {self._path}: its folder cannot be made ({error.strerror}); "
                "check OUTPUT_DIR"
            ) from error
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            if not self._is_ready(connection):
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_ready(self, connection: sqlite3.Connection) -> bool:
        """Whether the file has our table; refuses a file of others, or of a newer CityFlow."""
        application, layout, tables = connection.execute(
            "SELECT (SELECT application_id FROM pragma_application_id), "
            "(SELECT user_version FROM pragma_user_version), "
            "(SELECT count(*) FROM sqlite_master)"
        ).fetchone()
        if layout > _LAYOUT and application == _APPLICATION:
            raise UnknownSchemaVersion(
                f"database {self._path}: its layout {layout} is newer than {_LAYOUT}, the newest "
                "this program knows; upgrade CityFlow"
            )
        if tables and application != _APPLICATION:
            raise StoreUnavailable(
                f"database {self._path}: an SQLite file of another program; "
                f"{_ADVICE['not a database']}"
            )
        return bool(tables)

    def _make(self, connection: sqlite3.Connection) -> None:
        self._switch_to_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        if not self._is_ready(connection):
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")
        connection.execute("COMMIT")

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # Whatever its timeout, SQLite does not wait here for another that writes.
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        advice = (text for sign, text in _ADVICE.items() if sign in str(error))
        return StoreUnavailable(
            f"database {self._path}: {error}; {next(advice, 'check the disk it is on')}"
        )


_FILES: Final[weakref.WeakSet[SqliteFile]] = weakref.WeakSet()


def _close_before_fork() -> None:
    # SQLite takes locks of the parent, which no fork hands on, for the child's own: two would write
    # at once and commits be lost. With every connection closed, both sides start anew.
    for file in list(_FILES):
        file.close_idle()


os.register_at_fork(before=_close_before_fork)
