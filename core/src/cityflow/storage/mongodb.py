"""Documents in one collection of MongoDB: the body is one canonical JSON text beside its keys.

Each write leaves a token of its own, so that a write which the network repeats is known for what
it is, and never taken for another's.
"""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from pymongo import DeleteOne
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from cityflow.errors import VersionConflict
from cityflow.storage import rules
from cityflow.storage.expiry import expires_at
from cityflow.storage.mongodb_client import EXPIRES, INDEXED, MongodbClient, Stored
from cityflow.storage.ports import Document, DocumentId, Json, Page
from cityflow.storage.replacing import put_over

_SHOWN: Final = {"_id": False, "day": True, "key": True, "version": True, "body": True}
_VERSION: Final = {"_id": False, "version": True}


class MongodbDocuments:
    """The port Documents over the collection `documents` of a database, made if need be.

    `runs_ttl_days` lets the server drop runs of the ledger so many days after they were written.
    """

    def __init__(
        self,
        url: str,
        database: str,
        *,
        patience_seconds: float = 30.0,
        runs_ttl_days: int | None = None,
    ) -> None:
        self._runs_ttl_days = runs_ttl_days
        expiry = runs_ttl_days is not None
        self._client = MongodbClient(url, database, patience_seconds, expiry)

    def get(self, id: DocumentId) -> Document | None:
        """The document, or None."""
        found = self._client.run(lambda stored: stored.find_one(_key(id), _SHOWN))
        return _document(id.type, found) if found else None

    def put(self, id: DocumentId, body: Json) -> int:
        """Write whatever stands there; returns the new version."""
        text = rules.encode_body(id, body)

        def write(over: int) -> int:
            return self._write(Document(id, over + 1, body), text, over)

        return put_over(lambda: self._version(id), write)

    def put_if(self, id: DocumentId, body: Json, version: int) -> int:
        """Write only if the stored version is `version` (0: none); else VersionConflict."""
        return self._write(Document(id, version + 1, body), rules.encode_body(id, body), version)

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
        wanted = _filter(type, first, last) | _beyond(cursor, descending)
        way = -1 if descending else 1

        def read(stored: Collection[Stored]) -> list[Stored]:
            order = [(name, way) for name in INDEXED]
            return list(stored.find(wanted, _SHOWN, sort=order, limit=limit + 1))

        rows = self._client.run(read)
        items = tuple(_document(type, row) for row in rows[:limit])
        return Page(items, rules.encode_cursor(items[-1].id) if len(rows) > limit else None)

    def delete(self, id: DocumentId) -> None:
        """Remove it; nothing happens if it is not there."""
        self._client.run(lambda stored: stored.delete_one(_key(id)))

    def delete_many(self, ids: Iterable[DocumentId]) -> None:
        """Remove them; the driver sends as many at once as the server takes."""
        if requests := [DeleteOne(_key(id)) for id in ids]:
            self._client.run(lambda stored: stored.bulk_write(requests, ordered=False))

    def types(self) -> list[str]:
        """All types that hold a document, sorted."""
        return sorted(self._client.run(lambda stored: stored.distinct("type")))

    def close(self) -> None:
        """Close the connections of this process."""
        self._client.close()

    def _version(self, id: DocumentId) -> int:
        found = self._client.run(lambda stored: stored.find_one(_key(id), _VERSION))
        return int(found["version"]) if found else 0

    def _write(self, document: Document, text: str, over: int) -> int:
        key, token = _key(document.id), secrets.token_hex(8)
        fields = {"version": document.version, "body": text, "write": token}
        if moment := expires_at(document.id.type, self._runs_ttl_days):
            fields[EXPIRES] = moment

        def write(stored: Collection[Stored]) -> bool:
            if over == 0:
                return _insert(stored, key | fields)
            return bool(stored.update_one(key | {"version": over}, {"$set": fields}).matched_count)

        def is_ours(stored: Collection[Stored]) -> bool:
            # A write, though of nothing new: it returns when a majority holds what it found.
            mine = key | {"write": token}
            return bool(stored.update_one(mine, {"$set": {"write": token}}).matched_count)

        if not self._client.run(write) and not self._client.run(is_ours):
            raise VersionConflict(
                f"{rules.name_of(document.id)}: no longer at version {over}; read it again"
            )
        return document.version


def _insert(stored: Collection[Stored], row: Stored) -> bool:
    try:
        stored.insert_one(dict(row))
    except DuplicateKeyError:
        return False
    return True


def _key(id: DocumentId) -> Stored:
    return {"type": id.type, "day": id.day.isoformat(), "key": id.key}


def _filter(type: str, first: date | None, last: date | None) -> Stored:
    days = {} if first is None else {"$gte": first.isoformat()}
    if last is not None and last < date.max:
        # Not `$lte`: the stand-in of mongo:7 then leaves that day itself out.
        days["$lt"] = (last + timedelta(days=1)).isoformat()
    return {"type": type, "day": days} if days else {"type": type}


def _beyond(cursor: str | None, descending: bool) -> Stored:
    if cursor is None:
        return {}
    day, key = rules.decode_cursor(cursor)
    side = "$lt" if descending else "$gt"
    text = day.isoformat()
    return {"$or": [{"day": {side: text}}, {"day": text, "key": {side: key}}]}


def _document(type: str, row: Stored) -> Document:
    id = DocumentId(type, date.fromisoformat(row["day"]), row["key"])
    return Document(id, row["version"], rules.decode_body(rules.name_of(id), row["body"]))
