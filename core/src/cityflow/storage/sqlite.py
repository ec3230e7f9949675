"""Documents in one SQLite file."""

from datetime import date
from pathlib import Path

from cityflow.storage.ports import Document, DocumentId, Json, Page


class SqliteDocuments:
    """Documents in one SQLite file on a local disk; safe across threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, id: DocumentId) -> Document | None:
        raise NotImplementedError

    def put(self, id: DocumentId, body: Json) -> int:
        raise NotImplementedError

    def put_if(self, id: DocumentId, body: Json, version: int) -> int:
        raise NotImplementedError

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
        raise NotImplementedError

    def delete(self, id: DocumentId) -> None:
        raise NotImplementedError

    def types(self) -> list[str]:
        raise NotImplementedError

    def close(self) -> None:
        """Release."""
