"""Faults on order: what a client sees of each, and how often."""

import gzip
import http.client
from typing import Any

import pytest
import requests

ROADS = "comptages-routiers-permanents"
EXPORT = f"/api/explore/v2.1/catalog/datasets/{ROADS}/exports/csv"
DAY = "t_1h>date'2025-11-11T00:00:00' and t_1h<=date'2025-11-12T00:00:00'"


def _order(standin: Any, **fault: Any) -> None:
    standin.control("PUT", "/faults", {"faults": [{"path": "*/exports/*", **fault}]})


def test_429_tells_when_the_quota_is_renewed(standin: Any) -> None:
    _order(standin, kind="status", status=429, times=2, reset_seconds=90)
    for _ in range(2):
        answer = standin.get(EXPORT, where=DAY)
        assert answer.status_code == 429
        assert answer.json()["errorcode"] == 10002
        assert answer.json()["reset_time"] == "2025-11-20T08:01:30+00:00"
        assert set(answer.json()) == {
            "errorcode", "reset_time", "limit_time_unit", "call_limit", "error",
        }  # fmt: skip
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert answer.headers["X-RateLimit-Reset"] == "1763625690"
    assert standin.get(EXPORT, where=DAY).status_code == 200
    tally = standin.control("GET", "")["faults"][0]
    assert (tally["seen"], tally["hit"]) == (3, 2)


def test_faults_keep_to_dataset_host_skip_and_chance(standin: Any) -> None:
    _order(standin, kind="status", status=503, dataset=ROADS, host=0, skip=1, times=1)
    other = standin.stand_ins.listeners[1].url
    assert requests.get(other + EXPORT, params={"limit": 1}, timeout=9).status_code == 200
    assert standin.explore("arrondissements/exports/csv").status_code == 200
    assert [standin.get(EXPORT, limit=1).status_code for _ in range(3)] == [200, 503, 200]
    _order(standin, kind="status", chance=0.5)
    drawn = [standin.get(EXPORT, limit=1).status_code for _ in range(20)]
    assert 3 < drawn.count(503) < 17
    _order(standin, kind="status", chance=0.5)
    assert [standin.get(EXPORT, limit=1).status_code for _ in range(20)] == drawn


def test_a_fault_may_keep_to_one_day(standin: Any) -> None:
    _order(standin, kind="status", query="*t_1h>date'2025-11-11T*")
    assert standin.get(EXPORT, where=DAY).status_code == 503
    other = DAY.replace("11-12", "11-13").replace("11-11", "11-12")
    assert standin.get(EXPORT, where=other).status_code == 200


def test_a_cut_answer_breaks_off_or_ends_quietly(standin: Any) -> None:
    whole = standin.get(EXPORT, headers={"Accept-Encoding": "identity"}, where=DAY).content
    _order(standin, kind="cut", at=5000)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        standin.get(EXPORT, headers={"Accept-Encoding": "identity"}, where=DAY)
    _order(standin, kind="cut", at=5000, clean=True)
    short = standin.get(EXPORT, headers={"Accept-Encoding": "identity"}, where=DAY).content
    assert short == whole[:5000]


def test_a_truncated_gzip_stream(standin: Any) -> None:
    _order(standin, kind="truncated_gzip")
    packed = standin.get(EXPORT, where=DAY, compressed="true").content
    with pytest.raises(EOFError):
        gzip.decompress(packed)


def test_a_reset_connection(standin: Any) -> None:
    for at in (0, 500):
        _order(standin, kind="reset", at=at)
        address = standin.base.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=9)
        with pytest.raises(ConnectionResetError):
            connection.request("GET", EXPORT)
            connection.getresponse().read()
        connection.close()


def test_bodies_that_are_not_the_data(standin: Any) -> None:
    _order(standin, kind="html")
    answer = standin.get(EXPORT)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    _order(standin, kind="empty")
    assert standin.get(EXPORT).content == b""
    _order(standin, kind="oversize", bytes=3_000_001)
    assert len(standin.get(EXPORT).content) == 3_000_001
    _order(standin, kind="gzip_bomb", bytes=30_000_000)
    answer = requests.get(standin.base + EXPORT, stream=True, timeout=9)
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 100_000 and len(gzip.decompress(packed)) == 30_000_000
    _order(standin, kind="redirect", to="http://elsewhere.invalid/x")
    answer = standin.get(EXPORT)
    assert answer.status_code == 302 and answer.headers["Location"] == "http://elsewhere.invalid/x"


