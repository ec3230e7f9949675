"""docs/operations.md: the way from a laptop to AWS, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from admin_support import snapshot_of
from store_servers import unique

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGE = ROOT / "docs" / "operations.md"
NAMES = ("cityflow-raw-example", "cityflow-reports-example")


def block(name: str) -> str:
    """The commands of the page that follow a mark."""
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)^```", PAGE.read_text(), re.S | re.M)
    assert found is not None
    return found[1]


def run(folder: Path, script: str) -> str:
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "CITYFLOW_LOG_LEVEL": "WARNING",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_the_way_from_a_laptop_to_aws(tmp_path: Path, moto: str) -> None:
    laptop = tmp_path / "laptop"
    laptop.mkdir()
    days = "--from 2025-10-03 --to 2025-10-05"
    run(
        laptop,
        "cityflow-simulator generate ../city --arcs 30 --days 5 --end 2025-10-05\n"
        "cityflow-ingest files ../city/*.csv ../city/*.geojson\n"
        f"cityflow-processor backfill\ncityflow-reporter run {days}",
    )
    before = snapshot_of(laptop / "output")
    script = block("laptop-to-aws")
    assert days in script
    tables = "".join(
        f"DYNAMODB_TABLE_{table}={unique(table.lower())}\n"
        for table in ("METRICS", "REPORTS", "RUNS")
    )
    script = script.replace("\nEND\n", f"\nAWS_ENDPOINT_URL={moto}\n{tables}END\n")
    for name in NAMES:
        assert name in script
        script = script.replace(name, unique("bucket"))
    out = run(laptop, script)
    assert "Migrated" in out
    assert snapshot_of(laptop / "output") == before
    back = snapshot_of(laptop / "back")
    runs = {name for name in back if "type='run'" in name}
    assert len(runs) > len([name for name in before if name in runs])
    published = back.keys() - runs
    assert {name: back[name] for name in published} == {
        name: text for name, text in before.items() if "type='run'" not in name
    }
