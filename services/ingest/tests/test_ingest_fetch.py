"""Fetching as a command does it, from a stand-in of the portal: what is kept, said and refused."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from ingest_portal import NOW, Portal, portal, quick_paris
from ingest_server import closed_port

from cityflow.contracts import Run
from cityflow.storage import RawZone, Runs, Store
from cityflow_ingest.tenant import UrlSetting

Command = Callable[..., Any]
ROADS = "comptages-routiers-permanents"
DAY = date(2025, 11, 4)
REFERENCES = ("snapshot", "referentiel", "arrondissements", "--json")


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with portal() as one:
        yield one


@pytest.fixture
def source(running: Portal, output: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """The portal as the only source; whatever else is asked finds nobody."""
    running.fail()
    running.at(NOW)
    running.stand_ins.open()
    for name in get_args(UrlSetting):
        monkeypatch.setenv(name, closed_port())
    monkeypatch.setenv("OPENDATASOFT_HOSTS", running.urls)
    monkeypatch.setenv("CITYFLOW_TENANT", str(quick_paris(output.parent / "paris.toml")))
    monkeypatch.setenv("CITYFLOW_NOW", NOW)
    return running


def runs(store: Store, day: date = DAY) -> list[Run]:
    return list(Runs(store).query(day, stage="ingest"))


def outcomes(ended: Any) -> dict[str, str]:
    return {one["feed"]: one["outcome"] for one in ended.document["fetched"]}


def roads(store: Store) -> list[Any]:
    return RawZone(store).entries("comptages")


def left(output: Path) -> list[Path]:
    return list(output.rglob("*.part"))


def test_a_day_is_archived_as_received_with_its_provenance(
    source: Portal, ingest: Command, store: Store, output: Path
) -> None:
    ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert ended.code == 0
    (fetched,) = ended.document["fetched"]
    assert (fetched["feed"], fetched["outcome"], fetched["day"]) == (ROADS, "new", str(DAY))

    (entry,) = roads(store)
    with RawZone(store).open(entry.key) as stream:
        packed = stream.read()
    content = gzip.decompress(packed)
    meta = entry.meta
    assert hashlib.sha256(packed).hexdigest() == meta.sha256
    assert hashlib.sha256(content).hexdigest() == meta.content_sha256
    assert content.count(b"\n") in (fetched["rows"], fetched["rows"] + 1)
    assert (meta.packing, meta.extension, meta.status, meta.synthetic) == (
        "gzip", "csv.gz", 200, True,
    )  # fmt: skip
    assert meta.url and meta.url.endswith(f"/{ROADS}/exports/csv")
    assert (
        meta.params["where"] == "t_1h>date'2025-11-04T00:00:00' and t_1h<=date'2025-11-05T00:00:00'"
    )
    assert meta.headers["content-type"].startswith("application/gzip")
    (receipt,) = meta.receipts
    assert receipt.received_at.isoformat().startswith("2025-11-06T08:00:0")
    assert entry.key.startswith("raw/comptages/dt=2025-11-06/")
    assert left(output) == []


def test_every_row_of_a_fetched_day_is_of_that_day(
    source: Portal, ingest: Command, store: Store
) -> None:
    for day in ("2025-10-26", "2025-03-30"):
        assert ingest("fetch", "--date", day, "--dataset", "comptages").code == 0
    hours = []
    for entry in roads(store):
        with RawZone(store).open(entry.key) as stream:
            lines = gzip.decompress(stream.read()).decode("utf-8-sig").splitlines()
        column = lines[0].split(";").index("t_1h")
        hours.append(sorted({line.split(";")[column] for line in lines[1:]}))
    spring, autumn = sorted(hours)
    assert (spring[0], spring[-1], len(spring)) == (
        "2025-03-30T01:00:00+01:00", "2025-03-31T00:00:00+02:00", 23,
    )  # fmt: skip
    assert (autumn[0], autumn[-1], len(autumn)) == (
        "2025-10-26T01:00:00+02:00", "2025-10-27T00:00:00+01:00", 24,
    )  # fmt: skip


def test_the_run_stands_in_the_ledger_with_rows_checks_and_output(
    source: Portal, ingest: Command, store: Store
) -> None:
    ingest("fetch", "--date", DAY, "--dataset", "comptages")
    (run,) = runs(store)
    (entry,) = roads(store)
    assert (run.feed, run.dataset, run.outcome) == (ROADS, "comptages", "new")
    assert run.rows and run.rows > 24 * 10
    assert run.outputs == (entry.key,)
    assert {check.name: check.severity for check in run.checks} == {
        "schema": "green", "volume": "green",
    }  # fmt: skip
    assert run.retries == ()


def test_the_same_content_is_stored_once_and_receipted_twice(
    source: Portal, ingest: Command, store: Store
) -> None:
    ingest("fetch", "--date", DAY, "--dataset", "comptages")
    again = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert outcomes(again) == {ROADS: "unchanged"}
    (entry,) = roads(store)
    assert len(entry.meta.receipts) == 2
    # Both runs began at the same instant of the pinned clock: which is listed first says nothing.
    assert sorted(run.outcome for run in runs(store)) == ["new", "unchanged"]


def test_without_days_the_newest_of_a_dataset_is_fetched(
    source: Portal, ingest: Command, store: Store
) -> None:
    ended = ingest("fetch", "--dataset", "comptages", "--json")
    assert [one["day"] for one in ended.document["fetched"]] == [str(DAY)]


def test_a_day_the_source_does_not_hold_is_no_failure(
    source: Portal, ingest: Command, store: Store
) -> None:
    ended = ingest("fetch", "--date", "2025-11-05", "--dataset", "comptages", "--json")
    assert ended.code == 0
    assert outcomes(ended) == {ROADS: "no_data"}
    assert roads(store) == []
    (run,) = runs(store, date(2025, 11, 5))
    assert (run.outcome, run.rows) == ("no_data", 0)


def test_a_day_that_vanishes_from_the_source_is_kept_and_said(
    source: Portal, ingest: Command, store: Store
) -> None:
    ingest("fetch", "--date", DAY, "--dataset", "comptages")
    source.at("2025-11-05T08:00:00Z")
    ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert outcomes(ended) == {ROADS: "no_data"}
    (fetched,) = ended.document["fetched"]
    assert "rows are held" in fetched["checks"][-1]["message"]
    assert len(roads(store)) == 1


def test_references_and_snapshots(source: Portal, ingest: Command, store: Store) -> None:
    ended = ingest(*REFERENCES)
    assert ended.code == 0
    assert outcomes(ended) == {"referentiel-comptages-routiers": "new", "arrondissements": "new"}
    zone = RawZone(store)
    assert [e.meta.extension for e in zone.entries("arrondissements")] == ["geojson.gz"]
    assert [e.meta.extension for e in zone.entries("referentiel")] == ["csv.gz"]


BAD = {
    "html": ({"kind": "html"}, "unfit content: an HTML page"),
    "empty": ({"kind": "empty"}, "empty answer"),
    "oversize": ({"kind": "oversize", "bytes": 300_000_000}, "too large: 5.0 MB or more"),
    "bomb": ({"kind": "gzip_bomb", "bytes": 300_000_000}, "unfit content: found "),
    "redirect": ({"kind": "redirect"}, "redirect: to another host, elsewhere.invalid"),
    "other header": ({"kind": "header", "text": "a;b;c"}, "unfit content: found the columns a, b"),
    "cut": ({"kind": "cut", "at": 900}, "cut short"),
    "cut cleanly": ({"kind": "cut", "at": 900, "clean": True}, "cut short: truncated packed data"),
    "half a gzip": ({"kind": "truncated_gzip"}, "cut short: truncated packed data"),
    "reset": ({"kind": "reset", "at": 900}, "connection reset"),
    "not found": ({"kind": "status", "status": 404}, "HTTP 404"),
    "down": ({"kind": "status", "status": 503}, "HTTP 503"),
    "slow": ({"kind": "slow", "delay": 0.0, "bytes_per_second": 100}, "too slow"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_refused_with_its_reason_and_the_others_go_on(
    name: str, source: Portal, ingest: Command, store: Store, output: Path
) -> None:
    fault, reason = BAD[name]
    impatient = {"answer_seconds": 1.5, "attempts": 2}
    expect_5_mb(output.parent / "paris.toml", **(impatient if name == "slow" else {}))
    source.fail({**fault, "path": f"*/{ROADS}/exports/*"})
    ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert ended.code == 3
    (fetched,) = ended.document["fetched"]
    assert fetched["outcome"] == "failed"
    assert reason in fetched["reason"]
    assert "error: nothing came of comptages" in ended.err
    assert roads(store) == []
    assert left(output) == []
    (run,) = runs(store)
    assert run.outcome == "failed"
    assert run.error == fetched["reason"]
    assert run.retries[-1].then == "gave up"
    assert reason in run.retries[-1].reason
    assert ingest(*REFERENCES).code == 0


def expect_5_mb(city: Path, **patience: float) -> None:
    text = city.read_text("utf-8")
    for name, value in ({"max_mb": 5, "answer_seconds": 60} | patience).items():
        text, count = re.subn(rf"(?m)^{name} = [\d.]+", f"{name} = {value}", text)
        assert count == 1, name
    city.write_text(text, encoding="utf-8")


def test_a_bad_reference_does_not_fail_a_daily_run(
    source: Portal, ingest: Command, store: Store
) -> None:
    source.fail({"kind": "html", "dataset": "referentiel-comptages-routiers"})
    ended = ingest("daily", "--json")
    assert ended.code == 0
    found = outcomes(ended)
    assert found["referentiel-comptages-routiers"] == "failed"
    assert found["arrondissements"] == "new"
    assert len(roads(store)) == 14 + 2


def test_a_daily_run_without_road_counts_ends_with_3(source: Portal, ingest: Command) -> None:
    source.fail({"kind": "status", "status": 500, "dataset": ROADS})
    ended = ingest("daily", "--json")
    assert ended.code == 3
    assert outcomes(ended)["arrondissements"] == "new"
    (skipped,) = [one for one in ended.document["skipped"] if one["feed"] == ROADS]
    assert skipped["reason"] == "it failed 3 times in a row"
    assert len(skipped["days"]) == 14 + 2 - 3


def test_failures_that_pass_are_explained(source: Portal, ingest: Command, store: Store) -> None:
    source.fail(
        {"kind": "status", "status": 503, "path": "*/exports/csv", "times": 2},
        {"kind": "cut", "at": 700, "path": "*/exports/csv", "times": 1},
    )
    ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert ended.code == 0
    (run,) = runs(store)
    assert run.outcome == "new"
    assert [retry.reason.partition(":")[0] for retry in run.retries] == [
        "HTTP 503", "HTTP 503", "cut short",
    ]  # fmt: skip
    assert run.retries[0].then.startswith("asked 127.0.0.1:")
    assert all(" s, asked " in retry.then for retry in run.retries[1:])
    assert len(ended.document["fetched"][0]["retries"]) == 3


def test_a_dead_host_is_passed_over(source: Portal, ingest: Command, store: Store) -> None:
    first, second = source.stand_ins.listeners
    first.close()
    days = ("--from", "2025-11-02", "--to", str(DAY), "--dataset", "comptages")
    ended = ingest("fetch", *days, "--json")
    assert ended.code == 0
    assert [one["outcome"] for one in ended.document["fetched"]] == ["new"] * 3
    retries = [retry for one in ended.document["fetched"] for retry in one["retries"]]
    (retry,) = retries
    assert (retry["host"], retry["reason"], retry["then"]) == (
        first.url[7:], "no connection", f"asked {second.url[7:]}",
    )  # fmt: skip


def test_a_source_that_is_gone_costs_few_attempts(
    source: Portal, ingest: Command, store: Store
) -> None:
    source.stand_ins.close()
    days = ("--from", "2025-10-01", "--to", "2025-10-31", "--dataset", "comptages")
    ended = ingest("fetch", *days, "--json")
    assert ended.code == 3
    assert len(ended.document["fetched"]) == 3
    assert sum(len(one["retries"]) for one in ended.document["fetched"]) == 4 + 2 + 2
    (skipped,) = ended.document["skipped"]
    assert len(skipped["days"]) == 28


def test_a_short_wait_is_waited_and_a_long_one_is_not(
    source: Portal, ingest: Command, store: Store
) -> None:
    limit = {"kind": "status", "status": 429, "path": "*/exports/csv", "times": 1}
    source.fail({**limit, "reset_seconds": 2})
    ingest("fetch", "--date", DAY, "--dataset", "comptages")
    (run,) = runs(store)
    (retry,) = run.retries
    assert retry.reason.startswith("HTTP 429: Too many requests")
    assert re.match(r"waited [12]\.\d s, asked ", retry.then)

    source.fail({**limit, "reset_seconds": 3600})
    ingest("fetch", "--date", "2025-11-03", "--dataset", "comptages")
    (run,) = runs(store, date(2025, 11, 3))
    assert run.retries[0].then == f"asked {source.stand_ins.listeners[1].url[7:]}"


def test_a_quota_that_is_used_up_is_remembered_by_the_next_command(
    source: Portal, ingest: Command, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.fail({"kind": "status", "status": 429, "reset_seconds": 3600})
    refused = ingest("fetch", "--date", DAY, "--dataset", "comptages")
    assert refused.code == 3
    assert "; not asked again before 2025-11-06 09:0" in refused.err
    source.fail()
    ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
    assert ended.code == 3
    assert "quota used up: until 2025-11-06 09:0" in ended.document["fetched"][0]["reason"]
    later = (datetime.fromisoformat(NOW) + timedelta(hours=2)).astimezone(UTC)
    monkeypatch.setenv("CITYFLOW_NOW", later.isoformat())
    assert ingest("fetch", "--date", DAY, "--dataset", "comptages").code == 0


def test_a_change_of_columns_is_said_and_a_lost_one_stops_the_feed(
    source: Portal, ingest: Command, store: Store
) -> None:
    def checks(kind: str, **fields: str) -> dict[str, Any]:
        source.fail({"kind": kind, "dataset": ROADS, **fields})
        ended = ingest("fetch", "--date", DAY, "--dataset", "comptages", "--json")
        (fetched,) = ended.document["fetched"]
        return {"code": ended.code, "outcome": fetched["outcome"], **fetched["checks"][0]}

    added = checks("add_field", text="vitesse", field="q")
    assert (added["code"], added["severity"]) == (0, "yellow")
    assert added["message"] == "columns gone: none; new: vitesse"
    gone = checks("drop_field", field="etat_barre")
    assert (gone["code"], gone["severity"]) == (0, "yellow")
    assert gone["message"] == "columns gone: etat_barre; new: none"
    lost = checks("rename_field", field="k", text="taux")
    assert (lost["code"], lost["outcome"], lost["severity"]) == (3, "red", "red")
    assert lost["message"] == "required columns are gone: k; also new: taux"
    assert sorted(run.outcome for run in runs(store)) == ["new", "new", "red"]
    assert len(roads(store)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch", "--from", "2025-11-01"], "--date D, or both"),
        (["fetch", "--date", "2025-11-01", "--to", "2025-11-02"], "--date D, or both"),
        (["fetch", "--from", "2025-11-02", "--to", "2025-11-01"], "is after --to"),
        (["fetch", "--date", "2025-11-07"], "still to come"),
        (["fetch", "--date", "2025-11-01", "--dataset", "traffic"], "snapshot traffic"),
        (["snapshot", "comptages"], "fetch --dataset comptages"),
        (["snapshot"], ""),
        (["fetch", "--dataset", "trams"], ""),
        (["history", "no-such-file"], "no-such-file"),
    ],
)
def test_wrong_arguments_end_with_2(
    source: Portal, ingest: Command, arguments: list[str], said: str
) -> None:
    ended = ingest(*arguments)
    assert ended.code == 2
    assert said in ended.err


def test_the_time_is_not_told_to_published_sources(
    source: Portal, ingest: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRIM_URL")
    ended = ingest("fetch", "--date", DAY)
    assert ended.code == 2
    assert "CITYFLOW_NOW is for stand-ins" in ended.err
