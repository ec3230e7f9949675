"""The commands on a bad day of their store: what passes is sat out, what lasts is one line and an
exit code, nothing is half published, and the same command finishes the work on a better day.

DynamoDB and S3 are moto's behind a proxy that fails; MongoDB is a server behind one that cuts.
"""

import os
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fault_proxy import (
    EXPIRED,
    SKEWED,
    Answer,
    Fault,
    Forward,
    HttpProxy,
    Request,
    broken,
    http_proxy,
    late,
    reset,
    throttled,
    unheard,
)
from fault_tcp import tcp_proxy
from harness import BIN, Ended
from published import ZONES, differences
from store_servers import LOGIN, Mongo, free_port, on_aws, unique

from cityflow.settings import Settings
from cityflow.storage import Store, canonical, open_store
from cityflow.storage.paging import all_documents

FIRST, LAST = "2025-10-25", "2025-10-26"
QUICK, PATIENT = {"STORE_PATIENCE_SECONDS": "2"}, {"STORE_PATIENCE_SECONDS": "20"}
TIMES = ("run_id", "published_at")

Snapshot = dict[str, str]


@dataclass(frozen=True)
class House:
    """A folder, and the settings of its store."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "OUTPUT_DIR": str(self.folder / "output"),
            "CITYFLOW_LOG_LEVEL": "ERROR",
            **self.settings,
        }

    def set(self, **settings: str) -> "House":
        """The same under other settings."""
        return replace(self, settings={**self.settings, **settings})

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / command[0], *command[1:]], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, command: Sequence[str]) -> Ended:
        return ended(self.start(command))


def ended(process: subprocess.Popen[str]) -> Ended:
    with process:
        try:
            out, err = process.communicate(timeout=240)
        finally:
            process.kill()
    return Ended(process.returncode, out, err, 0, 0, 0.0)


def ahead(request: Request, forward: Forward) -> Answer:
    """A server three hours ahead refuses every signature."""
    date = ("Date", format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True))
    if "X-Amz-Target" in request.headers:
        return Answer(400, [("Content-Type", "application/x-amz-json-1.0"), date], EXPIRED)
    return Answer(403, [("Content-Type", "application/xml"), date], SKEWED)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    options = ["--arcs", "20", "--days", "2", "--end", LAST, "--missing-days", "0"]
    subprocess.run([BIN / "cityflow-simulator", "generate", folder, *options], check=True)
    return folder


def commands(source: Path) -> dict[str, list[str]]:
    """The batch commands, in the order of a day, and those that look after the store."""
    files = [str(path) for path in sorted(source.glob("*.*")) if path.name != "truth.json"]
    return {
        "ingest": ["cityflow-ingest", "files", *files],
        "processor": ["cityflow-processor", "backfill"],
        "reporter": ["cityflow-reporter", "run", "--from", FIRST, "--to", LAST],
        "migrate": ["cityflow", "migrate", "--to", "sqlite", "--objects-to", "local",
                    "--to-dir", "back"],
        "doctor": ["cityflow", "doctor"],
    }  # fmt: skip


DAY = ("ingest", "processor", "reporter", "migrate")
PASSING = {"ingest": (8,), "processor": (12, 60), "reporter": (30,), "migrate": (40,)}
"""How many requests of each command pass before something begins: it fails there, and again."""


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """What a good day publishes."""
    house = House(tmp_path_factory.mktemp("good"))
    for name in DAY[:3]:
        assert house.run(commands(source)[name]).code == 0
    return published(Settings.load(house.environment))


def published(settings: Settings) -> Snapshot:
    """Digests of all that is published; only which run did it, and when, is left out."""
    with open_store(settings) as store:
        found = {
            info.key: canonical.digest(store.objects.read(info.key))
            for zone in ZONES
            for info in store.objects.list(f"{zone}/")
        }
        for name, body in of_editions(store):
            found[name] = canonical.digest(canonical.dumps(body))
    return found


def of_editions(store: Store) -> Iterator[tuple[str, Mapping[str, object]]]:
    for type in store.documents.types():
        if type.startswith(("pointer/", "edition/")):
            for one in all_documents(store.documents, type):
                body = {name: value for name, value in one.body.items() if name not in TIMES}
                yield f"{type} {one.id.day} {one.id.key}", body


def assert_whole(settings: Settings, expected: Snapshot) -> None:
    """Whatever is pointed to is there, all of it, as on a good day."""
    found = published(settings)
    with open_store(settings) as store:
        for type in store.documents.types():
            if type.startswith("pointer/"):
                for pointer in all_documents(store.documents, type):
                    of_it = [name for name in expected if pointer.body["edition"] in name]
                    assert of_it
                    assert {n: found.get(n) for n in of_it} == {n: expected[n] for n in of_it}


def assert_said(end: Ended, code: int, words: str) -> None:
    assert end.code == code, end.err
    assert words in end.error, end.error


def assert_doctor_said(end: Ended, words: str) -> None:
    """On a busy machine its time may be up before its clients are ready."""
    assert_said(end, 5, "no answer within" if "no answer within" in end.error else words)


@pytest.fixture
def aws(tmp_path: Path, moto: str) -> Iterator[tuple[House, HttpProxy]]:
    """A house whose store is on AWS, reached by a proxy."""
    with http_proxy(moto) as proxy:
        yield House(tmp_path, {**LOGIN, **on_aws(proxy.url), **QUICK}), proxy


def run_all(house: House, asked: Mapping[str, list[str]]) -> dict[str, Ended]:
    """Run commands at once, each in a folder of its own, with an empty store of objects."""
    for name in asked:
        (house.folder / name / "output").mkdir(parents=True)
    started = {
        name: replace(house, folder=house.folder / name).start(command)
        for name, command in asked.items()
    }
    return {name: ended(process) for name, process in started.items()}


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (None, 5, "no connection"),
        (reset, 5, "no connection"),
        (throttled, 75, "busy"),
        (ahead, 5, "clock is wrong"),
    ],
    ids=["stopped", "reset", "throttled", "skewed"],
)
def test_aws_that_cannot_be_used_is_said(
    aws: tuple[House, HttpProxy], source: Path, fault: Fault | None, code: int, words: str
) -> None:
    house, proxy = aws
    if fault is None:
        house = house.set(AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}")
    else:
        proxy.plan(fault, times=10**6)
    ends = run_all(house, commands(source))
    assert_doctor_said(ends.pop("doctor"), words)
    for end in ends.values():
        assert_said(end, code, words)
        assert end.out == ""


@pytest.mark.parametrize("how", ["stopped", "reset"])
def test_mongodb_that_cannot_be_used_is_said(
    tmp_path: Path, source: Path, aws_login: None, how: str
) -> None:
    with tcp_proxy(free_port()) as proxy:  # it accepts, and drops
        port = free_port() if how == "stopped" else proxy.port
        house = House(tmp_path, {"MONGODB_URL": f"mongodb://127.0.0.1:{port}/", **QUICK})
        ends = run_all(house, commands(source))
    assert_doctor_said(ends.pop("doctor"), "no connection")
    for end in ends.values():
        assert_said(end, 5, "no connection")


class Midway:
    """Passes so many requests, then does its harm to all that follow, until it is cured."""

    def __init__(self, fault: Fault, passing: int) -> None:
        self._fault, self._passing = fault, passing
        self.harmed = 0

    def __call__(self, request: Request, forward: Forward) -> Answer | None:
        self._passing -= 1
        if self._passing >= 0:
            return forward(request)
        self.harmed += 1
        return self._fault(request, forward)


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [(reset, 5, "no connection"), (throttled, 75, "busy")],
    ids=["reset", "throttled"],
)
def test_what_begins_midway_publishes_no_half_and_is_finished_later(
    aws: tuple[House, HttpProxy],
    source: Path,
    expected: Snapshot,
    fault: Fault,
    code: int,
    words: str,
) -> None:
    house, proxy = aws
    settings = Settings.load(house.environment)
    for name in DAY:
        for passing in PASSING[name]:
            midway = Midway(fault, passing)
            proxy.plan(midway, times=10**6)
            end = house.run(commands(source)[name])
            proxy.calm()
            assert midway.harmed, (name, end.err)
            assert_said(end, code, words)
            assert_whole(settings, expected)
        again = house.run(commands(source)[name])
        assert again.code == 0, again.err
    assert differences(published(Settings.load(house.environment)), expected) == []
    assert differences(published(Settings(output_dir=house.folder / "back")), expected) == []


def test_what_passes_is_sat_out(
    aws: tuple[House, HttpProxy], source: Path, expected: Snapshot
) -> None:
    house, proxy = aws
    proxy.chaos(random.Random(4), 0.08, reset, unheard, broken, throttled, late(0.05))
    for name in DAY:
        end = house.set(**PATIENT).run(commands(source)[name])
        assert end.code == 0, (name, end.err)
    # The doctor waits for nothing: it may say that a store does not answer, or not now.
    called = [house.run(commands(source)["doctor"]).code for _ in range(5)]
    assert 0 in called and {0, 5, 75}.issuperset(called), called
    proxy.calm()
    different = differences(published(Settings.load(house.environment)), expected)
    probes = [name for name in different if "/doctor-" in name]  # it could not remove them
    assert different == probes
    assert len(probes) <= len(called) - called.count(0)
    assert differences(published(Settings(output_dir=house.folder / "back")), expected) == []


@pytest.mark.parametrize("sign", [b"edition/comptages", b"pointer/comptages"])
def test_mongodb_that_is_not_heard_midway_publishes_no_half(
    tmp_path: Path, source: Path, expected: Snapshot, mongo: Mongo, sign: bytes
) -> None:
    house = House(tmp_path, {"MONGODB_URL": mongo.url, "MONGODB_DATABASE": unique("bad"), **QUICK})
    settings = Settings.load(house.environment)
    assert house.run(commands(source)["ingest"]).code == 0
    with tcp_proxy(mongo.port) as proxy:
        for _ in range(200):  # the server does it, and its answer is lost
            proxy.arm(sign)
        unheard = house.set(MONGODB_URL=f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true")
        assert_said(unheard.run(commands(source)["processor"]), 5, "no connection")
    assert_whole(settings, expected)
    for name in DAY[1:]:
        end = house.run(commands(source)[name])
        assert end.code == 0, end.err
    assert differences(published(settings), expected) == []
    assert differences(published(Settings(output_dir=tmp_path / "back")), expected) == []
    mongo.drop(settings.mongodb_database)
