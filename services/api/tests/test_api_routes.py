"""Every route answers its contract, with the figures of the published tables and their credit."""

import json
from io import StringIO
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from flask.testing import FlaskClient
from pydantic import BaseModel
from werkzeug.test import TestResponse

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.api import (
    ArcCollection,
    ArcDays,
    ArcHourPage,
    ArcHourRow,
    ArcPage,
    ArcProfile,
    ArcRow,
    CounterHourPage,
    DayList,
    Health,
    Readiness,
)
from cityflow.contracts.reference import ReferenceVersion
from cityflow.contracts.report import DailyReport
from cityflow.contracts.tables import COMPTAGES_ARC_HOURS, COMPTAGES_ARCS
from cityflow_api import rows

ROUTES: list[tuple[str, type[BaseModel]]] = [
    ("/healthz", Health),
    ("/readyz", Readiness),
    ("/v1/days", DayList),
    ("/v1/days/2024-03-05/metrics/comptages", ComptagesSummary),
    ("/v1/days/2024-03-06/metrics/comptages", ComptagesSummary),
    ("/v1/days/2024-03-05/arcs", ArcPage),
    ("/v1/days/2024-03-06/arcs", ArcPage),
    ("/v1/days/2024-03-05/arcs?format=geojson", ArcCollection),
    ("/v1/days/2024-03-05/arc-hours", ArcHourPage),
    ("/v1/days/2024-03-05/arcs/10/hours", ArcHourPage),
    ("/v1/days/2024-03-05/counter-hours", CounterHourPage),
    ("/v1/days/2024-03-06/arcs/10/hours", ArcHourPage),
    ("/v1/arcs/10/days", ArcDays),
    ("/v1/arcs/10/profile", ArcProfile),
    ("/v1/reports/2024-03-05", DailyReport),
]


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_each_answer_is_its_contract_and_credits_its_source(
    client: FlaskClient, path: str, model: type[BaseModel]
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    model.model_validate_json(answer.data)
    assert "ODbL 1.0" in answer.text
    assert "comptages-routiers-permanents" in unquote(answer.headers["X-Attribution"])
    assert 'opendatacommons.org/licenses/odbl/1-0/>; rel="license"' in links(answer)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [path for path, _ in ROUTES if path.startswith("/v1/")])
def test_synthetic_data_is_named_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["X-Attribution"].startswith("Synthetic data")
    assert "/ arrondissements, ODbL 1.0" in answer.headers["X-Attribution"]
    assert '"synthetic":true' in answer.text


@pytest.mark.parametrize("path", [path for path, _ in ROUTES])
def test_head_answers_the_headers_alone(client: FlaskClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_rows_of_the_contracts_are_the_columns_of_the_tables() -> None:
    for row, table in ((ArcRow, COMPTAGES_ARCS), (ArcHourRow, COMPTAGES_ARC_HOURS)):
        assert set(row.model_fields) == {column.name for column in table.columns}


def test_days_are_listed_newest_first_with_what_is_published(client: FlaskClient) -> None:
    listed = DayList.model_validate_json(client.get("/v1/days").data)
    assert [str(entry.day) for entry in listed.days] == ["2024-03-06", "2024-03-05", "2024-03-04"]
    silent, tuesday, monday = listed.days
    assert silent.datasets[0].status == "no_data"
    assert tuesday.report is not None
    assert monday.report is None
    assert [found.dataset.value for found in monday.datasets] == ["comptages", "roads_analysis"]
    assert monday.datasets[0].edition == "2" * 20
    assert listed.next_cursor is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [("from=2024-03-05", 2), ("to=2024-03-05", 2), ("from=2024-03-05&to=2024-03-05", 1)],
)
def test_days_can_be_limited_to_a_range(client: FlaskClient, query: str, expected: int) -> None:
    assert len(client.get(f"/v1/days?{query}").json["days"]) == expected


def test_readiness_tells_the_newest_day(client: FlaskClient) -> None:
    answer = client.get("/readyz").json
    assert answer["newest_day"] == "2024-03-06"
    assert answer["newest"][0]["dataset"] == "comptages"


def test_the_summary_is_the_published_document(client: FlaskClient, city: Any) -> None:
    answer = client.get("/v1/days/2024-03-04/metrics/comptages")
    assert answer.json["totals"]["arcs"] == 230
    assert answer.json["edition"] == city.mondays


def test_an_earlier_edition_can_be_asked_for(client: FlaskClient, city: Any) -> None:
    for path in ("metrics/comptages", "arcs", "arc-hours", "arcs/10/hours"):
        answer = client.get(f"/v1/days/2024-03-04/{path}?edition={city.earlier}")
        assert answer.json["edition"] == city.earlier
    assert client.get(f"/v1/days/2024-03-04/arcs?edition={city.earlier}").json["matched"] == 7


def test_geojson_holds_the_same_arcs(client: FlaskClient) -> None:
    plain = client.get("/v1/days/2024-03-05/arcs?limit=5000").json
    answer = client.get("/v1/days/2024-03-05/arcs?limit=5000&format=geojson")
    assert answer.mimetype == "application/geo+json"
    found = answer.json
    assert found["numberMatched"] == found["numberReturned"] == plain["matched"] == 229
    rows = [{**f["properties"], "geometry": f["geometry"]} for f in found["features"]]
    assert rows == plain["arcs"]
    assert {link["rel"] for link in found["links"]} == {"self", "license"}


