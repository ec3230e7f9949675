"""The one place where settings become adapters."""

from cityflow.errors import BadArguments
from cityflow.settings import Settings, choose_backends
from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import Documents, Objects, Store
from cityflow.storage.sqlite import SqliteDocuments

DATABASE_FILE = "cityflow.db"


def open_store(settings: Settings) -> Store:
    """The store that the settings choose, opened: close it, or use it as a context manager.

    Raises StoreUnavailable if it cannot be opened.
    """
    objects = _objects(settings)
    return Store(_documents(settings), objects)


def _documents(settings: Settings) -> Documents:
    backends = choose_backends(settings)
    if backends.database == "sqlite":
        return SqliteDocuments(settings.output_dir / DATABASE_FILE)
    raise BadArguments(
        f"database {backends.database} ({backends.database_why}): this version keeps documents in "
        "SQLite only; set DATABASE_TYPE=sqlite"
    )


def _objects(settings: Settings) -> Objects:
    backends = choose_backends(settings)
    if backends.objects == "local":
        return LocalObjects(settings.output_dir, settings.data_dir_raw)
    raise BadArguments(
        f"objects in {backends.objects} ({backends.objects_why}): this version keeps them in a "
        "local directory only; unset AWS_EXECUTION_ENV and USE_S3"
    )
