"""Walking all pages of a query: memory holds one page at a time."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from cityflow.storage.ports import Document, Documents

_PAGE: Final = 200


def all_documents(
    documents: Documents, type: str, first: date | None = None, last: date | None = None
) -> Iterator[Document]:
    """Documents of one type with first ≤ day ≤ last, by (day, key), page after page."""
    cursor = None
    while True:
        page = documents.query(type, first, last, limit=_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
