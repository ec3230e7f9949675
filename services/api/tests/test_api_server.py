"""The real command: gunicorn on loopback, many readers at once, stopped cleanly by a signal."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [str(Path(sys.executable).with_name("cityflow-api"))]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(output: Path, **given: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "OUTPUT_DIR": str(output), **given}


@contextmanager
def served(output: Path, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            COMMAND,
            env=environment(
                output, API_PORT=str(port), CITYFLOW_LOG_FORMAT="json", TMPDIR=str(folder)
            ),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(command: list[str], folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment(folder, **given),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url).close()
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url) as answer:
        body: dict[str, Any] = json.load(answer)
        return body


def counted(url: str, route: str) -> float:
    """Answers of a route, as all processes of the server together tell Prometheus."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    name = "cityflow_api_requests_total{"
    of_route = [line for line in lines if line.startswith(name) and f'route="{route}"' in line]
    return sum(float(line.split()[-1]) for line in of_route)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_cleanly(city: Any, tmp_path: Path, sent: signal.Signals) -> None:
    with served(city.settings.output_dir, tmp_path) as (url, process):
        assert get(f"{url}/readyz")["newest_day"] == "2024-03-06"
        with ThreadPoolExecutor(16) as readers:
            paths = [f"{url}/v1/days/2024-03-0{4 + n % 2}/arcs?limit=5000" for n in range(64)]
            pages = list(readers.map(get, paths))
        assert {page["matched"] for page in pages} == {229, 230}
        assert counted(url, "/v1/days/{date}/arcs") == 64
        process.send_signal(sent)
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert not list(tmp_path.glob("cityflow-api-*"))
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    requests = [line for line in log if line["event"] == "request"]
    assert len(requests) >= 66
    assert {"method", "path", "status", "ms", "request_id", "ts", "level"} <= set(requests[0])
    assert not [line for line in log if line["level"] in ("error", "critical")]


def test_a_setting_that_cannot_be_used_stops_it_at_once(tmp_path: Path) -> None:
    done = run(COMMAND, tmp_path, API_PORT="eighty")
    assert done.returncode == 2
    assert "API_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_says_where_it_listens(tmp_path: Path) -> None:
    done = run([*COMMAND, "--help"], tmp_path)
    assert done.returncode == 0
    assert "API_PORT" in done.stdout


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(COMMAND, tmp_path, API_PORT=str(port))
    assert done.returncode == 2
    assert f"API_PORT {port}" in done.stderr
    assert "Traceback" not in done.stderr
