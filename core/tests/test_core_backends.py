"""The detection rule as a table: the first that is set decides, and every name of it is known."""

import pytest

from cityflow.settings import Settings, choose_backends, env_name

URL = "mongodb://user:hunter2@db:27017"

# (environment, database, objects)
DETECTION = [
    ({}, "sqlite", "local"),
    ({"MONGODB_URL": URL}, "mongodb", "local"),
    ({"MONGODB_URL": ""}, "sqlite", "local"),
    ({"MONGODB_URL": "   "}, "sqlite", "local"),
    ({"MONGODB_DATABASE": "other"}, "sqlite", "local"),
    ({"USE_DYNAMODB": "true"}, "dynamodb", "local"),
    ({"USE_DYNAMODB": "TRUE"}, "dynamodb", "local"),
    ({"USE_DYNAMODB": "1"}, "dynamodb", "local"),
    ({"USE_DYNAMODB": "false"}, "sqlite", "local"),
    ({"USE_DYNAMODB": ""}, "sqlite", "local"),
    ({"USE_DYNAMODB": "true", "MONGODB_URL": URL}, "dynamodb", "local"),
    ({"USE_DYNAMODB": "false", "MONGODB_URL": URL}, "mongodb", "local"),
    ({"USE_S3": "true"}, "sqlite", "s3"),
    ({"USE_S3": "false"}, "sqlite", "local"),
    ({"USE_S3": "true", "MONGODB_URL": URL}, "mongodb", "s3"),
    ({"USE_S3": "true", "USE_DYNAMODB": "true"}, "dynamodb", "s3"),
    ({"S3_BUCKET_RAW": "b"}, "sqlite", "local"),
    ({"AWS_REGION": "eu-west-1"}, "sqlite", "local"),
    ({"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}, "dynamodb", "s3"),
    ({"AWS_EXECUTION_ENV": "false"}, "dynamodb", "s3"),
    ({"AWS_EXECUTION_ENV": ""}, "sqlite", "local"),
    ({"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "MONGODB_URL": URL}, "dynamodb", "s3"),
    ({"AWS_EXECUTION_ENV": "x", "USE_S3": "false", "USE_DYNAMODB": "false"}, "dynamodb", "s3"),
    ({"DATABASE_TYPE": "sqlite"}, "sqlite", "local"),
    ({"DATABASE_TYPE": "mongodb", "MONGODB_URL": URL}, "mongodb", "local"),
    ({"DATABASE_TYPE": "dynamodb"}, "dynamodb", "local"),
    ({"DATABASE_TYPE": "SQLite", "MONGODB_URL": URL}, "sqlite", "local"),
    ({"DATABASE_TYPE": "sqlite", "USE_DYNAMODB": "true"}, "sqlite", "local"),
    ({"DATABASE_TYPE": "sqlite", "AWS_EXECUTION_ENV": "x"}, "sqlite", "s3"),
    ({"DATABASE_TYPE": "mongodb", "AWS_EXECUTION_ENV": "x", "MONGODB_URL": URL}, "mongodb", "s3"),
    ({"DATABASE_TYPE": "mongodb", "USE_DYNAMODB": "true", "USE_S3": "true"}, "mongodb", "s3"),
    ({"DATABASE_TYPE": "", "MONGODB_URL": URL}, "mongodb", "local"),
]


OF_THE_DESIGN = {
    "DATABASE_TYPE": "mongodb",
    "MONGODB_URL": URL,
    "MONGODB_DATABASE": "other",
    "USE_DYNAMODB": "true",
    "USE_S3": "true",
    "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
    "AWS_REGION": "eu-west-1",
    "DYNAMODB_TABLE_METRICS": "m",
    "DYNAMODB_TABLE_REPORTS": "r",
    "DYNAMODB_TABLE_RUNS": "l",
    "S3_BUCKET_RAW": "raw",
    "S3_BUCKET_REPORTS": "reports",
    "DATA_DIR_RAW": "/in",
    "OUTPUT_DIR": "/out",
    "MAX_FILE_SIZE_MB": "501",
    "EC2_CHUNK_SIZE": "99",
    "ENGINE": "dask",
    "DASK_SCHEDULER_ADDRESS": "tcp://scheduler:8786",
}


def test_every_name_of_the_design_is_accepted_and_counts() -> None:
    settings, origins = Settings.load_with_origins(OF_THE_DESIGN)
    changed = {
        env_name(field)
        for field in Settings.model_fields
        if getattr(settings, field) != getattr(Settings(), field)
    }
    assert changed == set(OF_THE_DESIGN)
    assert {origins[name] for name in OF_THE_DESIGN} == {"environment"}


@pytest.mark.parametrize(("environ", "database", "objects"), DETECTION)
def test_backends_are_chosen_by_the_table(
    environ: dict[str, str], database: str, objects: str
) -> None:
    chosen = choose_backends(Settings.load(environ))
    assert (chosen.database, chosen.objects) == (database, objects)


@pytest.mark.parametrize(
    ("environ", "database_why", "objects_why"),
    [
        ({}, "nothing else is set", "neither AWS_EXECUTION_ENV nor USE_S3 is set"),
        ({"DATABASE_TYPE": "sqlite", "USE_S3": "1"}, "DATABASE_TYPE=sqlite", "USE_S3=true"),
        ({"AWS_EXECUTION_ENV": "x"}, "AWS_EXECUTION_ENV is set", "AWS_EXECUTION_ENV is set"),
        ({"USE_DYNAMODB": "1"}, "USE_DYNAMODB=true", "neither"),
        ({"MONGODB_URL": URL}, "MONGODB_URL is set", "neither"),
    ],
)
def test_the_choice_says_why(environ: dict[str, str], database_why: str, objects_why: str) -> None:
    chosen = choose_backends(Settings.load(environ))
    assert chosen.database_why == database_why
    assert chosen.objects_why.startswith(objects_why)
