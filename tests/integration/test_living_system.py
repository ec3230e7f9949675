"""Ingest, processor and reporter, all three with `--watch`: what a source publishes becomes a
report by itself, and each ends when it is asked to.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standins import BIN, PATIENT, quick_city, stand_ins

from cityflow.contracts.report import DailyReport

pytestmark = pytest.mark.slow

NOW = "2025-11-06T08:00:00Z"
NEWEST = "2025-11-04"
WATCHERS = (
    ("cityflow-ingest", "daily", "--watch"),
    ("cityflow-processor", "backfill", "--watch"),
    ("cityflow-reporter", "run", "--watch"),
)


@contextmanager
def watching(folder: Path, settings: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "OUTPUT_DIR": str(folder / "output"),
        "CITYFLOW_TENANT": str(folder / "city.toml"),
        **settings,
    }
    running = []
    try:
        for program, *arguments in WATCHERS:
            with (folder / f"{program}.log").open("wb") as log:
                now = {"CITYFLOW_NOW": NOW} if program == "cityflow-ingest" else {}
                command = [BIN / program, *arguments]
                running.append(
                    subprocess.Popen(command, cwd=folder, env={**environ, **now}, stderr=log)
                )
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_what_is_published_becomes_a_report_by_itself(tmp_path: Path) -> None:
    quick_city(tmp_path / "city.toml", window=20, catch_up_days=3, **PATIENT)
    report = tmp_path / "output" / "reports" / f"daily_report_{NEWEST}.json"
    options = ("--arcs", 25, "--late-days", 0, "--revised-days", 0, "--missing-days", 0)
    with (
        stand_ins(NOW, *options, hosts=1) as sources,
        watching(tmp_path, sources.settings) as running,
    ):
        deadline = time.monotonic() + 120
        while not (report.exists() and flow_of(report)):
            assert all(process.poll() is None for process in running), said(tmp_path)
            assert time.monotonic() < deadline, said(tmp_path)
            time.sleep(0.2)
        asked_at = time.monotonic()
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(10) for process in running] == [0, 0, 0]
        assert time.monotonic() - asked_at < 10
    assert not list(tmp_path.rglob("*.part"))
    assert "Traceback" not in said(tmp_path)


def flow_of(report: Path) -> int | None:
    roads = DailyReport.model_validate_json(report.read_text("utf-8")).comptages
    return roads.totals.flow_veh if roads and roads.totals else None


def said(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.log")))
