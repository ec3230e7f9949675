"""A disk that is really full: a small tmpfs, mounted for one process alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import io, json, sys
from datetime import UTC, date, datetime
from pathlib import Path
from cityflow.errors import CityFlowError
from cityflow.storage import DocumentId, NewRaw, RawZone, Store
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

root = Path(sys.argv[1])
store = Store(SqliteDocuments(root / "cityflow.db"), LocalObjects(root))
body = {"schema_version": 1, "text": "x" * 200_000}
first = DocumentId("run", date(2025, 1, 1), "0")
store.documents.put(first, body)
store.objects.put("metrics/kept", b"old")

def refusal(use):
    try:
        use()
    except CityFlowError as error:
        return [error.exit_code, str(error)]

def write_documents():
    for number in range(1000):
        store.documents.put(DocumentId("run", date(2025, 1, 1), str(number)), body)

large = bytes(16 << 20)
new = NewRaw("velib", "json", "json", "plain", False, "x", 0, datetime(2025, 1, 1, tzinfo=UTC))
refusals = [
    refusal(lambda: store.objects.put("metrics/new", large)),
    refusal(lambda: store.objects.put("metrics/kept", io.BytesIO(large))),
    refusal(lambda: store.objects.put_if_absent("metrics/new", io.BytesIO(large))),
    refusal(lambda: RawZone(store).archive(io.BytesIO(large), new)),
    refusal(write_documents),
]
files = sorted(p.name for p in root.rglob("*") if p.is_file() and "cityflow.db" not in p.name)
numbers = [int(document.id.key) for document in store.documents.query("run", limit=1000).items]
whole = all(document.body == body for document in store.documents.query("run").items)
kept = store.objects.read("metrics/kept").decode()
store.close()
print(json.dumps([refusals, files, sorted(numbers), whole, kept]))
"""


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    private = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "-rm"]
    mount = 'mount -t tmpfs -o size=8m none "$1" && exec "$2" -c "$3" "$1"'
    run = subprocess.run(
        [*private, "sh", "-c", mount, "sh", str(tmp_path), sys.executable, SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    refusals, files, numbers, whole, kept = json.loads(run.stdout)
    assert [code for code, _ in refusals] == [5] * 5
    *objects, database = (message for _, message in refusals)
    for message in objects:
        assert message.endswith("No space left on device; free disk space, then run again")
    assert message.startswith(f"cannot write in {tmp_path / 'raw' / 'velib'}")
    assert "full; free disk space, then run again" in database
    assert files == ["kept"]
    assert kept == "old"
    assert whole
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 10
