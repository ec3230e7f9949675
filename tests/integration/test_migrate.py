"""60 days of history, SQLite → MongoDB → DynamoDB and S3 → SQLite: identical at the end.

MongoDB is a server in a container; DynamoDB and S3 are moto's, which keep nothing on disk.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from admin_support import Snapshot, snapshot_of
from store_servers import REGION, Mongo, unique

from cityflow.admin.archive import UNFINISHED

BIN = Path(sys.executable).parent
SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
KILLS = 10
DAYS = 62  # of which the feed lost a few


@dataclass(frozen=True)
class Journey:
    """Names of all that one journey writes, and how its commands are run."""

    folder: Path
    first: Path
    mongo: str
    aws: str

    @property
    def back(self) -> Path:
        """Where it ends."""
        return self.folder / "back"

    @property
    def environment(self) -> dict[str, str]:
        """What every command gets."""
        name = self.folder.name
        return {
            "PATH": os.environ["PATH"],
            "OUTPUT_DIR": str(self.first),
            "CITYFLOW_LOG_LEVEL": "ERROR",
            "DATABASE_TYPE": "sqlite",
            "MONGODB_URL": self.mongo,
            "MONGODB_DATABASE": name,
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "S3_BUCKET_RAW": f"{name}-raw",
            "S3_BUCKET_REPORTS": f"{name}-reports",
            **{f"DYNAMODB_TABLE_{t}": f"{name}-{t}" for t in ("METRICS", "REPORTS", "RUNS")},
        }

    @property
    def legs(self) -> list[list[str]]:
        """Arguments of the three migrations."""
        from_s3 = ["--objects-from", "s3", "--objects-to", "local"]
        return [
            ["--from", "sqlite", "--to", "mongodb"],
            ["--from", "mongodb", "--to", "dynamodb", *reversed_pair(from_s3)],
            ["--from", "dynamodb", "--to", "sqlite", *from_s3, "--to-dir", str(self.back)],
        ]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / "cityflow", *arguments],
            cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> float:
        """Run a command to its end; returns its seconds."""
        began = time.monotonic()
        with self.start(*arguments) as process:
            _, error = process.communicate(timeout=240)
        assert process.returncode == 0, error
        return time.monotonic() - began


def reversed_pair(options: list[str]) -> list[str]:
    name, one, other_name, other = options
    return [name, other, other_name, one]


def call(folder: Path, output: Path, program: str, *arguments: object) -> None:
    environment = {"PATH": os.environ["PATH"], "OUTPUT_DIR": str(output)}
    subprocess.run(
        [BIN / program, *map(str, arguments)],
        cwd=folder, env=environment, check=True, capture_output=True, timeout=240,
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 60 days of history, some of them published twice; the last week is also analysed
    and reported.
    """
    folder = tmp_path_factory.mktemp("history")
    output = folder / "first"
    for seed, days in ((1, DAYS), (2, 5)):
        options = ("--arcs", 40, "--days", days, "--end", "2025-11-09", "--seed", seed)
        call(folder, output, "cityflow-simulator", "generate", f"source-{seed}", *options)
        files = sorted((folder / f"source-{seed}").glob("*.*"))
        wanted = [file for file in files if file.suffix in (".csv", ".geojson")]
        call(folder, output, "cityflow-ingest", "files", *wanted)
        call(folder, output, "cityflow-processor", "backfill", "--dataset", "comptages")
        for program in (("cityflow-processor", "backfill"), ("cityflow-reporter", "run")):
            call(folder, output, *program, "--from", "2025-11-03", "--to", "2025-11-09")
    return output


@pytest.fixture(scope="module")
def expected(first: Path) -> Snapshot:
    return snapshot_of(first)


@pytest.fixture
def journey(
    tmp_path_factory: pytest.TempPathFactory, first: Path, mongo: Mongo, moto: str
) -> Iterator[Callable[[], Journey]]:
    """Begins a journey to names of its own."""
    begun: list[Journey] = []

    def begin() -> Journey:
        folder = tmp_path_factory.mktemp(unique("journey"), numbered=False)
        begun.append(Journey(folder, first, mongo.url, moto))
        return begun[-1]

    yield begin
    for one in begun:
        mongo.drop(one.folder.name)


def test_the_history_is_worth_moving(expected: Snapshot) -> None:
    days = {name.split("day=")[1][14:30] for name in expected if "'pointer/comptages'" in name}
    assert len(days) >= 60
    assert sum("'edition/comptages'" in name for name in expected) > len(days)
    assert sum(name.startswith("object metrics/comptages/history/") for name in expected) >= 3


def test_it_ends_identical_to_its_start(journey: Callable[[], Journey], expected: Snapshot) -> None:
    begun = journey()
    for leg in begun.legs:
        begun.run("migrate", *leg, "--verify")
    assert snapshot_of(begun.back) == expected
    assert snapshot_of(begun.first) == expected


def test_killed_at_random_moments_it_ends_identical_all_the_same(
    journey: Callable[[], Journey], expected: Snapshot
) -> None:
    print(f"the same kills again: FAULT_SEED={SEED}")
    dice, kills = random.Random(SEED), 0
    while kills < KILLS:
        begun = journey()
        for leg in begun.legs:
            kills += killed(begun, ["migrate", *leg, "--resume"], dice, KILLS - kills)
            begun.run("migrate", *leg, "--resume", "--verify")
        assert snapshot_of(begun.back) == expected
    assert kills == KILLS


def test_a_backup_and_its_restore_survive_ten_kills(
    journey: Callable[[], Journey], expected: Snapshot
) -> None:
    print(f"the same kills again: FAULT_SEED={SEED}")
    dice, kills, begun = random.Random(SEED), 0, journey()
    while kills < KILLS // 2:
        # A new one each time: the one before is complete, even if nothing could be killed.
        backup = begun.folder / unique("backup")
        kills += killed(
            begun, ["backup", str(backup)], dice, KILLS // 2 - kills, partial(complete, backup)
        )
        if not complete(backup):
            begun.run("backup", str(backup))
    restored = replace(begun, first=begun.folder / "restored")
    while kills < KILLS:
        shutil.rmtree(restored.first, ignore_errors=True)
        kills += killed(restored, ["restore", str(backup), "--resume"], dice, KILLS - kills)
        restored.run("restore", str(backup), "--resume")
        assert snapshot_of(restored.first) == expected


def complete(backup: Path) -> bool:
    """Whether a kill came too late: a complete backup is left alone."""
    return (backup / "manifest.json").exists() and not (backup / UNFINISHED).exists()


def killed(
    journey: Journey,
    command: list[str],
    dice: random.Random,
    most: int,
    done: Callable[[], bool] = lambda: False,
) -> int:
    """Kill a command again and again until it is done, or `most` times; returns how often."""
    for kills in range(min(most, 4)):
        with journey.start(*command) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(dice.uniform(0.4, 3.0))
            process.kill()
            _, error = process.communicate()
        if process.returncode == 0:
            return kills
        assert process.returncode == -9, error
        if done():
            return kills + 1
    return min(most, 4)
