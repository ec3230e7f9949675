"""What processes write while a contract of documents is tested, and what a document holds."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from cityflow.errors import VersionConflict
from cityflow.storage import DocumentId, Documents

Reopen = Callable[[], Documents]

DAY = date(2025, 3, 30)
ID = DocumentId("pointer/comptages", DAY, "current")
LIMIT = 256 * 1024


def body(**fields: Any) -> dict[str, Any]:
    """A storable body."""
    return {"schema_version": 1, **fields}


def sized(size: int) -> dict[str, Any]:
    """A body of exactly `size` bytes of canonical JSON, two-byte letters among them."""
    empty = len('{"schema_version":1,"text":""}')
    letters, odd = divmod(size - empty, 2)
    return body(text="é" * letters + "x" * odd)


def increment(documents: Documents, id: DocumentId, times: int) -> None:
    """Add to a counter by put_if, again and again until each addition went in."""
    for _ in range(times):
        while True:
            held = documents.get(id)
            count = held.body["count"] + 1 if held else 1
            try:
                documents.put_if(id, body(count=count), held.version if held else 0)
                break
            except VersionConflict:
                continue


def create_in_process(number: int, reopen: Reopen) -> bool:
    with closing(reopen()) as documents:
        try:
            documents.put_if(ID, body(by=number), 0)
        except VersionConflict:
            return False
        return True


def increment_in_process(_: int, reopen: Reopen, times: int) -> None:
    with closing(reopen()) as documents:
        increment(documents, ID, times)


def write_for_ever(pipe: Connection, reopen: Reopen) -> None:
    documents = reopen()
    while True:
        pipe.send(documents.put(ID, body(text="x" * 10_000)))
