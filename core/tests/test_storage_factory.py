import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from contract_support import one_line

from cityflow.errors import BadArguments, StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import Store, open_store
from cityflow.storage.dynamodb import DynamodbDocuments
from cityflow.storage.local import LocalObjects
from cityflow.storage.mongodb import MongodbDocuments
from cityflow.storage.s3 import S3Objects
from cityflow.storage.sqlite import SqliteDocuments

NOBODY = "127.0.0.1:9"  # the port "discard": nobody listens
PASSWORD = "hunter2"


def test_nothing_set_gives_sqlite_and_a_folder(tmp_path: Path) -> None:
    with open_store(Settings(output_dir=tmp_path / "output")) as store:
        assert isinstance(store.documents, SqliteDocuments)
        assert isinstance(store.objects, LocalObjects)
        store.objects.put("raw/velib/x", b"x")
    assert (tmp_path / "output" / "cityflow.db").is_file()
    assert (tmp_path / "output" / "raw" / "velib" / "x").is_file()


def test_raw_stands_where_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path / "output", data_dir_raw=tmp_path / "lake")
    with open_store(settings) as store:
        store.objects.put("raw/velib/x", b"x")
    assert (tmp_path / "lake" / "velib" / "x").is_file()


def test_a_store_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(StoreUnavailable, match="cannot make the folder"):
        open_store(Settings(output_dir=tmp_path / "output"))


@pytest.mark.parametrize(
    ("environ", "documents", "objects"),
    [
        ({"MONGODB_URL": f"mongodb://{NOBODY}"}, MongodbDocuments, LocalObjects),
        ({"MONGODB_URL": f"mongodb://{NOBODY}", "USE_S3": "1"}, MongodbDocuments, S3Objects),
        ({"USE_DYNAMODB": "1"}, DynamodbDocuments, LocalObjects),
        ({"USE_S3": "1"}, SqliteDocuments, S3Objects),
        ({"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}, DynamodbDocuments, S3Objects),
    ],
)
def test_the_settings_choose_and_nobody_is_called_yet(
    tmp_path: Path, environ: dict[str, str], documents: type, objects: type
) -> None:
    with open_store(Settings.load({"OUTPUT_DIR": str(tmp_path), **environ})) as store:
        assert isinstance(store.documents, documents)
        assert isinstance(store.objects, objects)


@pytest.mark.parametrize(
    ("environ", "use", "reason"),
    [
        (
            {"MONGODB_URL": f"mongodb://user:{PASSWORD}@{NOBODY}/"},
            lambda store: store.documents.types(),
            f"database cityflow at {NOBODY}: no connection ({NOBODY}: ",
        ),
        (
            {"USE_DYNAMODB": "1"},
            lambda store: store.documents.types(),
            f"table cityflow-metrics in eu-west-3 at {NOBODY}: no connection (",
        ),
        (
            {"USE_S3": "1", "S3_BUCKET_REPORTS": "shelf"},
            lambda store: store.objects.size("metrics/x"),
            f"bucket shelf in eu-west-3 at {NOBODY}: no connection (",
        ),
    ],
    ids=["mongodb", "dynamodb", "s3"],
)
def test_a_wrong_address_is_said_in_under_five_seconds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    use: Callable[[Store], object],
    reason: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    named = {"AWS_ENDPOINT_URL": f"http://user:{PASSWORD}@{NOBODY}", "OUTPUT_DIR": str(tmp_path)}
    settings = Settings.load({**named, **environ})
    started = time.monotonic()
    with open_store(settings) as store, pytest.raises(StoreUnavailable) as error:
        use(store)
    assert time.monotonic() - started < 5
    assert one_line(error).startswith(reason)
    assert PASSWORD not in str(error.value)


def test_mongodb_needs_its_address(tmp_path: Path) -> None:
    with pytest.raises(BadArguments, match="needs MONGODB_URL"):
        open_store(Settings(output_dir=tmp_path, database_type="mongodb"))


@pytest.mark.parametrize(
    ("variables", "extra"),
    [
        ({"MONGODB_URL": f"mongodb://{NOBODY}"}, "cityflow-core[mongodb]"),
        ({"USE_DYNAMODB": "1"}, "cityflow-core[aws]"),
        ({"USE_S3": "1"}, "cityflow-core[aws]"),
    ],
)
def test_a_package_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], extra: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("cityflow.storage.")]:
        if name.rpartition(".")[2] in ("mongodb", "mongodb_client", "dynamodb", "s3", "aws"):
            monkeypatch.delitem(sys.modules, name)
    for package in ("pymongo", "boto3"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BadArguments) as error:
        open_store(Settings.load({"OUTPUT_DIR": str(tmp_path), **variables}))
    assert extra in one_line(error)


def test_the_embedded_store_imports_no_client(tmp_path: Path) -> None:
    code = (
        "import sys; from cityflow.storage import open_store; "
        "from cityflow.settings import Settings; "
        "open_store(Settings.load()).close(); "
        "print({'pymongo', 'bson', 'boto3', 'botocore'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout == "set()\n"
