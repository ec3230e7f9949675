"""A folder into a store: an export (import), or a backup (restore). Nothing of it is believed."""

from pathlib import Path
from typing import Literal

from cityflow.admin.archive import Archived, damage, objects_of
from cityflow.admin.manifest import read_manifest
from cityflow.admin.move import Manner, Moved, Route, move
from cityflow.admin.tally import some
from cityflow.console import progress
from cityflow.contracts import Manifest
from cityflow.errors import SourceError
from cityflow.storage import Documents, Store


def import_documents(folder: Path, documents: Documents, manner: Manner) -> Moved:
    """The documents of an export into a database.

    Raises SourceError before anything is written if the export is damaged.
    """
    manifest = _checked(folder, "export")
    return move(Route((Archived(folder, manifest), documents), None), manner)


def restore(folder: Path, store: Store, manner: Manner) -> Moved:
    """Everything in a backup into a store.

    Raises SourceError before anything is written if the backup is damaged.
    """
    manifest = _checked(folder, "backup")
    documents = (Archived(folder, manifest), store.documents)
    return move(Route(documents, (objects_of(folder), store.objects)), manner)


def _checked(folder: Path, kind: Literal["export", "backup"]) -> Manifest:
    manifest = read_manifest(folder, kind)
    with progress(f"Checking the {kind}"):
        found = damage(folder, manifest)
    if found:
        raise SourceError(
            f"{folder} is damaged, nothing of it was used: {some(found)}; use another copy"
        )
    return manifest
