"""The one place where settings become adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import Store
from cityflow.storage.sqlite import SqliteDocuments

if TYPE_CHECKING:
    from cityflow.settings import Settings


def open_store(settings: Settings) -> Store:
    """The store the settings choose."""
    return Store(
        SqliteDocuments(settings.output_dir / "cityflow.db"),
        LocalObjects(settings.output_dir, settings.data_dir_raw),
    )
