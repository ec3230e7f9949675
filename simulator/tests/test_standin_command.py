"""The command `serve`: its addresses, its options, its end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from cityflow_simulator.main import app

COMMAND = [sys.executable, "-c", "from cityflow_simulator.main import app; app()", "serve"]


@contextmanager
def _serving(
    *options: str, **environment: str
) -> Iterator[tuple[list[str], subprocess.Popen[str]]]:
    """The addresses that the command names, and its process; ended if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--arcs", "20", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield [process.stdout.readline().strip() for _ in range(2)], process
    finally:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nkind = "status"\nstatus = 503\ntimes = 1\n')
    one = '{"kind": "status", "status": 500, "times": 1}'
    options = ("--hosts", "2", "--faults", str(faults), "--fault", one)
    environment = {"CITYFLOW_NOW": "2025-10-07T10:00:00+02:00", "PRIM_API_KEY": "wanted"}
    with _serving(*options, **environment) as (urls, process):
        assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", url) for url in urls)
        state = requests.get(f"{urls[1]}/_control", timeout=9).json()
        assert state["now"] == "2025-10-07T08:00:00+00:00" and state["fixed"] is True
        assert [host["url"] for host in state["hosts"]] == urls
        asked = [requests.get(f"{url}/healthz", timeout=9).status_code for url in (*urls, urls[0])]
        assert asked == [503, 500, 200]
        prim = f"{urls[0]}/marketplace/disruptions_bulk/disruptions/v2"
        told = [requests.get(prim, headers={"apikey": key}, timeout=9).status_code
                for key in ("other", "wanted")]  # fmt: skip
        assert told == [401, 200]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=9)
        assert (process.returncode, out, err) == (0, "", "")


def test_it_publishes_a_folder(tmp_path: Path, real_data: Path) -> None:
    name = "comptages_api-records-technical_2026-06-21T00_100arcs.json"
    (tmp_path / name).write_bytes((real_data / "comptages" / name).read_bytes())
    (tmp_path / "notes.txt").write_text("mine")
    with _serving("--hosts", "2", "--files", str(tmp_path)) as (urls, process):
        state = requests.get(f"{urls[0]}/_control", timeout=9).json()
        assert state["datasets"] == ["comptages-routiers-permanents"] and state["fixed"] is False
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=9)
        assert process.returncode == 0 and "notes.txt" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--now", "yesterday"), "no instant"),
        (("--now", "2025-10-07T08:00:00"), "no time zone"),
        (("--fault", "{"), "faults cannot be read"),
        (("--fault", json.dumps({"kind": "unheard"})), "faults"),
        (("--faults", "nowhere.json"), "faults cannot be read"),
        (("--arcs", "3"), "--arcs 3"),
    ],
)
def test_what_cannot_be_used_is_exit_2(
    options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = _refused(capsys, "--port", "0", *options)
    assert out == ""
    assert message in err and err.count("\n") == 1


def test_a_taken_port_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        _, err = _refused(capsys, "--arcs", "20", "--port", port)
    assert "choose another --host or --port" in err


def _refused(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[str, str]:
    """What the command says on standard output and error before it ends with exit code 2."""
    with pytest.raises(SystemExit) as end:
        app(["serve", *options])
    assert end.value.code == 2
    return capsys.readouterr()
