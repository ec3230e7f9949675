"""The servers that the storage tests run against, as processes or containers on loopback.

moto and ministack are two independent stand-ins of DynamoDB and S3, which keep nothing on disk.
MongoDB runs in a container of the image `mongo:7`, or of its local stand-in.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from testcontainers.core.container import DockerContainer

ROOT: Final = Path(__file__).resolve().parents[1]
ENGINE: Final = ROOT.parent / "shared/tools/container-engine/up"
MOTO: Final = ROOT / "tests/moto_one_at_a_time.py"
MINISTACK: Final = ROOT / ".venv/ministack/bin/ministack"
IMAGE: Final = "mongo:7"
LOOPBACK: Final = "127.0.0.1"
REGION: Final = "eu-west-3"
LOGIN: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "TESTCONTAINERS_RYUK_DISABLED": "true",
}
START_SECONDS: Final = 180


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def unique(prefix: str) -> str:
    """A name for a table, bucket or database that no other test uses."""
    return f"{prefix}-{secrets.token_hex(5)}"


def on_aws(url: str) -> dict[str, str]:
    """Settings of an empty store on a stand-in of DynamoDB and S3."""
    names = ("DYNAMODB_TABLE_METRICS", "DYNAMODB_TABLE_REPORTS", "DYNAMODB_TABLE_RUNS")
    buckets = ("S3_BUCKET_RAW", "S3_BUCKET_REPORTS")
    return {
        "USE_DYNAMODB": "true",
        "USE_S3": "true",
        "AWS_ENDPOINT_URL": url,
        **{name: unique(name.rpartition("_")[2].lower()) for name in names + buckets},
    }


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """moto's server, made to keep what AWS promises of conditional writes; its address."""
    port = free_port()
    command = [sys.executable, str(MOTO), LOOPBACK, str(port)]
    environment = {"MOTO_PORT": str(port)}
    with process(command, environment, folder / f"moto-{port}.log", port) as url:
        yield url


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """ministack's server, from a virtual environment of its own (it pins botocore)."""
    port = free_port()
    environment = {"BIND_HOST": LOOPBACK, "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    with process([str(MINISTACK)], environment, folder / f"ministack-{port}.log", port) as url:
        yield url


@contextmanager
def process(
    command: list[str], environment: Mapping[str, str], log: Path, port: int
) -> Iterator[str]:
    """A server that listens on a port of loopback, from then until the end."""
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not listens(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def listens(port: int) -> bool:
    """Whether somebody answers on a port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def engine() -> None:
    """A container engine that has the image of MongoDB, started here if need be."""
    if _has_image():
        return
    if not ENGINE.exists():
        assert shutil.which("docker"), "no container engine: install docker"
        subprocess.run(["docker", "pull", "--quiet", IMAGE], check=True)
    else:
        subprocess.run([str(ENGINE), IMAGE], check=True, stdout=subprocess.DEVNULL)


def _has_image() -> bool:
    """Asked by the command: the library leaves a socket open where no engine listens."""
    if not shutil.which("docker"):
        return False
    asked = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return asked.returncode == 0


@dataclass
class Mongo:
    """A MongoDB server in a container: a replica set of one, durable, that can be killed."""

    container: DockerContainer
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"mongodb://{LOOPBACK}:{self.port}/?directConnection=true"

    def kill(self) -> None:
        """Kill -9; what it acknowledged stays."""
        self.container.get_wrapped_container().kill("SIGKILL")

    def start(self) -> None:
        """Start it again and wait until it takes writes."""
        self.container.get_wrapped_container().start()
        self.wait()

    def wait(self) -> None:
        """Wait until it takes writes."""
        deadline = time.monotonic() + START_SECONDS
        with MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=500) as client:
            while not self._is_primary(client):
                assert time.monotonic() < deadline, "MongoDB does not take writes"
                time.sleep(0.1)

    def _is_primary(self, client: MongoClient[dict[str, object]]) -> bool:
        try:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            client.admin.command("replSetInitiate", {})
        except OperationFailure as error:
            assert error.code in (23, None), error  # initiated, not yet elected
        except PyMongoError:
            pass
        return False

    def drop(self, database: str) -> None:
        """Remove a database."""
        with MongoClient[dict[str, object]](self.url) as client:
            client.drop_database(database)


@contextmanager
def mongo() -> Iterator[Mongo]:
    """A MongoDB server of its own."""
    engine()
    port = free_port()
    container = DockerContainer(IMAGE).with_command("--replSet rs0")
    container.ports["27017/tcp"] = (LOOPBACK, port)  # the same again after a restart
    with container:
        server = Mongo(container, port)
        server.wait()
        yield server
