"""Servers of the storage tests, each started when a test first asks for it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import store_servers
from store_servers import LOGIN, Mongo

pytest.register_assert_rewrite("contract_support", "contract_documents", "contract_objects")


@pytest.fixture(scope="session")
def aws_login() -> Iterator[None]:
    """Credentials that stand-ins accept, in the environment of this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in LOGIN.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def moto(aws_login: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server."""
    with store_servers.moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def ministack(aws_login: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ministack's server."""
    with store_servers.ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def mongo(aws_login: None) -> Iterator[Mongo]:
    """A MongoDB server."""
    with store_servers.mongo() as server:
        yield server


Environment = dict[str, str]


@pytest.fixture
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, aws_login: None
) -> Iterator[Callable[[str], Environment]]:
    """Settings of an empty store of a kind: `sqlite`, `mongodb`, `moto` or `ministack`.

    The last two are DynamoDB and S3. Each call gives another store.
    """
    dropped: list[tuple[Mongo, str]] = []

    def make(kind: str) -> Environment:
        settings = {"OUTPUT_DIR": str(tmp_path / store_servers.unique(kind))}
        if kind == "mongodb":
            server: Mongo = request.getfixturevalue("mongo")
            dropped.append((server, store_servers.unique("cityflow")))
            settings |= {"MONGODB_URL": server.url, "MONGODB_DATABASE": dropped[-1][1]}
        elif kind != "sqlite":
            settings |= store_servers.on_aws(request.getfixturevalue(kind))
        return settings

    yield make
    for server, name in dropped:
        server.drop(name)