def test_changed_columns(standin: Any) -> None:
    def head(**params: Any) -> str:
        return str(standin.get(EXPORT, limit=1, with_bom="false", **params).text.splitlines()[0])

    usual = head()
    _order(standin, kind="header", text="a;b;c")
    assert head() == "a;b;c"
    _order(standin, kind="rename_field", field="q", text="debit")
    assert head() == usual.replace(";q;", ";debit;")
    _order(standin, kind="drop_field", field="k")
    assert head() == usual.replace(";k;", ";")
    assert standin.get(EXPORT, select="iu_ac,k").json()["error_code"] == "ODSQLError"
    _order(standin, kind="add_field", text="vitesse")
    assert head() == usual + ";vitesse"
    _order(standin, kind="drop_field", field="t_1h")
    assert "t_1h" not in head()


def test_a_dataset_that_is_not_renewed(standin: Any) -> None:
    newest = {"select": "max(t_1h) as t"}
    _order(standin, kind="stale", path="*", days=10)
    records = standin.explore(f"{ROADS}/records", **newest).json()["results"]
    assert records == [{"t": "2025-11-07T23:00:00+00:00"}]
    processed = standin.explore(ROADS).json()["metas"]["default"]["data_processed"]
    assert processed == "2025-11-10T01:02:50.000+00:00"


def test_a_forbidden_dataset_gives_a_header_alone(standin: Any) -> None:
    _order(standin, kind="forbidden", path="*", dataset=ROADS)
    answer = standin.explore(f"{ROADS}/records")
    assert answer.status_code == 403 and answer.json()["error_code"] == "ForbiddenAccess"
    assert standin.get(EXPORT, select="iu_ac,q", with_bom="false").text == "iu_ac;q\n"
    assert standin.explore("arrondissements/records").status_code == 200


def test_a_slow_body_arrives_whole(standin: Any) -> None:
    usual = standin.get(EXPORT, limit=2).content
    _order(standin, kind="slow", bytes_per_second=5_000)
    assert standin.get(EXPORT, limit=2).content == usual


def test_a_closed_host_refuses_and_comes_back(standin: Any) -> None:
    other = standin.stand_ins.listeners[1].url
    standin.control("PUT", "/hosts/1", {"open": False})
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(other + EXPORT, timeout=9)
    standin.control("PUT", "/hosts/1", {"open": True})
    assert requests.get(other + EXPORT, params={"limit": 1}, timeout=9).status_code == 200


def test_every_request_is_noted_with_its_fault(standin: Any) -> None:
    _order(standin, kind="status", status=500, times=1)
    standin.get(EXPORT, limit=1)
    standin.get(EXPORT, limit=1)
    asked = standin.control("GET", "/requests")
    assert [one["fault"] for one in asked] == ["status", None]
    assert asked[0]["path"] == EXPORT and asked[0]["query"] == "limit=1"
    standin.get(EXPORT, limit=1, apikey="s3cret", offset=0)
    assert standin.control("GET", "/requests")[2]["query"] == "limit=1&apikey=…&offset=0"


@pytest.mark.parametrize(
    ("status", "kind", "content"),
    [(401, "Unauthorized", "json"), (404, "NotFound", "json"), (500, "InternalServerError", "json"),
     (503, "Service Unavailable", "html"), (599, "Status", "html")],
)  # fmt: skip
def test_a_refusal_has_the_form_of_the_portal(
    standin: Any, status: int, kind: str, content: str
) -> None:
    _order(standin, kind="status", status=status)
    answer = standin.get(EXPORT)
    assert answer.status_code == status and content in answer.headers["Content-Type"]
    assert kind in answer.text


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "unheard"}],
        [{"kind": "cut", "at": -1}],
        [{"kind": "cut", "x": 1}],
        "cut",
        [{"kind": "drop_field"}],
    ],
)
def test_unusable_faults_are_refused(standin: Any, faults: object) -> None:
    url = f"{standin.base}/_control/faults"
    answer = requests.put(url, json={"faults": faults}, timeout=9)
    assert answer.status_code == 400 and "faults" in answer.json()["error"]
