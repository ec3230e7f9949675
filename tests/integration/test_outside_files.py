"""A large export that stays where it lies: worked from, named, verified at each use; and taken
along to S3 and to another database.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from standins import BIN
from store_servers import LOGIN, REGION

CHANGED = "holds other bytes than were registered"
DAYS = ("2025-11-02", "2025-11-03", "2025-11-04")
NEW = {"new": len(DAYS), "unchanged": 0, "red": 0}
UNCHANGED = {"new": 0, "unchanged": len(DAYS), "red": 0}


@dataclass(frozen=True)
class House:
    """A local store, an export registered in it, and an empty store elsewhere."""

    folder: Path
    local: dict[str, str]
    aws: dict[str, str]

    @property
    def export(self) -> Path:
        return self.folder / "exports" / "comptages.csv"

    def run(self, program: str, *arguments: str, **settings: str) -> tuple[int, Any, str]:
        """Exit code, the JSON document and what was said; without settings in the local store."""
        environ = {"PATH": os.environ["PATH"], "CITYFLOW_LOG_LEVEL": "ERROR", **LOGIN}
        done = subprocess.run(
            [BIN / program, *arguments, "--json"],
            env={**environ, **self.local, **settings},
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def migrate(self, *arguments: str, objects: bool, to: str = "dynamodb") -> tuple[int, Any, str]:
        """To another database, with the objects to S3 or where they are."""
        stores = ["--from", "sqlite", "--to", to, "--objects-from", "local"]
        stores += ["--objects-to", "s3" if objects else "local"]
        settings = {name: value for name, value in self.aws.items() if not name.startswith("USE")}
        return self.run("cityflow", "migrate", *stores, *arguments, **settings)

    def backfill(self, **settings: str) -> dict[str, int]:
        """How many days of road counts are published anew, unchanged, red."""
        code, document, said = self.run("cityflow-processor", "backfill", **settings)
        assert code == 0, said
        found: dict[str, int] = document["datasets"]["comptages"]["editions"]
        return found

    def named(self, program: str, *arguments: str, **settings: str) -> list[str]:
        """The files outside the store that a command names."""
        code, document, said = self.run(program, *arguments, **settings)
        assert code == 0, said
        return [one["path"] for one in document["outside"]]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    days = ("--arcs", "30", "--days", str(len(DAYS)), "--end", DAYS[-1], "--missing-days", "0")
    subprocess.run([BIN / "cityflow-simulator", "generate", folder, *days], check=True,
                   capture_output=True, timeout=200)  # fmt: skip
    return folder


@pytest.fixture
def house(tmp_path: Path, city: Path, backend: Callable[[str], dict[str, str]]) -> House:
    aws = {**backend("moto"), "AWS_REGION": REGION}
    local = {"OUTPUT_DIR": aws.pop("OUTPUT_DIR")}
    made = House(tmp_path, local, aws)
    made.export.parent.mkdir()
    made.export.write_bytes((city / "comptages.csv").read_bytes())
    references = [str(city / name) for name in ("referentiel.csv", "arrondissements.geojson")]
    assert made.run("cityflow-ingest", "files", *references)[0] == 0
    assert made.run("cityflow-ingest", "history", str(made.export))[0] == 0
    return made


def test_it_is_worked_from_named_by_all_and_not_in_the_store(house: House) -> None:
    assert house.backfill() == NEW
    assert not list((Path(house.local["OUTPUT_DIR"]) / "raw").glob("comptages/**/*.csv"))
    path = str(house.export)
    assert house.named("cityflow", "doctor") == [path]
    assert house.named("cityflow-ingest", "status") == [path]
    assert house.named("cityflow", "backup", str(house.folder / "backup")) == [path]


def test_a_changed_or_lost_file_is_refused_at_its_use(house: House) -> None:
    content = house.export.read_bytes()
    flipped = content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]
    for damage, found in ((flipped, CHANGED), (content[:-1], "were registered"), (None, "cannot")):
        house.export.unlink(missing_ok=True)
        if damage is not None:
            house.export.write_bytes(damage)
        code, _, said = house.run("cityflow-processor", "backfill")
        assert code == 3, said
        assert str(house.export) in said and found in said
        code, _, said = house.migrate("--copy", objects=True)
        assert code == 3 and str(house.export) in said, said
    house.export.write_bytes(content)
    assert house.backfill() == NEW


def test_copied_to_s3_it_is_worked_from_there(house: House) -> None:
    assert house.backfill() == NEW
    code, _, said = house.migrate(objects=True)
    assert code == 2 and "--leave-out" in said
    for _ in range(2):
        code, document, said = house.migrate("--copy", "--verify", objects=True)
        assert code == 0, said
        assert [one["what"] for one in document["outside"]] == ["copied"]
    house.export.unlink()
    # Nothing of the local store either: what is read from now on is in S3.
    aws = {**house.aws, "OUTPUT_DIR": str(house.folder / "nothing")}
    assert house.named("cityflow-ingest", "status", **aws) == []
    assert house.named("cityflow", "doctor", **aws) == []
    assert house.backfill(**aws) == UNCHANGED


@pytest.mark.parametrize("to", ["dynamodb", "mongodb"])
def test_with_another_database_alone_the_copy_lands_among_the_objects(
    house: House, to: str, backend: Callable[[str], dict[str, str]]
) -> None:
    if to == "mongodb":
        mongodb = backend("mongodb")
        house = replace(house, aws={n: text for n, text in mongodb.items() if n != "OUTPUT_DIR"})
    assert house.backfill() == NEW
    code, _, said = house.migrate(objects=False, to=to)
    assert code == 2 and "--copy" in said
    code, document, said = house.migrate("--copy", "--verify", objects=False, to=to)
    assert code == 0, said
    assert [one["what"] for one in document["outside"]] == ["copied"]
    raw = Path(house.local["OUTPUT_DIR"]) / "raw"
    (copied,) = raw.glob("comptages/**/*.csv")
    assert copied.read_bytes() == house.export.read_bytes()
    house.export.unlink()
    database = {**house.aws, "USE_S3": "false"}
    assert house.named("cityflow-ingest", "status", **database) == []
    assert house.backfill(**database) == UNCHANGED


def test_left_out_what_was_published_goes_along_without_it(house: House) -> None:
    assert house.backfill() == NEW
    code, document, said = house.migrate("--leave-out", "--verify", objects=True)
    assert code == 0, said
    assert [one["what"] for one in document["outside"]] == ["left out"]
    aws = {**house.aws, "OUTPUT_DIR": str(house.folder / "nothing")}
    assert house.named("cityflow-ingest", "status", **aws) == []
    code, document, said = house.run("cityflow-reporter", "run", "--date", DAYS[0], **aws)
    assert code == 0, said
