"""Changing a document that others change too: read, change, write if it is still the same."""

from collections.abc import Callable
from contextlib import suppress

from cityflow.errors import VersionConflict
from cityflow.storage.ports import DocumentId, Documents, Json


def update(documents: Documents, id: DocumentId, change: Callable[[Json | None], Json]) -> bool:
    """Put what `change` makes of the present body (None: there is none yet); True if it is new.

    `change` is called anew each time another writer was faster, so it must have no effect but its
    result.
    """
    while True:
        held = documents.get(id)
        with suppress(VersionConflict):
            documents.put_if(id, change(held.body if held else None), held.version if held else 0)
            return held is None