def test_csv_holds_the_same_table(client: FlaskClient, city: Any) -> None:
    answer = client.get("/v1/days/2024-03-05/arcs?limit=5000&format=csv")
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert 'filename="comptages_arcs_2024-03-05.csv"' in answer.headers["Content-Disposition"]
    assert answer.headers["X-Row-Count"] == answer.headers["X-Rows-Matched"] == "229"
    table = city.tables[city.tuesday, "arcs"]
    types = {**table.schema, "peak_hour_end": pl.String}
    read = pl.read_csv(StringIO(answer.text), schema=types)
    stamps = pl.col("peak_hour_end").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    assert read.with_columns(stamps.cast(table.schema["peak_hour_end"])).equals(table)


def test_accept_chooses_the_form(client: FlaskClient) -> None:
    for accept, expected in (
        ("text/csv", "text/csv"),
        ("application/geo+json, application/json;q=0.5", "application/geo+json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
    ):
        answer = client.get("/v1/days/2024-03-05/arcs", headers={"Accept": accept})
        assert answer.mimetype == expected
        assert "Accept" in answer.headers["Vary"]


def test_arcs_can_be_filtered(client: FlaskClient, city: Any) -> None:
    table = city.tables[city.tuesday, "arcs"]
    fifth = client.get("/v1/days/2024-03-05/arcs?arrondissement=5").json
    expected = table.filter(pl.col("arrondissement") == "5")["arc_id"].to_list()
    assert [arc["arc_id"] for arc in fifth["arcs"]] == expected
    assert client.get("/v1/days/2024-03-05/arcs?arrondissement=99").json["matched"] == 0
    corner = client.get("/v1/days/2024-03-05/arcs?bbox=2.2509,48.8206,2.2511,48.8212").json
    assert [arc["arc_id"] for arc in corner["arcs"]] == ["1", "2"]


def test_hours_of_one_hour_and_of_one_arc(client: FlaskClient, city: Any) -> None:
    morning = client.get("/v1/days/2024-03-05/arc-hours?hour_of_day=8").json
    assert [(row["arc_id"], row["hour_of_day"]) for row in morning["hours"]] == [
        ("1", 8),
        ("10", 8),
        ("3", 8),
    ]
    own = client.get("/v1/days/2024-03-05/arcs/10/hours").json
    assert [row["hour_of_day"] for row in own["hours"]] == list(range(24))
    assert own["hours"][5]["occupancy_pct"] is None
    lines = client.get("/v1/days/2024-03-05/arc-hours?format=csv&limit=5000").text.splitlines()
    assert len(lines) == 1 + city.tables[city.tuesday, "arc_hours"].height
    assert lines[1].startswith("1,2024-03-05T00:00:00Z,0,100,0.0,fluid")


def test_an_arc_over_days_tells_coverage_and_absence(client: FlaskClient) -> None:
    found = ArcDays.model_validate_json(client.get("/v1/arcs/230/days").data)
    assert (str(found.first), str(found.last)) == ("2024-02-05", "2024-03-06")
    assert [day.status for day in found.days] == ["observed", "absent", "no_data"]
    assert [day.edition[0] for day in found.days] == ["2", "3", "4"]
    observed = found.days[0].figures
    assert observed is not None
    assert (observed.flow_veh, observed.flow_coverage) == (2304, 23 / 24)
    assert found.days[1].figures is None


def test_an_arc_over_days_without_data_or_editions(client: FlaskClient) -> None:
    assert client.get("/v1/arcs/1/days?from=2020-01-01&to=2020-02-01").json["days"] == []
    silent = client.get("/v1/arcs/1/days?from=2024-03-06").json["days"]
    assert [day["status"] for day in silent] == ["no_data"]


def test_the_report_as_json_and_csv(client: FlaskClient, city: Any) -> None:
    assert client.get("/v1/reports/2024-03-05").json["edition"] == city.reported
    for query in ("format=csv", f"format=csv&edition={city.reported}"):
        answer = client.get(f"/v1/reports/2024-03-05?{query}")
        assert answer.data == b"day,figure\n2024-03-05,arcs\n"
    for query in ("section=hourly", "format=csv&section=hourly"):
        assert client.get(f"/v1/reports/2024-03-05?{query}").text.startswith("day,hourly\n")


def test_the_documentation_needs_no_other_host(client: FlaskClient) -> None:
    assert client.get("/").location == "/docs/swagger"
    with client.get("/docs/swagger") as page, client.get("/docs/swagger/css/swagger-ui.css") as css:
        assert page.status_code == css.status_code == 200
        assert "http" not in page.text
    with client.get("/docs/openapi.json") as spec:
        assert spec.json == client.get("/openapi.json").json


def test_the_correlation_id_is_returned(client: FlaskClient) -> None:
    given = client.get("/healthz", headers={"X-Request-Id": "dashboard-0001"})
    assert given.headers["X-Request-Id"] == "dashboard-0001"
    unfit = client.get("/healthz", headers={"X-Request-Id": "a b<script>"})
    assert len(unfit.headers["X-Request-Id"]) == 32


def test_any_origin_may_read(client: FlaskClient) -> None:
    answer = client.get("/v1/days", headers={"Origin": "https://example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


def links(answer: TestResponse) -> str:
    return ", ".join(answer.headers.getlist("Link"))


def test_no_text_of_a_csv_file_is_a_formula() -> None:
    frame = pl.DataFrame({"label": ["=1+1", "-2", "Rue", None], "q": [-1, 2, 3, 4]})
    lines = rows.csv(frame).splitlines()
    assert lines == ["label,q", "'=1+1,-1", "'-2,2", "Rue,3", ",4"]


def test_json_is_plain_utf8(client: FlaskClient) -> None:
    row = json.loads(client.get("/v1/days/2024-03-05/arcs?limit=1").data)["arcs"][0]
    assert row["label"] == 'Rue de l\'Été, n° 1 "bis"'
    assert row["peak_hour_end"] == "2024-03-05T17:00:00Z"


def test_the_profile_of_an_arc_is_the_newest_analysed_day_of_the_type(client: FlaskClient) -> None:
    newest = client.get("/v1/arcs/10/profile").json
    monday = client.get("/v1/arcs/10/profile?day_type=monday").json
    assert newest == monday
    assert (monday["day"], monday["day_type"], len(monday["hours"])) == ("2024-03-04", "monday", 24)
    assert [hour["flow_veh"] for hour in monday["hours"]] == list(range(100, 124))
    first, last = monday["hours"][0], monday["hours"][-1]
    assert (first["typical_flow_veh"], first["typical_from"], first["band"]) == (None, "none", None)
    assert (last["typical_flow_veh"], last["typical_days"], last["band"]) == (90.5, 8, "usual")
    assert client.get("/v1/arcs/11/profile").json["hours"] == []
    assert client.get("/v1/arcs/10/profile?day_type=sunday").status_code == 404
    assert client.get("/v1/arcs/10/profile?day_type=someday").status_code == 400


def test_the_filtered_view_of_arc_hours_is_that_of_the_register(filtering: Any) -> None:
    get, path = filtering.client.get, "/v1/days/2024-03-05/arc-hours"
    raw = get(f"{path}?limit=5000").json
    assert get(f"{path}?view=filtered&limit=5000").json == raw
    filtering.confirm("10")
    found = get(f"{path}?view=filtered&limit=5000").json
    assert found["edition"] == filtering.edition
    assert {r["flow_veh"] for r in found["hours"] if r["arc_id"] == "10"} == {None}
    others = [[r for r in page["hours"] if r["arc_id"] != "10"] for page in (raw, found)]
    assert others[0] == others[1]
    assert get(f"{path}?limit=5000").json == raw
    first = get(f"{path}?view=filtered&limit=2").json
    second = get(f"{path}?view=filtered&limit=2&cursor={first['next_cursor']}").json
    assert first["hours"] + second["hours"] == found["hours"][:4]
    assert get("/v1/days/2024-03-05/metrics/register").json["ranges_total"] == 1
    assert get(f"{path}?view=clean").status_code == 400


def test_a_version_of_reference_data_is_told_on_the_day_of_its_receipt(client: FlaskClient) -> None:
    found = client.get("/v1/days/2024-03-04/metrics/referentiel")
    version = ReferenceVersion.model_validate_json(found.data)
    assert (version.rows, version.without_geometry, version.status) == (3, 1, "published")
    assert found.headers["ETag"] == f'"{version.edition}"'
    other = client.get("/v1/days/2024-03-05/metrics/referentiel")
    assert other.status_code == 404 and "the newest day is 2024-03-04" in other.json["detail"]


def test_counter_hours_are_raw_or_without_what_the_register_names(filtering: Any) -> None:
    get, path = filtering.client.get, "/v1/days/2024-03-05/counter-hours"
    raw = get(f"{path}?limit=5000").json
    assert (raw["edition"], raw["matched"], raw["next_cursor"]) == ("9" * 20, 48, None)
    third, fourth = raw["hours"][27:29]
    assert (third["counter_id"], third["bikes"], third["is_spike"]) == ("20", None, 0)
    assert (fourth["bikes"], fourth["typical_bikes"], fourth["band"]) == (14, 12.5, "usual")
    assert fourth["is_spike"] == 1 and fourth["hour_start"] == "2024-03-05T03:00:00Z"
    assert get(f"{path}?view=filtered&limit=5000").json == raw
    filtering.confirm("10")
    found = get(f"{path}?view=filtered&limit=5000").json
    assert (found["edition"], {r["bikes"] for r in found["hours"]}) == (filtering.edition, {None})
    assert get(f"{path}?limit=5000").json == raw
    lines = get(f"{path}?view=filtered&hour_of_day=8&format=csv").text.splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        [counter, "bike", "2024-03-05T07:00:00Z", "8", ""] for counter in ("10", "20")
    ]
