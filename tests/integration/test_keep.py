"""Export, import, backup and restore on every backend: the same bytes whatever keeps them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from admin_support import Command, fill, open_store, snapshot
from store_servers import Mongo, unique

from cityflow.settings import Settings
from cityflow.storage import Store
from cityflow.storage import open_store as open_by_settings

BACKENDS = ("mongodb", "moto", "ministack")


@pytest.fixture
def cityflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CITYFLOW_LOG_LEVEL", "ERROR")
    return Command(capsys)


@pytest.fixture(params=BACKENDS)
def remote(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Turns the environment to an empty store of a backend when it is called."""
    variables = {"OUTPUT_DIR": str(tmp_path / "remote")}
    name = unique("keep")
    if request.param == "mongodb":
        mongo: Mongo = request.getfixturevalue("mongo")
        variables |= {"MONGODB_URL": mongo.url, "MONGODB_DATABASE": name}
    else:
        variables |= {"AWS_EXECUTION_ENV": "test"}
        variables |= {"AWS_ENDPOINT_URL": request.getfixturevalue(request.param)}
        variables |= {f"S3_BUCKET_{b}": f"{name}-{b.lower()}" for b in ("RAW", "REPORTS")}
        variables |= {f"DYNAMODB_TABLE_{t}": f"{name}-{t}" for t in ("METRICS", "REPORTS", "RUNS")}

    def turn() -> None:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)

    yield turn
    if request.param == "mongodb":
        mongo.drop(name)


@contextmanager
def chosen() -> Iterator[Store]:
    """The store of the environment."""
    with open_by_settings(Settings.load()) as store:
        yield store


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_backup_comes_back_elsewhere_and_is_the_same_again(
    cityflow: Command, tmp_path: Path, remote: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "here"))
    with open_store(tmp_path / "here") as store:
        fill(store)
        expected = snapshot(store)
    assert cityflow("backup", tmp_path / "one") == 0
    shutil.rmtree(tmp_path / "here")

    remote()
    assert cityflow("restore", tmp_path / "one", "--json") == 0, cityflow.error
    assert cityflow.total("verified") == len(expected)
    with chosen() as store:
        assert snapshot(store) == expected
    assert cityflow("backup", tmp_path / "two") == 0
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_an_export_comes_back_elsewhere_and_is_the_same_again(
    cityflow: Command, tmp_path: Path, remote: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "here"))
    with open_store(tmp_path / "here") as store:
        fill(store)
    assert cityflow("export", tmp_path / "one") == 0

    remote()
    assert cityflow("import", tmp_path / "one", "--verify") == 0, cityflow.error
    assert cityflow("import", tmp_path / "one", "--json") == 0
    assert cityflow.total("copied") == 0
    assert cityflow("export", tmp_path / "two") == 0
    assert files(tmp_path / "two") == files(tmp_path / "one")
