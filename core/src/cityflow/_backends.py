"""Which database and which object store are used: one pure function, its test is the table."""

from typing import TYPE_CHECKING, NamedTuple

from cityflow._setting_types import Database, ObjectStore

if TYPE_CHECKING:
    from cityflow.settings import Settings


class Backends(NamedTuple):
    """Where documents and objects are kept, and why."""

    database: Database
    objects: ObjectStore
    database_why: str
    objects_why: str


def choose_backends(settings: "Settings") -> Backends:
    """The detection rule, without connecting to anything: the first that is set decides.

    Documents: DATABASE_TYPE; AWS_EXECUTION_ENV or USE_DYNAMODB=true; MONGODB_URL; else SQLite.
    Objects: AWS_EXECUTION_ENV or USE_S3=true; else the local directory.
    """
    database, database_why = _choose_database(settings)
    objects, objects_why = _choose_objects(settings)
    return Backends(database, objects, database_why, objects_why)


def _choose_database(settings: "Settings") -> tuple[Database, str]:
    if settings.database_type:
        return settings.database_type, f"DATABASE_TYPE={settings.database_type}"
    if settings.aws_execution_env:
        return "dynamodb", "AWS_EXECUTION_ENV is set"
    if settings.use_dynamodb:
        return "dynamodb", "USE_DYNAMODB=true"
    if settings.mongodb_url:
        return "mongodb", "MONGODB_URL is set"
    return "sqlite", "nothing else is set"


def _choose_objects(settings: "Settings") -> tuple[ObjectStore, str]:
    if settings.aws_execution_env:
        return "s3", "AWS_EXECUTION_ENV is set"
    if settings.use_s3:
        return "s3", "USE_S3=true"
    return "local", "neither AWS_EXECUTION_ENV nor USE_S3 is set"
