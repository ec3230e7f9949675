"""The key of PRIM travels in a header and is nowhere else: not even when a source gives it back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from ingest_portal import NOW, quick_paris
from ingest_server import Reply, Request, Server, closed_port, serving

from cityflow_ingest.tenant import UrlSetting

KEY = "canary+Key/0123456789=="
BULK = "/marketplace/disruptions_bulk/disruptions/v2"
PERIOD = {"begin": "20251106T080000", "end": "20251106T180000"}
BODY = {
    "disruptions": [{"id": "a", "applicationPeriods": [PERIOD], "cause": "TRAVAUX"}],
    "lines": [],
    "lastUpdatedDate": "2025-11-06T07:59:30Z",
}
QUOTA = {"x-ratelimit-limit-day": "1000", "x-ratelimit-remaining-day": "700"}


def prim(request: Request) -> Reply:
    given = request.headers.get("apikey")
    if given is None:
        return Reply(b'{"message":"No API key found in request"}', status=401)
    if given != KEY:
        return Reply(b'{"message":"Unauthorized"}', status=401)
    return Reply(json.dumps(BODY).encode(), headers=QUOTA)


def echo(status: int) -> Callable[[Request], Reply]:
    """Gives the key back in every place there is."""

    def answer(request: Request) -> Reply:
        key = request.headers.get("apikey", "")
        headers = {"X-RateLimit-Reset": key, "ETag": key, "Location": f"http://{key}.invalid/{key}"}
        text = json.dumps({"message": f"you sent {key}", "disruptions": [{"id": key}]})
        return Reply(text.encode(), status=status, headers=headers)

    return answer


def kept(request: Request) -> Reply:
    """A good answer with the key in it, behind much else."""
    title = request.headers["apikey"]
    many = [{"id": str(n), "applicationPeriods": [PERIOD], "title": "x" * 500} for n in range(900)]
    last = {"id": "z", "applicationPeriods": [PERIOD], "title": title}
    return Reply(json.dumps({**BODY, "disruptions": [*many, last]}).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(prim) as running:
        yield running


def run(server: Server, tmp_path: Path, key: str, *arguments: str, **environ: str) -> Any:
    """The command in a process of its own, everything logged."""
    program = str(Path(sys.executable).with_name("cityflow-ingest"))
    keys = {"PRIM_API_KEY": key} if key else {}
    return process([program, *arguments], server, tmp_path, **keys, **environ)


def process(command: list[str], server: Server, tmp_path: Path, **environ: str) -> Any:
    return subprocess.run(
        command,
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "OUTPUT_DIR": str(tmp_path / "output"),
            "CITYFLOW_TENANT": str(quick_paris(tmp_path / "paris.toml")),
            "CITYFLOW_LOG_LEVEL": "DEBUG",
            "CITYFLOW_NOW": NOW,
            **dict.fromkeys(get_args(UrlSetting), closed_port()),
            "PRIM_URL": server.url,
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def places_of(key: str, folder: Path, *texts: str) -> list[str]:
    """Where a key stands, plain or quoted or in any part long enough to be known by."""
    needles = [key.encode(), key.encode()[:12], key.replace("+", "%2B").encode()]
    contents = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    contents |= {f"text {n}": text.encode() for n, text in enumerate(texts)}
    return [name for name, content in contents.items() if any(n in content for n in needles)]


def test_disruptions_are_archived_and_the_key_is_nowhere(server: Server, tmp_path: Path) -> None:
    done = run(server, tmp_path, KEY, "snapshot", "traffic", "--json")
    assert done.returncode == 0, done.stderr
    assert [request.headers["apikey"] for request in server.requests] == [KEY]
    (raw,) = (tmp_path / "output" / "raw" / "traffic").rglob("*Z-????????????.json")
    assert json.loads(raw.read_bytes()) == BODY
    meta = json.loads(raw.with_name(f"{raw.name}.meta.json").read_bytes())
    assert meta["url"] == f"{server.url}{BULK}"
    assert meta["headers"]["x-ratelimit-remaining-day"] == "700"
    assert f"GET {BULK}" in done.stderr
    assert places_of(KEY, tmp_path, done.stdout, done.stderr) == []


@pytest.mark.parametrize("status", [200, 302, 401, 429, 500])
def test_a_source_that_gives_the_key_back_does_not_make_us_write_it(
    server: Server, tmp_path: Path, status: int
) -> None:
    server.answer = echo(status)
    done = run(server, tmp_path, KEY, "snapshot", "traffic", "--json")
    assert done.returncode == 3, done.stderr
    assert places_of(KEY, tmp_path, done.stdout, done.stderr) == []


def test_a_good_answer_that_holds_the_key_is_refused(server: Server, tmp_path: Path) -> None:
    server.answer = kept
    done = run(server, tmp_path, KEY, "snapshot", "traffic", "--json")
    assert done.returncode == 3
    assert "it holds the key that was sent" in done.stderr
    assert places_of(KEY, tmp_path, done.stdout, done.stderr) == []


def test_a_wrong_key_is_said_once_and_not_shown(server: Server, tmp_path: Path) -> None:
    wrong = "another-canary-key-42"
    done = run(server, tmp_path, wrong, "snapshot", "traffic", "--json")
    assert done.returncode == 3
    assert "HTTP 401: Unauthorized" in done.stderr
    assert len(server.requests) == 1
    assert places_of(wrong, tmp_path, done.stdout, done.stderr) == []


def test_without_a_key_nothing_is_asked_and_the_setting_is_named(
    server: Server, tmp_path: Path
) -> None:
    done = run(server, tmp_path, "", "snapshot", "traffic", "--json")
    assert done.returncode == 3
    assert "nothing came of traffic: PRIM_API_KEY is not set" in done.stderr
    said = run(server, tmp_path, "", "snapshot", "traffic").stdout
    assert "1 day " in said and "PRIM_API_KEY is not set" in said
    assert server.requests == []


def test_the_key_may_stand_in_a_file(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{KEY}\n")
    done = run(server, tmp_path, "", "snapshot", "traffic", PRIM_API_KEY_FILE=str(secret))
    assert done.returncode == 0, done.stderr
    assert places_of(KEY, tmp_path / "output", done.stdout, done.stderr) == []


def test_a_traceback_of_a_bug_does_not_show_the_key(server: Server, tmp_path: Path) -> None:
    code = """
import sys
from cityflow_ingest.wire import host
def bug(*_): raise ZeroDivisionError("a bug")
host._copy = bug
from cityflow_ingest.main import app
app(["snapshot", "traffic"])
"""
    done = process([sys.executable, "-c", code], server, tmp_path, PRIM_API_KEY=KEY)
    assert "ZeroDivisionError" in done.stderr
    assert places_of(KEY, tmp_path, done.stdout, done.stderr) == []
