"""The OpenAPI document is valid 3.1, true of every route, and the API keeps to it when probed."""

from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cityflow_api.app import create_app

PATHS = [
    "/healthz",
    "/readyz",
    "/v1/days",
    "/v1/days/{date}/metrics/{type}",
    "/v1/days/{date}/arcs",
    "/v1/days/{date}/arc-hours",
    "/v1/days/{date}/counter-hours",
    "/v1/days/{date}/arcs/{arc_id}/hours",
    "/v1/arcs/{arc_id}/days",
    "/v1/arcs/{arc_id}/profile",
    "/v1/reports/{date}",
]


def test_the_document_is_valid_openapi_3_1(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_route_is_documented_and_read_only(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").json
    assert sorted(spec["paths"]) == sorted(PATHS)
    for path, item in spec["paths"].items():
        assert set(item) == {"get"}, path
        assert item["get"]["summary"]
        assert {"200", "400", "405", "406", "429", "500"} <= set(item["get"]["responses"])
        for parameter in item["get"].get("parameters", []):
            assert parameter["description"], (path, parameter["name"])
            assert "anyOf" not in parameter["schema"]


def test_schemas_are_the_contracts_with_licence_and_attribution(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").json
    assert spec["info"]["license"]["name"] == spec["x-attribution"]["licence"] == "ODbL 1.0"
    schemas = spec["components"]["schemas"]
    assert {"DayList", "ComptagesSummary", "ArcPage", "ArcDays", "DailyReport"} <= set(schemas)
    for name in ("ArcPage", "ArcCollection", "ArcHourPage", "ArcDays", "ComptagesSummary"):
        assert "attribution" in schemas[name]["required"]


@pytest.fixture(scope="module")
def probed(city: Any) -> schemathesis.BaseSchema:
    app = create_app(city.settings, city.store, rate_limit="1000000 per minute")
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


@pytest.mark.parametrize("path", PATHS)
def test_good_requests_get_the_documented_answer(
    probed: schemathesis.BaseSchema, path: str
) -> None:
    published = {"date": "2024-03-05", "arc_id": "10", "type": "comptages"}
    known = {name: value for name, value in published.items() if f"{{{name}}}" in path}
    probe(probed[path]["GET"].as_strategy(path_parameters=known))


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/")])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_any_request_gets_a_documented_answer(
    probed: schemathesis.BaseSchema, path: str, mode: GenerationMode
) -> None:
    probe(probed[path]["GET"].as_strategy(generation_mode=mode))


def probe(cases: SearchStrategy[schemathesis.Case]) -> None:
    """Send some cases, always the same, and check each answer against the document.

    A cursor, a box or a range can fit its schema and still be refused with 400.
    """

    @settings(
        max_examples=15,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: schemathesis.Case) -> None:
        case.call_and_validate(
            headers={"Accept-Encoding": "identity"}, excluded_checks=[positive_data_acceptance]
        )

    send()
