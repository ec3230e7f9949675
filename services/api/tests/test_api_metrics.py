"""`/metrics`: requests by route, how new the data is, how the latest runs ended; a store away."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from cityflow.calendar import day_bounds
from cityflow.contracts.base import Check
from cityflow.errors import StoreUnavailable
from cityflow.settings import Settings
from cityflow.storage import DocumentId, Runs, Store, open_store
from cityflow_api import observing
from cityflow_api.app import create_app

NOON = datetime(2024, 3, 7, 12, tzinfo=UTC)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(client: FlaskClient) -> Samples:
    """What Prometheus would read: (name, labels) to value."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "no-store"
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples}


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"cityflow_{name}", frozenset(labels.items())))


def test_requests_are_counted_by_route_and_not_by_what_clients_send(city: Any) -> None:
    client = create_app(city.settings, city.store).test_client()
    for path in ("/v1/days/2024-03-05/arcs", "/v1/days/2024-03-04/arcs", "/v1/days/x/arcs"):
        client.get(path)
    client.get("/no/such/path")
    client.open("/also/not", method="BREW")
    found = scraped(client)
    arcs = {"method": "GET", "route": "/v1/days/{date}/arcs"}

    assert value(found, "api_requests_total", **arcs, status="200") == 2
    assert value(found, "api_requests_total", **arcs, status="400") == 1
    assert value(found, "api_requests_total", method="GET", route="none", status="404") == 1
    assert value(found, "api_requests_total", method="other", route="none", status="404") == 1
    assert value(found, "api_request_duration_seconds_count", route=arcs["route"]) == 3
    assert not [labels for _, labels in found if "2024" in str(labels)]


def test_the_newest_day_and_the_newest_with_data_are_told(city: Any, client: FlaskClient) -> None:
    found = scraped(client)

    def end(day: date) -> float:
        return day_bounds(day)[1].timestamp()

    roads = {"dataset": "comptages"}
    assert value(found, "store_up") == 1
    assert value(found, "newest_day_end_timestamp_seconds", **roads) == end(city.silent)
    assert value(found, "newest_data_day_end_timestamp_seconds", **roads) == end(city.tuesday)
    published = datetime(2024, 3, 8, 4, tzinfo=UTC).timestamp()
    assert value(found, "newest_day_published_timestamp_seconds", **roads) == published
    assert value(found, "newest_day_end_timestamp_seconds", dataset="velib") is None


def runs(store: Store, *ends: tuple[int, str, tuple[str, ...]]) -> None:
    """Runs one after the other, an hour apart: of a day of March, with an outcome and gates."""
    for hour, (day, outcome, gates) in enumerate(ends):
        began = NOON + timedelta(hours=hour)
        run = Runs(store).start("process", "comptages", date(2024, 3, day), began)
        if outcome != "running":
            checks = tuple(Check(name="x", severity=one, message="m") for one in gates)  # type: ignore[arg-type]
            Runs(store).finish(run, outcome, began + timedelta(minutes=1), checks=checks)  # type: ignore[arg-type]


def test_runs_are_told_by_their_latest_and_by_day(tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path)
    with open_store(settings) as store:
        runs(
            store,
            (4, "red", ("red",)),
            (5, "red", ("red",)),
            (4, "new", ("green", "yellow")),
            (6, "failed", ("green", "red", "red")),
            (7, "running", ()),
        )
        found = scraped(create_app(settings, store).test_client())
    pair = {"stage": "process", "dataset": "comptages"}

    def told(name: str, **more: str) -> float | None:
        return value(found, name, **pair, **more)

    assert [told("recent_days", outcome=one) for one in ("red", "new", "failed")] == [1, 1, 1]
    assert [told("last_run_outcome", outcome=one) for one in ("red", "new", "failed")] == [0, 0, 1]
    assert [told("last_run_gates", severity=one) for one in observing.SEVERITIES] == [1, 0, 2]
    assert told("last_run_timestamp_seconds") == (NOON + timedelta(hours=3)).timestamp()
    assert told("last_success_timestamp_seconds") == (NOON + timedelta(hours=2)).timestamp()


def test_a_store_that_is_away_is_told_and_found_again(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [True]

    def look(store: Store) -> observing.Seen:
        if away[0]:
            raise StoreUnavailable("database: no connection")
        return observing.Seen({}, [])

    monkeypatch.setattr(observing, "look", look)
    monkeypatch.setattr(observing, "MAX_AGE_S", 0.0)
    client = create_app(city.settings, city.store).test_client()

    assert value(scraped(client), "store_up") == 0
    away[0] = False
    assert value(scraped(client), "store_up") == 1


def test_figures_of_an_earlier_look_are_not_told_when_a_document_is_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "MAX_AGE_S", 0.0)
    settings = Settings(output_dir=tmp_path)
    with open_store(settings) as store:
        runs(store, (4, "new", ()))
        client = create_app(settings, store).test_client()
        assert value(scraped(client), "store_up") == 1
        foreign = DocumentId("run", date(2024, 3, 5), "of-another-program")
        store.documents.put(foreign, {"schema_version": 1})
        found = scraped(client)

    assert value(found, "store_up") == 0
    assert not [name for name, _ in found if "last_run" in name]


def test_a_store_that_hangs_holds_up_no_scrape(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    free = Event()

    def look(store: Store) -> observing.Seen:
        free.wait(30)
        return observing.Seen({}, [])

    monkeypatch.setattr(observing, "look", look)
    monkeypatch.setattr(observing, "PATIENCE_S", 0.1)
    client = create_app(city.settings, city.store).test_client()

    assert value(scraped(client), "store_up") == 0
    free.set()
    monkeypatch.setattr(observing, "PATIENCE_S", 30.0)
    assert value(scraped(client), "store_up") == 1


def test_names_have_units(client: FlaskClient) -> None:
    names = set(re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE))
    bare = {name for name in names if not re.search(r"_(total|seconds|created)$", name)}
    assert all(name.startswith("cityflow_") for name in names)
    assert bare <= {
        "cityflow_store_up", "cityflow_recent_days", "cityflow_last_run_outcome",
        "cityflow_last_run_gates",
    }  # fmt: skip
