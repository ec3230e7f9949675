"""One request: whole within its limits, or a fault that says why."""

import gzip
import io
import json
import logging
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ingest_server import Reply, Request, Server, closed_port, serving, trickling
from pydantic import SecretStr

from cityflow_ingest.tenant import Politeness
from cityflow_ingest.wire.faults import Ask, Fault, Scrubber
from cityflow_ingest.wire.host import Answer, Host

KEY = "canary-1234567890"
NOW = datetime(2025, 11, 6, 8, tzinfo=UTC)
BODY = b"iu_ac;t_1h;q;k\n" + b"1;2025-11-06T08:00:00+01:00;1;2\n" * 50
HTML = {"Content-Type": "text/html; charset=utf-8"}
LIMITS = Politeness(connect_seconds=2, read_seconds=0.5, answer_seconds=2)


def host(url: str, keys: Mapping[str, str] | None = None, limits: Politeness = LIMITS) -> Host:
    secrets = {name: SecretStr(text) for name, text in (keys or {}).items()}
    return Host(url, limits, lambda: NOW, Scrubber(secrets.values()), secrets)


def saved(server: Server, most: int = 10**6, **how: Any) -> tuple[bytes, Answer]:
    file = io.BytesIO()
    asked = host(server.url, **how)
    try:
        return_ = asked.save(Ask("some/path", {"where": "a>b"}), file, most)
    finally:
        asked.close()
    return file.getvalue(), return_


def fault(reply: Reply, most: int = 10**6) -> Fault:
    with serving(lambda _: reply) as server, pytest.raises(Fault) as raised:
        saved(server, most)
    return raised.value


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_is_saved_as_it_travels_with_what_is_worth_keeping(chunked: bool) -> None:
    headers = {"Content-Type": "text/csv", "X-RateLimit-Remaining": "12", "X-Secret": "no"}
    with serving(lambda _: Reply(BODY, headers=headers, chunked=chunked)) as server:
        body, answer = saved(server)
    assert body == BODY
    assert (answer.status, answer.bytes) == (200, len(BODY))
    assert answer.url == f"{server.url}/some/path"
    assert answer.headers["x-ratelimit-remaining"] == "12"
    assert "x-secret" not in answer.headers
    (request,) = server.requests
    assert (request.path, request.query) == ("/some/path", {"where": "a>b"})


def test_gzip_travels_and_is_kept_as_it_came() -> None:
    packed = gzip.compress(BODY)
    with serving(lambda _: Reply(packed, headers={"Content-Encoding": "gzip"})) as server:
        body, answer = saved(server)
    assert body == packed
    assert answer.headers["content-encoding"] == "gzip"
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_a_file_that_is_packed_itself_is_not_packed_twice() -> None:
    with serving(lambda _: Reply(BODY)) as server:
        asked = host(server.url)
        asked.save(Ask("x", packed=True), io.BytesIO(), 10**6)
        asked.close()
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("reply", "kind", "again"),
    [
        (Reply(BODY, cut=100), "cut short", True),
        (Reply(BODY, cut=100, chunked=False), "cut short", True),
        (Reply(BODY, cut=0, chunked=False), "cut short", True),
        (Reply(BODY, cut=100, reset=True, chunked=False), "connection reset", True),
        (Reply(BODY, delay=1.5), "no answer in time", True),
        (Reply(BODY, pause=0.01), "too slow", True),
        (Reply(b"<html>", headers=HTML), "unfit content: an HTML page", False),
        (Reply(BODY, headers={"Content-Encoding": "br"}), "unfit content: encoded as br", False),
        (Reply(b"", status=503), "HTTP 503", True),
        (Reply(b"", status=500), "HTTP 500", True),
        (Reply(b"", status=408), "HTTP 408", True),
        (Reply(b"", status=404), "HTTP 404", False),
        (Reply(b"", status=206), "HTTP 206", False),
        (Reply(b"", status=304, chunked=False), "HTTP 304", False),
    ],
)
def test_a_bad_answer_is_a_fault(reply: Reply, kind: str, again: bool) -> None:
    found = fault(reply)
    assert str(found).startswith(kind)
    assert found.again is again


def test_what_is_too_large_is_refused_before_or_while_it_comes() -> None:
    told = Reply(BODY, headers={"Content-Length": str(300 * 10**6)}, chunked=False)
    found = fault(told, most=5 * 10**6)
    assert str(found) == "too large: 300.0 MB or more, at most 5.0 are taken"
    assert not found.again
    assert fault(Reply(BODY), most=1000).kind == "too large"


def test_a_trickle_ends_when_the_time_for_an_answer_is_over() -> None:
    began = time.monotonic()
    assert fault(Reply(BODY, pause=0.02)).kind == "too slow"
    assert time.monotonic() - began < 6


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
TRICKLES = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "header": (OK + b"X-Filler: ", b"a"),
    "size of a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a"),
    "after the last chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ", b"a"),
    "refusal": (b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a"),
}


