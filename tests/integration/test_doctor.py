"""`cityflow doctor` on real servers, and on one that takes every connection and never answers."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_support import Command, doctors_error
from store_servers import Mongo, unique

from cityflow.settings import Settings
from cityflow.storage import open_store


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def cityflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CITYFLOW_LOG_LEVEL", "ERROR")
    return Command(capsys)


def test_mongodb_that_never_answers(tmp_path: Path, silent: str) -> None:
    assert silent in doctors_error(tmp_path, {"MONGODB_URL": f"mongodb://{silent}"})


def test_aws_that_never_answers(tmp_path: Path, silent: str) -> None:
    named = {"USE_DYNAMODB": "1", "USE_S3": "1", "AWS_ENDPOINT_URL": f"http://{silent}"}
    assert silent in doctors_error(tmp_path, named)


def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    said = doctors_error(tmp_path, {"MONGODB_URL": "mongodb://no.such.host.invalid"})
    assert "no.such.host.invalid" in said


def test_mongodb_is_well(cityflow: Command, monkeypatch: pytest.MonkeyPatch, mongo: Mongo) -> None:
    name = unique("doctor")
    monkeypatch.setenv("MONGODB_URL", mongo.url)
    monkeypatch.setenv("MONGODB_DATABASE", name)
    assert cityflow("doctor", "--json") == 0, cityflow.error
    assert [one["name"] for one in cityflow.result["connections"]] == ["mongodb", "local", "local"]
    mongo.drop(name)


@pytest.mark.parametrize("server", ["moto", "ministack"])
def test_aws_is_well(
    cityflow: Command,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    server: str,
) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue(server))
    monkeypatch.setenv("S3_BUCKET_RAW", unique("raw"))
    monkeypatch.setenv("S3_BUCKET_REPORTS", unique("reports"))
    for table in ("METRICS", "REPORTS", "RUNS"):
        monkeypatch.setenv(f"DYNAMODB_TABLE_{table}", unique(table.lower()))
    # A stand-in on a busy machine may be too slow for it at first.
    assert any(cityflow("doctor", "--json") == 0 for _ in range(5)), cityflow.error
    found = cityflow.result["connections"]
    assert [one["name"] for one in found] == ["dynamodb"] * 3 + ["s3"] * 2
    assert all(list(one["milliseconds"]) == ["write", "read", "delete"] for one in found)
    with open_store(Settings.load()) as store:
        assert store.documents.types() == []
        assert list(store.objects.list("")) == []
