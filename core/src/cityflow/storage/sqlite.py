"""Documents in one SQLite file on a local disk: any number of threads and processes at once.

The body is one canonical JSON text; type, day, key and version are columns, and a query walks the
primary key.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from cityflow.errors import VersionConflict
from cityflow.storage import rules
from cityflow.storage.ports import Document, DocumentId, Json, Page
from cityflow.storage.sqlite_file import SqliteFile


class SqliteDocuments:
    """The port Documents over one file; opens (and if need be creates) it at once.

    `busy_seconds` is how long a write waits for another process before StoreUnavailable.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        self._file = SqliteFile(path, busy_seconds)

    def get(self, id: DocumentId) -> Document | None:
        """The document, or None."""
        query = "SELECT version, body FROM documents WHERE type = ? AND day = ? AND key = ?"
        with self._file.connection() as connection:
            row = connection.execute(query, _key(id)).fetchone()
        return _document(id, *row) if row else None

    def put(self, id: DocumentId, body: Json) -> int:
        """Write whatever stands there; returns the new version."""
        text = rules.encode_body(id, body)
        with self._file.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE "
                "SET version = version + 1, body = excluded.body",
                (*_key(id), text),
            )
            (version,) = connection.execute(
                "SELECT version FROM documents WHERE type = ? AND day = ? AND key = ?", _key(id)
            ).fetchone()
            connection.execute("COMMIT")
        return int(version)

    def put_if(self, id: DocumentId, body: Json, version: int) -> int:
        """Write only if the stored version is `version` (0: none); else VersionConflict."""
        self._write(Document(id, version + 1, body), rules.encode_body(id, body), version)
        return version + 1

    def restore(self, document: Document, over: int) -> None:
        """Write a document with its version, only over the version `over`; else VersionConflict."""
        self._write(document, rules.encode_restored(document), over)

    def query(
        self,
        type: str,
        first: date | None = None,
        last: date | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        """Documents of one type with first ≤ day ≤ last, by (day, key), one page."""
        rules.check_limit(limit)
        where, values = ["type = ?"], [type]
        for condition, day in (("day >= ?", first), ("day <= ?", last)):
            if day is not None:
                where.append(condition)
                values.append(day.isoformat())
        if cursor is not None:
            after_day, after_key = rules.decode_cursor(cursor)
            where.append("(day, key) < (?, ?)" if descending else "(day, key) > (?, ?)")
            values += [after_day.isoformat(), after_key]
        way = "DESC" if descending else "ASC"
        sql = (
            f"SELECT day, key, version, body FROM documents WHERE {' AND '.join(where)} "
            f"ORDER BY day {way}, key {way} LIMIT ?"
        )
        with self._file.connection() as connection:
            rows = connection.execute(sql, (*values, limit + 1)).fetchall()
        items = tuple(
            _document(DocumentId(type, date.fromisoformat(day), key), version, text)
            for day, key, version, text in rows[:limit]
        )
        return Page(items, rules.encode_cursor(items[-1].id) if len(rows) > limit else None)

    def delete(self, id: DocumentId) -> None:
        """Remove it; nothing happens if it is not there."""
        with self._file.connection() as connection:
            connection.execute(
                "DELETE FROM documents WHERE type = ? AND day = ? AND key = ?", _key(id)
            )

    def delete_many(self, ids: Iterable[DocumentId]) -> None:
        """Remove them, all at once."""
        with self._file.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "DELETE FROM documents WHERE type = ? AND day = ? AND key = ?", map(_key, ids)
            )
            connection.execute("COMMIT")

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""
        with self._file.connection() as connection:
            rows = connection.execute("SELECT DISTINCT type FROM documents ORDER BY type")
            return [type for (type,) in rows]

    def close(self) -> None:
        """Close the connections of this process."""
        self._file.close()

    def _write(self, document: Document, text: str, over: int) -> None:
        key = _key(document.id)
        with self._file.connection() as connection:
            if over == 0:
                written = connection.execute(
                    "INSERT OR IGNORE INTO documents VALUES (?, ?, ?, ?, ?)",
                    (*key, document.version, text),
                )
            else:
                written = connection.execute(
                    "UPDATE documents SET version = ?, body = ? "
                    "WHERE type = ? AND day = ? AND key = ? AND version = ?",
                    (document.version, text, *key, over),
                )
        if written.rowcount == 0:
            raise VersionConflict(
                f"{rules.name_of(document.id)}: no longer at version {over}; read it again"
            )


def _key(id: DocumentId) -> tuple[str, str, str]:
    return id.type, id.day.isoformat(), id.key


def _document(id: DocumentId, version: int, text: str) -> Document:
    return Document(id, version, rules.decode_body(rules.name_of(id), text))