@pytest.mark.parametrize("name", TRICKLES)
def test_what_surrounds_a_body_may_not_trickle_either(name: str) -> None:
    started = time.monotonic()
    limits = Politeness(connect_seconds=2, read_seconds=1, answer_seconds=1)
    with trickling(*TRICKLES[name]) as url:
        asked = host(url, limits=limits)
        with pytest.raises(Fault) as raised:
            asked.save(Ask("some/path"), io.BytesIO(), 10**6)
        asked.close()
    assert raised.value.kind == ("HTTP 503" if name == "refusal" else "too slow")
    assert raised.value.again
    assert time.monotonic() - started < 10


def test_nobody_there() -> None:
    asked = host(closed_port())
    with pytest.raises(Fault, match="no connection"):
        asked.save(Ask("x"), io.BytesIO(), 100)
    lost = host("http://no-such-host.invalid", limits=Politeness(connect_seconds=1))
    with pytest.raises(Fault, match="no such host"):
        lost.save(Ask("x"), io.BytesIO(), 100)


def test_a_redirect_on_the_same_host_is_followed() -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/some/path":
            return Reply(status=302, headers={"Location": "/other?x=1"})
        return Reply(BODY)

    with serving(answer) as server:
        body, answered = saved(server, keys={"apikey": KEY})
    assert body == BODY
    assert answered.url == f"{server.url}/other"
    assert server.requests[1].query == {"x": "1"}


def test_a_redirect_to_another_host_is_refused_and_no_key_goes_there() -> None:
    with serving(lambda _: Reply(BODY)) as other:
        to = Reply(status=301, headers={"Location": f"{other.url}/x?k={KEY}"})
        with serving(lambda _: to) as server, pytest.raises(Fault) as raised:
            saved(server, keys={"apikey": KEY})
    assert not raised.value.again
    assert str(raised.value).startswith("redirect: to another host, 127.0.0.1:")
    assert other.requests == []


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1/x", "//elsewhere.invalid/x", "http://127.0.0.1:99999/", ""]
)
def test_no_other_scheme_port_or_loop(location: str) -> None:
    found = fault(Reply(status=302, headers={"Location": location}))
    assert found.kind == "redirect"
    assert not found.again


def test_the_words_of_a_refusal_are_told_without_the_key() -> None:
    body = json.dumps({"message": f"key {KEY} unknown", "error_code": "Unauthorized"}).encode()
    refusal = Reply(body, status=401)
    with serving(lambda _: refusal) as server, pytest.raises(Fault) as raised:
        saved(server, keys={"apikey": KEY})
    assert str(raised.value) == "HTTP 401: Unauthorized, key *** unknown"
    assert server.requests[0].headers["apikey"] == KEY
    assert not raised.value.again


def test_a_quota_that_is_used_up_is_respected_without_asking() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}
    with serving(lambda _: Reply(BODY, headers=headers)) as server:
        asked = host(server.url)
        asked.save(Ask("x"), io.BytesIO(), 10**6)
        with pytest.raises(Fault, match="quota used up: until 2025-11-06 08:01:30 UTC") as raised:
            asked.save(Ask("x"), io.BytesIO(), 10**6)
        assert raised.value.wait == 90
        assert asked.resting_until == NOW + timedelta(seconds=90)
        asked.close()
    assert len(server.requests) == 1


def test_small_answers_are_parsed_packed_or_not() -> None:
    text = json.dumps({"total_count": 3}).encode()
    for reply in (Reply(text), Reply(gzip.compress(text), headers={"Content-Encoding": "gzip"})):
        with serving(lambda _, reply=reply: reply) as server:
            asked = host(server.url)
            assert asked.json(Ask("x")) == {"total_count": 3}
            asked.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 10**5,
        gzip.compress(b"1", mtime=0)[:-4],
        gzip.compress(b"0" * 10**8, mtime=0),
    ],
)
def test_small_answers_that_are_none_are_faults(body: bytes) -> None:
    with serving(lambda _: Reply(body)) as server:
        asked = host(server.url)
        with pytest.raises(Fault, match="broken answer"):
            asked.json(Ask("x"))
        asked.close()


def test_an_answer_that_lies_about_its_encoding_is_kept_and_told_later() -> None:
    deflated = zlib.compress(BODY)
    with serving(lambda _: Reply(deflated, headers={"Content-Encoding": "gzip"})) as server:
        assert saved(server)[0] == deflated


def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda _: Reply(BODY)) as server:
        saved(server, keys={"apikey": KEY})
    assert "GET /some/path" in caplog.text
    assert KEY not in caplog.text


def test_neither_a_proxy_nor_a_netrc_stands_between(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.setenv("http_proxy", closed_port())
    with serving(lambda _: Reply(BODY)) as server:
        saved(server)
    assert "authorization" not in server.requests[0].headers
