"""The one place where settings become adapters."""

from cityflow.errors import BadArguments
from cityflow.settings import Settings, choose_backends
from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import Documents, Objects, Store
from cityflow.storage.sqlite import SqliteDocuments

DATABASE_FILE = "cityflow.db"
PATIENCE_SECONDS = 30.0


def open_store(settings: Settings, *, patience_seconds: float = PATIENCE_SECONDS) -> Store:
    """The store that the settings choose, opened: close it, or use it as a context manager.

    `patience_seconds` is how long a call waits for a server or a busy file before it gives up.
    Raises StoreUnavailable if it cannot be opened.
    """
    objects = open_objects(settings)
    return Store(open_documents(settings, patience_seconds), objects)


def open_documents(settings: Settings, patience_seconds: float = PATIENCE_SECONDS) -> Documents:
    """The documents alone, for those who need no objects."""
    backends = choose_backends(settings)
    if backends.database == "sqlite":
        return SqliteDocuments(settings.output_dir / DATABASE_FILE, busy_seconds=patience_seconds)
    raise BadArguments(
        f"database {backends.database} ({backends.database_why}): this version keeps documents in "
        "SQLite only; set DATABASE_TYPE=sqlite"
    )


def open_objects(settings: Settings) -> Objects:
    """The objects alone, for those who need no documents."""
    backends = choose_backends(settings)
    if backends.objects == "local":
        return LocalObjects(settings.output_dir, settings.data_dir_raw)
    raise BadArguments(
        f"objects in {backends.objects} ({backends.objects_why}): this version keeps them in a "
        "local directory only; unset AWS_EXECUTION_ENV and USE_S3"
    )
