"""A small store that holds one of everything, and what a store holds, to compare."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cityflow.contracts import Lease
from cityflow.main import app
from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, NewRaw, RawZone, Runs, Store, canonical, layout
from cityflow.storage import open_store as open_by_settings
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import DocumentId

FIRST = date(2025, 1, 30)
PASSWORD = "hunter2"
PUBLISHED_AT = datetime(2025, 6, 1, tzinfo=UTC)

Snapshot = dict[str, str]


def open_store(folder: Path) -> Store:
    """The store in a folder."""
    return open_by_settings(Settings(output_dir=folder))


def edition_of(day: date, number: int) -> str:
    """The id of the invented edition `number` of a day."""
    return canonical.digest(f"{day} {number}")[:20]


def publish(store: Store, day: date, number: int, dataset: str = "comptages") -> None:
    """Publish an invented edition of a day with its objects, an hour after the one before."""
    editions, edition = Editions(store), edition_of(day, number)
    run = Runs(store).start("process", dataset, day, PUBLISHED_AT + timedelta(hours=number))
    content = Random(f"{day} {number}").randbytes(3000)
    for key in (
        layout.clean(dataset, day, edition),
        layout.table(dataset, day, edition, "arcs"),
        layout.rejects(dataset, day, edition),
    ):
        store.objects.put_if_absent(key, content)
    document = {"schema_version": 1, "edition": edition, "é": [1, 1.0, 0.1, -0.0, None, 2**60]}
    candidate = Candidate(
        dataset=dataset,
        day=day,
        edition=edition,
        document=document,
        status="published",
        records=abs(number),
        run_id=run.run_id,
        now=PUBLISHED_AT + timedelta(hours=number),
        expected=editions.current_version(dataset, day),
    )
    assert editions.publish(candidate) == "new"
    store.objects.put(layout.summary_file(dataset, day), edition.encode())
    Runs(store).finish(run, "new", PUBLISHED_AT, edition=edition)


def receive(store: Store, content: bytes, hour: int = 0) -> str:
    """Archive bytes, with a receipt of that hour; returns the key."""
    meta = NewRaw(
        "comptages", "csv", "csv", "plain", True, "été.csv", 0, PUBLISHED_AT + timedelta(hours=hour)
    )
    return RawZone(store).archive(io.BytesIO(content), meta).key


def fill(store: Store, days: int = 5) -> None:
    """Days with one, two and three editions, raw files with receipts, a lease, caches."""
    for offset in range(days):
        for number in range(1 + offset % 3):
            publish(store, FIRST + timedelta(offset), number)
    for number in range(3):
        receive(store, b"raw %d\n" % number * 1000)
        receive(store, b"raw %d\n" % number * 1000, hour=number)
    lease = Lease(owner="elsewhere:1", fence=3, beat=7).model_dump(mode="json")
    id = DocumentId("lease", FIRST, "process/comptages")
    for _ in range(4):
        store.documents.put(id, lease)
    store.documents.put(DocumentId("odd/../type Ü%", FIRST, "../k é/🚲"), {"schema_version": 1})
    store.objects.put(f"parts/comptages/dt={FIRST}/0123-r2.arrow", b"cache")
    store.objects.put("parts/comptages/files/0123-r2.json", b"{}")
    store.objects.put("metrics/comptages/history/ym=2025-02/é 🚲.parquet", b"history")
    store.objects.put("reports/empty.csv", b"")


def snapshot(store: Store) -> Snapshot:
    """Every document with its version, every object: name to digest."""
    found = {
        f"object {info.key}": canonical.digest(store.objects.read(info.key))
        for info in store.objects.list("")
    }
    for type in store.documents.types():
        for document in all_documents(store.documents, type):
            text = f"{document.version} {canonical.dumps(document.body)}"
            found[f"document {document.id}"] = canonical.digest(text)
    return found


def snapshot_of(folder: Path) -> Snapshot:
    """The same of the store in a folder."""
    with open_store(folder) as store:
        return snapshot(store)


@dataclass
class Command:
    """Runs `cityflow` in this process and keeps what it printed."""

    capsys: pytest.CaptureFixture[str]
    out: str = ""
    error: str = ""

    def __call__(self, *arguments: object) -> int:
        """Run it; returns the exit code."""
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        self.out, self.error = self.capsys.readouterr()
        return int(end.value.code or 0)

    @property
    def result(self) -> dict[str, Any]:
        """What was printed with --json."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    def total(self, column: str) -> int:
        """The sum of a column of the reconciliation."""
        return sum(row[column] for row in self.result["kinds"])


def doctors_error(folder: Path, variables: Mapping[str, str]) -> str:
    """What `cityflow doctor` ends with under this environment, in under 5 seconds as it must.

    A machine that needs more than a second to start the program at all is busy: it gets longer.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "OUTPUT_DIR": str(folder / "output"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": PASSWORD,
        **variables,
    }

    def run(*arguments: str) -> tuple[float, subprocess.CompletedProcess[str]]:
        started = time.monotonic()
        ended = subprocess.run(
            [Path(sys.executable).with_name("cityflow"), "doctor", *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return time.monotonic() - started, ended

    for _ in range(3):  # a busy machine may need the time before the client is ready
        start_seconds, _ = run("--help")
        seconds, ended = run()
        assert ended.returncode == 5, ended.stderr
        assert seconds < 5 + 3 * max(0.0, start_seconds - 1)
        assert PASSWORD not in ended.stdout + ended.stderr
        (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
        if "no answer within" not in line:
            return line
    raise AssertionError(f"not the reason itself, only that time was up: {line}")
