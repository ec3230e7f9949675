"""`make demo` on a clean clone: what a newcomer's first command leaves, says and ends with."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from cityflow.contracts.report import DailyReport
from cityflow_dashboard.findings_fr import in_french

ROOT = Path(__file__).resolve().parents[2]
FIRST, LAST = date(2025, 10, 3), date(2025, 11, 6)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
ENVIRONMENT = {
    name: os.environ[name]
    for name in os.environ
    if not name.startswith(("MAKE", "MFLAGS", "COV", "PYTEST", "VIRTUAL_ENV"))
}
END_SECONDS = 10


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=clone, env=ENVIRONMENT, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newcomer") / "main"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def demo(clone: Path) -> subprocess.CompletedProcess[str]:
    done = make(clone, "demo", "SERVE=0")
    assert done.returncode == 0, done.stderr
    return done


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def published(clone: Path) -> dict[str, bytes]:
    """Every published file and its bytes."""
    output = clone / "demo" / "output"
    return {
        str(path.relative_to(output)): path.read_bytes()
        for folder in ("clean", "metrics", "reports")
        for path in (output / folder).rglob("*")
        if path.is_file()
    }


def test_the_demo_reports_every_day(clone: Path, demo: subprocess.CompletedProcess[str]) -> None:
    reports = clone / "demo" / "output" / "reports"
    read = [
        DailyReport.model_validate_json((reports / f"daily_report_{day}.json").read_text("utf-8"))
        for day in DAYS
    ]

    assert [report.day for report in read] == DAYS
    assert all(report.comptages is not None for report in read)
    assert all((reports / f"daily_report_{day}.csv").stat().st_size for day in DAYS)
    assert {a.synthetic for report in read for a in report.attributions} == {True}


def test_the_last_report_carries_every_dataset(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    path = clone / "demo/output/reports" / f"daily_report_{LAST}.json"
    report = DailyReport.model_validate_json(path.read_text("utf-8"))
    bikes, velib, traffic, weather = report.bikes, report.velib, report.traffic, report.weather

    assert report.missing == ()
    assert report.roads_analysis is not None and report.chantiers is not None
    assert bikes is not None and velib is not None and traffic is not None and weather is not None
    assert weather.coverage == 1
    for said in (
        f"{report.roads_analysis.totals.tti_area:.2f}",
        f"{bikes.totals.bikes:,}   on the {bikes.totals.coverage:.0%} of counter-hours observed",
        f"{velib.totals.live} of {velib.totals.stations} stations that are live",
        f"snapshots in {traffic.totals.coverage:.0%} of the hours",
        f"{report.chantiers.totals.closed} close their street",
    ):
        assert said in demo.stdout


def test_the_day_of_the_clock_change_has_25_hours(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    path = clone / "demo/output/reports/daily_report_2025-10-26.json"
    day = DailyReport.model_validate_json(path.read_text("utf-8")).comptages

    assert day is not None
    assert day.hours_in_day == 25


def test_the_demo_says_what_it_found_and_where(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    report = clone / "demo/output/reports" / f"daily_report_{LAST}.json"
    day = DailyReport.model_validate_json(report.read_text("utf-8")).comptages

    assert day is not None
    assert str(report.relative_to(clone)) in demo.stdout
    assert f"{day.totals.flow_veh:,}" in demo.stdout
    assert f"{day.totals.flow_coverage:.0%} of arc-hours observed" in demo.stdout
    assert f"{len(DAYS)} days published, 0 unchanged" in demo.stdout


def test_what_every_check_found_is_told_in_french(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    reports = [
        json.loads(path.read_text("utf-8"))
        for path in sorted((clone / "demo/output/reports").glob("daily_report_*.json"))
    ]
    said = {check["message"] for report in reports for check in checks_of(report)}

    assert len(said) > 100
    assert [message for message in said if in_french(message) is None] == []


def checks_of(document: Any) -> Iterator[dict[str, str]]:
    """Every quality check anywhere in a document."""
    if isinstance(document, dict):
        yield from document.get("checks") or ()
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from checks_of(one)


def test_the_demo_installs_no_test_tool(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    programs = {path.name for path in (clone / ".venv" / "bin").iterdir()}

    assert "cityflow-api" in programs
    assert programs.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "playwright"})


@contextmanager
def saying(clone: Path, words: str, *ports: str) -> Iterator[subprocess.Popen[bytes]]:
    """`make demo` as the leader of a process group, from the moment it says these words."""
    said = clone.with_name("said.txt")
    with said.open("wb") as stream:
        process = subprocess.Popen(
            ["make", "demo", *ports], cwd=clone, env=ENVIRONMENT, start_new_session=True,
            stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 600
        while words not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing behind, even where the demo would."""
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait()


def stopped(process: subprocess.Popen[bytes], stop: Callable[[], None]) -> list[psutil.Process]:
    """All that it had started, after it was stopped: nothing of it lives on."""
    family = psutil.Process(process.pid).children(recursive=True)
    started = time.monotonic()
    stop()
    process.wait(END_SECONDS)
    _, alive = psutil.wait_procs(family, END_SECONDS - (time.monotonic() - started))
    assert alive == []
    return family


def test_half_way_it_is_ended_by_sigterm(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    with saying(clone, "Fetch where everything is") as process:
        assert stopped(process, process.terminate)
    assert process.returncode != 0


def test_another_demo_publishes_nothing_new_and_serves_until_ctrl_c(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    before = published(clone)
    api, dashboard = free_port(), free_port()
    ports = (f"API_PORT={api}", f"DASHBOARD_PORT={dashboard}")
    with saying(clone, "Ctrl-C stops both", *ports) as process:
        days = requests.get(f"http://127.0.0.1:{api}/v1/days", timeout=10)
        page = requests.get(f"http://127.0.0.1:{dashboard}/", timeout=10)
        family = stopped(process, lambda: os.killpg(process.pid, signal.SIGINT))

    said = clone.with_name("said.txt").read_text()
    assert said.count(f", 0 days published, {len(DAYS)} unchanged") == 8
    assert "Installing" not in said
    assert published(clone) == before
    assert days.status_code == 200
    assert page.status_code == 200
    assert len(family) >= 3


def test_a_busy_port_is_named_before_any_work(
    clone: Path, demo: subprocess.CompletedProcess[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = make(clone, "demo", f"API_PORT={port}", f"DASHBOARD_PORT={free_port()}")

    assert done.returncode != 0
    assert f"port {port} for cityflow-api: Address already in use" in done.stderr
    assert "make demo API_PORT=" in done.stderr
    assert "Generate" not in done.stdout
