"""Two gibibytes from a stream to a store and back, in the memory of a few parts."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from store_servers import REGION, unique

SIZE = 2 << 30
MOST_MEMORY = 256 << 20
SCRIPT = """
import hashlib, json, re, sys
from pathlib import Path
from contract_objects import KEY, MIB, Generated
from cityflow.storage.aws import Aws
from cityflow.storage.local import LocalObjects
from cityflow.storage.s3 import S3Objects

kind, place, name, size = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
objects = S3Objects(Aws(name, place), sys.argv[5]) if kind == "s3" else LocalObjects(Path(place))
source = Generated(size)
assert objects.put_if_absent(KEY, source)
assert not objects.put_if_absent(KEY, Generated(size))
sha256 = hashlib.sha256()
with objects.open(KEY) as stream:
    while block := stream.read(MIB):
        sha256.update(block)
    stream.seek(size // 2 - 3)
    middle = stream.read(7)
assert objects.read_range(KEY, size // 2 - 3, 7) == middle
assert objects.size(KEY) == size
# Not ru_maxrss: a process begins with that of the one it was forked from.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps({
    "same": sha256.digest() == source.sha256.digest(),
    "tail": len(objects.read_range(KEY, size - 5, 99)),
    "peak": int(peak[1]) * 1024,
}))
"""


def round_trip(*arguments: str) -> dict[str, object]:
    core = Path(__file__).parents[2] / "core/tests"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(core)!r})\n{SCRIPT}", *arguments],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found: dict[str, object] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_two_gibibytes_go_and_come_back_in_little_memory(
    kind: str, request: pytest.FixtureRequest
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep it for a while
        place = request.getfixturevalue("moto") if kind == "s3" else folder
        found = round_trip(kind, place, REGION, str(SIZE), unique("large"))
    assert found["same"]
    assert found["tail"] == 5
    assert int(str(found["peak"])) < MOST_MEMORY, found
