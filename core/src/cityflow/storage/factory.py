"""The one place where settings become adapters; a client is imported only where it is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager

from cityflow.errors import BadArguments
from cityflow.settings import Settings, choose_backends
from cityflow.storage.local import LocalObjects
from cityflow.storage.ports import Documents, Objects, Store
from cityflow.storage.sqlite import SqliteDocuments

DATABASE_FILE = "cityflow.db"


def open_store(settings: Settings) -> Store:
    """The store that the settings choose, opened: close it, or use it as a context manager.

    A server is first spoken to when it is first used. Raises BadArguments or StoreUnavailable.
    """
    objects = open_objects(settings)
    return Store(open_documents(settings), objects)


def open_documents(settings: Settings) -> Documents:
    """The documents alone, for those who need no objects."""
    backends, patience = choose_backends(settings), settings.store_patience_seconds
    if backends.database == "sqlite":
        return SqliteDocuments(settings.output_dir / DATABASE_FILE, busy_seconds=patience)
    with _client(backends.database, backends.database_why):
        if backends.database == "mongodb":
            return _mongodb(settings)
        return _dynamodb(settings)


def open_objects(settings: Settings) -> Objects:
    """The objects alone, for those who need no documents."""
    backends = choose_backends(settings)
    if backends.objects == "local":
        return LocalObjects(settings.output_dir, settings.data_dir_raw)
    with _client(backends.objects, backends.objects_why):
        return _s3(settings)


def _mongodb(settings: Settings) -> Documents:
    from cityflow.storage.mongodb import MongodbDocuments

    if settings.mongodb_url is None:
        raise BadArguments("DATABASE_TYPE=mongodb needs MONGODB_URL (or MONGODB_URL_FILE) as well")
    return MongodbDocuments(
        settings.mongodb_url.get_secret_value(),
        settings.mongodb_database,
        patience_seconds=settings.store_patience_seconds,
        runs_ttl_days=settings.runs_ttl_days,
    )


def _dynamodb(settings: Settings) -> Documents:
    from cityflow.storage.aws import Aws
    from cityflow.storage.dynamodb import DynamodbDocuments
    from cityflow.storage.dynamodb_tables import TableNames

    tables = TableNames(
        settings.dynamodb_table_metrics,
        settings.dynamodb_table_reports,
        settings.dynamodb_table_runs,
    )
    aws = Aws.of(settings)
    return DynamodbDocuments(aws, tables, runs_ttl_days=settings.runs_ttl_days)


def _s3(settings: Settings) -> Objects:
    from cityflow.storage.aws import Aws
    from cityflow.storage.s3 import S3Objects

    return S3Objects(
        Aws.of(settings),
        settings.s3_bucket_reports,
        settings.s3_bucket_raw,
        kms_key_id=settings.s3_kms_key_id,
    )


@contextmanager
def _client(backend: str, why: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        extra = "mongodb" if backend == "mongodb" else "aws"
        raise BadArguments(
            f"{backend} ({why}) needs a package that is not installed here ({error.name}): "
            f"pip install 'cityflow-core[{extra}]'"
        ) from error
