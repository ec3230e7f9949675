"""The demo on every database × object store that the settings can choose: the same bytes, the same
documents. SQLite and folders are real; MongoDB is a server, DynamoDB and S3 are moto's.

Not compared is what tells when and by whom a run was made: the fields of EXCLUDED. Everything else
must be equal, to the byte and to the version.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from standins import BIN, quick_city, stand_ins
from store_servers import LOGIN, Mongo, on_aws, unique

from cityflow.settings import Settings, choose_backends
from cityflow.storage import Store, canonical, layout, open_store
from cityflow.storage.paging import all_documents

DATABASES, OBJECTS = ("sqlite", "mongodb", "dynamodb"), ("local", "s3")
COMBINATIONS: Final = tuple(product(DATABASES, OBJECTS))
NOW, FIRST, LAST = "2025-10-28T08:00:00Z", "2025-10-25", "2025-10-26"
"""The last one has 25 hours."""
# The clock of ingest stands still: the time of a receipt is published with a day of snapshots.
STILL: Final = """
from cityflow import watching
watching.clock = lambda start: lambda: start
from cityflow_ingest.main import app
app()
"""
COMMANDS: Final = (
    (sys.executable, "-c", STILL, "daily"),
    (BIN / "cityflow-processor", "backfill"),
    (BIN / "cityflow-reporter", "run", "--from", FIRST, "--to", LAST),
)
EXCLUDED: Final[Mapping[str, tuple[str, ...]]] = {
    "run": ("run_id", "owner", "started_at", "ended_at"),
    "pointer": ("run_id", "published_at"),
    "provenance": ("date", "ratelimit-remaining", "x-ratelimit-remaining-day"),
}
"""By the first part of a document's type. `provenance` lies beside a raw object and holds
the time of the source's own answer, and what was then left of its daily quota."""

Snapshot = dict[str, Any]


@pytest.fixture(scope="module")
def snapshots(
    tmp_path_factory: pytest.TempPathFactory, mongo: Mongo, moto: str
) -> Iterator[dict[tuple[str, str], Snapshot]]:
    """What the demo leaves in each combination."""
    folder = tmp_path_factory.mktemp("everywhere")
    numbers = {"window": 3, "changing": 2, "catch_up_days": 1}
    city = quick_city(folder / "city.toml", **numbers, read_seconds=60, answer_seconds=300)
    options = ("--arcs", 15, "--late-days", 0, "--revised-days", 0, "--missing-days", 0)
    databases = [unique("everywhere") for _ in COMBINATIONS]
    with stand_ins(NOW, *options, hosts=1) as sources, ThreadPoolExecutor(2) as pool:

        def run(chosen: tuple[str, str], name: str) -> Snapshot:
            store = settings_of(*chosen, moto) | {
                "OUTPUT_DIR": str(folder / name),
                "MONGODB_URL": mongo.url,
                "MONGODB_DATABASE": name,
            }
            return demo(folder, store | sources.settings | {"CITYFLOW_TENANT": str(city)}, chosen)

        yield dict(zip(COMBINATIONS, pool.map(run, COMBINATIONS, databases), strict=True))
    for name in databases:
        mongo.drop(name)


def settings_of(database: str, objects: str, moto: str) -> dict[str, str]:
    """Settings of an empty store of this kind."""
    use_s3 = "true" if objects == "s3" else ""
    return {
        **LOGIN,
        **on_aws(moto),
        "USE_DYNAMODB": "",
        "USE_S3": use_s3,
        "DATABASE_TYPE": database,
    }


def demo(folder: Path, given: Mapping[str, str], chosen: tuple[str, str]) -> Snapshot:
    """From the sources to the reports, by the commands."""
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "CITYFLOW_NOW": NOW,
        "CITYFLOW_LOG_LEVEL": "WARNING",
        "PRIM_API_KEY": "any",
        **given,
    }
    settings = Settings.load(environment)
    assert choose_backends(settings)[:2] == chosen
    for command in COMMANDS:
        ended = subprocess.run(
            command, cwd=folder, env=environment,
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, (chosen, command, ended.stderr)
    with open_store(settings) as store:
        found: Snapshot = {}
        add_objects(store, found)
        add_documents(store, found)
        return found


def add_objects(store: Store, found: Snapshot) -> None:
    """Every object: its name to its bytes; of provenance the JSON without times."""
    for info in store.objects.list(""):
        content = store.objects.read(info.key)
        if info.key.endswith(layout.META):
            content = without(json.loads(content), "provenance", found)
        found[info.key] = content


def add_documents(store: Store, found: Snapshot) -> None:
    """Every document, by type, day and key; runs, whose keys are instants, by what they say."""
    for type in store.documents.types():
        group = type.partition("/")[0]
        for document in all_documents(store.documents, type):
            body = without(document.body, group, found) if group in EXCLUDED else document.body
            text = canonical.dumps(body)
            name = f"{type} {document.id.day} "
            name += text if group == "run" else document.id.key
            found.setdefault(name, []).append((document.version, text))


def without(body: Any, group: str, found: Snapshot) -> Any:
    """The same without what is EXCLUDED of this group, at any depth; which fields these were is
    part of what was found.
    """
    if isinstance(body, Mapping):
        dropped = body.keys() & set(EXCLUDED[group])
        found.setdefault(f"excluded of {group}", set()).update(dropped)
        return {k: without(v, group, found) for k, v in body.items() if k not in dropped}
    if isinstance(body, list | tuple):
        return [without(each, group, found) for each in body]
    return body


def names(snapshot: Snapshot, start: str) -> list[str]:
    return sorted(name for name in snapshot if name.startswith(start))


@pytest.mark.parametrize("chosen", COMBINATIONS[1:], ids="-".join)
def test_all_is_the_same_as_on_sqlite_and_folders(
    snapshots: dict[tuple[str, str], Snapshot], chosen: tuple[str, str]
) -> None:
    expected, found = snapshots[COMBINATIONS[0]], snapshots[chosen]
    assert sorted(found.keys() ^ expected.keys()) == []
    different = [name for name in expected if found[name] != expected[name]]
    assert different == [], found[different[0]]


def test_the_demo_is_worth_comparing(snapshots: dict[tuple[str, str], Snapshot]) -> None:
    found = snapshots[COMBINATIONS[0]]
    reports = [f"reports/daily_report_2025-10-{day}.json" for day in (25, 26)]
    assert set(reports) <= found.keys()
    for dataset in ("comptages", "bikes", "velib", "weather"):
        for start in (f"raw/{dataset}/", f"clean/{dataset}/", f"metrics/{dataset}/dt="):
            assert names(found, start), start
        assert names(found, f"edition/{dataset} "), dataset
    for start in (
        *("metrics/comptages/history/ym=2025-10/", "reports/dt=", "rejects/", "run ", "source "),
        *("pointer/report ", "holding/comptages ", "raw/comptages "),
    ):
        assert names(found, start), start
    day = json.loads(found["reports/daily_report_2025-10-26.json"])
    assert day["comptages"]["hours_in_day"] == 25


def test_nothing_is_excluded_that_is_not_there(
    snapshots: dict[tuple[str, str], Snapshot],
) -> None:
    found = snapshots[COMBINATIONS[0]]
    assert {group: found[f"excluded of {group}"] for group in EXCLUDED} == {
        group: set(fields) for group, fields in EXCLUDED.items()
    }
