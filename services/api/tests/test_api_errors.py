"""Whatever is wrong with a request or the store leaves as a problem that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cityflow.contracts.api import Problem
from cityflow.settings import Settings
from cityflow.storage import Store, layout, open_store
from cityflow_api.app import create_app
from cityflow_api.problems import KINDS
from cityflow_api.routes.asked import EXTENSION

BAD = [
    ("/v1/days/20240305/arcs", "date"),
    ("/v1/days/1709596800/arcs", "date"),
    ("/v1/days/2024-02-30/arcs", "date"),
    ("/v1/days/2024-03-05T00:00:00/arcs", "date"),
    ("/v1/days/２０２４-03-05/arcs", "date"),
    ("/v1/days?from=5-3-2024", "from"),
    ("/v1/days?from=2024-03-06&to=2024-03-05", "from"),
    ("/v1/days?first=2024-03-06", "first"),
    ("/v1/days?limit=0", "limit"),
    ("/v1/days?limit=401", "limit"),
    ("/v1/days?limit=ten", "limit"),
    ("/v1/days?cursor=%20", "cursor"),
    ("/v1/days?cursor=bm9wZQ", "cursor"),
    ("/v1/days?limit=1&limit=2", "limit"),
    ("/v1/days/2024-03-05/arcs?limit=5001", "limit"),
    ("/v1/days/2024-03-05/arcs?format=xml", "format"),
    ("/v1/days/2024-03-05/arcs?edition=ABC", "edition"),
    ("/v1/days/2024-03-05/arcs?bbox=1,2,3", "bbox"),
    ("/v1/days/2024-03-05/arcs?bbox=2.4,48.8,2.2,48.9", "bbox"),
    ("/v1/days/2024-03-05/arcs?bbox=nan,0,1,1", "bbox"),
    ("/v1/days/2024-03-05/arcs?arrondissement=%27", "arrondissement"),
    ("/v1/days/2024-03-05/arc-hours?hour_of_day=24", "hour_of_day"),
    ("/v1/days/2024-03-05/arcs/a%20b/hours", "arc_id"),
    ("/v1/arcs/" + "9" * 65 + "/days", "arc_id"),
    ("/v1/arcs/1/days?from=2020-01-01", "from"),
    ("/v1/arcs/1/days?from=2024-03-07&to=2024-03-06", "from"),
    ("/v1/reports/2024-03-05?section=nope", "section"),
    ("/v1/reports/2024-03-05?section=hourly&format=json", "section"),
    ("/healthz?verbose=1", "verbose"),
]


@pytest.mark.parametrize(("path", "parameter"), BAD)
def test_a_bad_parameter_is_named(client: FlaskClient, path: str, parameter: str) -> None:
    problem = problem_of(client, path, 400)
    assert [error.parameter for error in problem.errors] == [parameter]
    assert problem.type == "/problems/bad-parameter"
    assert parameter in problem.detail


def test_all_bad_parameters_are_named(client: FlaskClient) -> None:
    problem = problem_of(client, "/v1/days?limit=0&size=3", 400)
    assert {error.parameter for error in problem.errors} == {"limit", "size"}


@pytest.mark.parametrize(
    ("path", "kind", "hint"),
    [
        ("/v1/days/1999-01-01/arcs", "unknown-day", "the newest day is 2024-03-06"),
        ("/v1/days/1999-01-01/metrics/comptages", "unknown-day", "/v1/days lists all days"),
        ("/v1/reports/2024-03-04", "unknown-day", "the newest day is 2024-03-05"),
        ("/v1/days/2024-03-05/metrics/buses", "unknown-dataset", "there is: comptages"),
        ("/v1/days/2024-03-05/metrics/trams", "unknown-dataset", "there is: comptages"),
        ("/v1/days/2024-03-05/arcs?edition=" + "f" * 20, "unknown-edition", "current one is 333"),
        ("/v1/reports/2024-03-05?edition=" + "f" * 20, "unknown-edition", "current one is 555"),
        ("/v1/days/1999-01-01/arcs?edition=" + "f" * 20, "unknown-edition", "newest day"),
        ("/v1/days/2024-03-05/arcs/9999/hours", "unknown-arc", "/v1/days/2024-03-05/arcs"),
        ("/v1/arcs/9999/days", "unknown-arc", "/v1/days/2024-03-05/arcs"),
        ("/v1/nowhere", "not-found", "/openapi.json"),
        ("/v1/days/", "not-found", "/openapi.json"),
        ("//v1/days", "not-found", "/openapi.json"),
        ("/v1/arcs/../../etc/days", "not-found", "/openapi.json"),
        ("/problems/none", "not-found", "unknown-day"),
    ],
)
def test_what_is_not_there_is_a_404_with_a_hint(
    client: FlaskClient, path: str, kind: str, hint: str
) -> None:
    problem = problem_of(client, path, 404)
    assert problem.type == f"/problems/{kind}"
    assert hint in problem.detail


def test_the_type_of_a_problem_leads_to_its_page(client: FlaskClient) -> None:
    for kind, known in KINDS.items():
        assert known.title in client.get(f"/problems/{kind}").text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_api_only_reads(client: FlaskClient, method: str) -> None:
    answer = client.open("/v1/days", method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.mimetype == "application/problem+json"
    Problem.model_validate_json(answer.data)


def test_a_form_that_cannot_be_given_is_a_406(client: FlaskClient) -> None:
    for path in ("/v1/days", "/v1/days/2024-03-05/arcs", "/v1/reports/2024-03-05", "/healthz"):
        answer = client.get(path, headers={"Accept": "application/xml"})
        assert answer.status_code == 406
        assert "application/json" in answer.json["detail"]


def test_too_many_requests_are_told_when_to_come_back(city: Any) -> None:
    client = create_app(city.settings, city.store, rate_limit="2 per minute").test_client()
    assert [client.get("/v1/days").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/v1/days/2024-03-05/arcs")
    assert refused.mimetype == "application/problem+json"
    assert int(refused.headers["Retry-After"]) == 60
    assert client.get("/healthz").status_code == 200


def test_a_failure_of_the_api_tells_nothing_but_its_id(
    city: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    app = create_app(city.settings, city.store)
    app.add_url_rule("/broken", view_func=lambda: {}["secret-name"])
    problem = problem_of(app.test_client(), "/broken", 500)
    assert "secret-name" not in problem.detail


def test_an_empty_store_has_no_day(tmp_path: Path) -> None:
    with lazy_client(tmp_path) as client:
        assert client.get("/readyz").json["newest_day"] is None
        assert client.get("/v1/days").json["days"] == []
        for path in ("/v1/arcs/1/days", "/v1/days/2024-03-05/arcs", "/v1/reports/2024-03-05"):
            assert "published" in problem_of(client, path, 404).detail


def test_a_store_that_is_down_is_a_503_until_it_is_back(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.write_text("not a folder")
    with lazy_client(output) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/days", "/v1/days/2024-03-05/arcs", "/v1/arcs/1/days"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert str(tmp_path) not in answer.text
        output.unlink()
        assert client.get("/readyz").status_code == 200


def test_a_table_that_cannot_be_read_is_a_503(city: Any, tmp_path: Path) -> None:
    with open_store(Settings(output_dir=tmp_path)) as store:
        copy_documents(city.store, store)
        client = create_app(city.settings, store).test_client()
        problem_of(client, "/v1/days/2024-03-05/arcs", 503)
        store.objects.put(layout.table("comptages", city.tuesday, city.tuesdays, "arcs"), b"PAR1")
        problem_of(client, "/v1/days/2024-03-05/arcs", 503)
        assert client.get("/v1/days/2024-03-06/arcs").status_code == 200


@contextmanager
def lazy_client(output: Path) -> Iterator[FlaskClient]:
    """A client of an API that opens its own store; it is closed here."""
    app = create_app(Settings(output_dir=output))
    yield app.test_client()
    app.extensions[EXTENSION].store().close()


def copy_documents(source: Store, target: Store) -> None:
    for type in source.documents.types():
        for found in source.documents.query(type).items:
            target.documents.put(found.id, found.body)


def problem_of(client: FlaskClient, path: str, status: int) -> Problem:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ODbL" in answer.headers["X-Attribution"]
    problem = Problem.model_validate_json(answer.data)
    assert problem.status == status
    assert problem.request_id == answer.headers["X-Request-Id"]
    return problem
