"""Walking page by page gives the table: each row once, in order, from one edition."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, layout, open_store
from cityflow_api import paging
from cityflow_api.app import create_app
from cityflow_api.failures import BadParameter


def walk(client: FlaskClient, path: str, rows: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = client.get(following)
        assert answer.status_code == 200
        found += answer.json[rows]
        following = next_link(answer.headers.getlist("Link"))
        assert (following is None) == (answer.json["next_cursor"] is None)
    return found


def next_link(links: list[str]) -> str | None:
    found = [link for link in links if link.endswith('rel="next"')]
    return found[0].split(">")[0][1:] if found else None


@pytest.mark.parametrize("limit", [1, 7, 100, 229, 5000])
def test_all_pages_together_are_the_table(client: FlaskClient, city: Any, limit: int) -> None:
    walked = walk(client, f"/v1/days/2024-03-05/arcs?limit={limit}", "arcs")
    table = city.tables[city.tuesday, "arcs"]
    assert [row["arc_id"] for row in walked] == sorted(table["arc_id"].to_list())
    for column in ("flow_veh", "flow_coverage", "occupancy_mean_pct", "length_m", "label"):
        assert [row[column] for row in walked] == table[column].to_list()


def test_all_pages_of_hours_are_the_table(client: FlaskClient, city: Any) -> None:
    walked = walk(client, "/v1/days/2024-03-05/arc-hours?limit=5", "hours")
    table = city.tables[city.tuesday, "arc_hours"]
    stamps = table["hour_end"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()
    assert [(row["arc_id"], row["hour_end"]) for row in walked] == list(
        zip(table["arc_id"].to_list(), stamps, strict=True)
    )
    assert [row["occupancy_pct"] for row in walked] == table["occupancy_pct"].to_list()


def test_a_filter_holds_on_every_page(client: FlaskClient, city: Any) -> None:
    walked = walk(client, "/v1/days/2024-03-05/arcs?limit=3&arrondissement=unknown", "arcs")
    table = city.tables[city.tuesday, "arcs"].filter(pl.col("arrondissement") == "unknown")
    assert [row["arc_id"] for row in walked] == table["arc_id"].to_list()


def test_days_page_by_page(client: FlaskClient) -> None:
    walked = walk(client, "/v1/days?limit=1", "days")
    assert [row["day"] for row in walked] == ["2024-03-06", "2024-03-05", "2024-03-04"]
    ranged = walk(client, "/v1/days?limit=1&to=2024-03-05", "days")
    assert [row["day"] for row in ranged] == ["2024-03-05", "2024-03-04"]


def test_geojson_and_csv_link_to_their_next_page(client: FlaskClient) -> None:
    first = client.get("/v1/days/2024-03-05/arcs?limit=200&format=geojson")
    following = next(link["href"] for link in first.json["links"] if link["rel"] == "next")
    assert following == next_link(first.headers.getlist("Link"))
    assert client.get(following).json["numberReturned"] == 29
    sheet = client.get("/v1/days/2024-03-05/arcs?limit=200&format=csv")
    rest = client.get(next_link(sheet.headers.getlist("Link")))
    assert (sheet.headers["X-Row-Count"], rest.headers["X-Row-Count"]) == ("200", "29")


def test_a_walk_stays_with_its_edition_when_another_is_published(city: Any, tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path)
    with open_store(settings) as store:
        republish(city, store, city.earlier)
        client = create_app(settings, store).test_client()
        first = client.get("/v1/days/2024-03-04/arcs?limit=4").json
        republish(city, store, city.mondays)
        rest = client.get(f"/v1/days/2024-03-04/arcs?limit=4&cursor={first['next_cursor']}").json
        assert (first["edition"], rest["edition"]) == (city.earlier, city.earlier)
        assert [row["arc_id"] for row in (*first["arcs"], *rest["arcs"])] == list("1234567")
        assert client.get("/v1/days/2024-03-04/arcs?limit=4").json["edition"] == city.mondays


def republish(city: Any, store: Any, edition: str) -> None:
    editions = Editions(store)
    document = Editions(city.store).document("comptages", city.monday, edition)
    assert document is not None
    key = layout.table("comptages", city.monday, edition, "arcs")
    store.objects.put(key, city.store.objects.read(key))
    version = editions.current_version("comptages", city.monday)
    now = datetime(2024, 3, 9, tzinfo=UTC)
    editions.publish(
        Candidate(
            "comptages", city.monday, edition, document, "published", 1, edition, now, version
        )
    )


def test_a_cursor_of_another_day_or_edition_is_refused(client: FlaskClient, city: Any) -> None:
    cursor = client.get("/v1/days/2024-03-05/arcs?limit=1").json["next_cursor"]
    for path in (
        f"/v1/days/2024-03-04/arcs?cursor={cursor}",
        f"/v1/days/2024-03-05/arcs?cursor={cursor}&edition={city.mondays}",
        f"/v1/days?cursor={cursor}",
    ):
        answer = client.get(path)
        assert answer.status_code == 400
        assert answer.json["errors"][0]["parameter"] == "cursor"


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_no_text_breaks_the_reading_of_a_cursor(text: str) -> None:
    for read in (paging.decode, paging.decode_day):
        try:
            read(text)
        except BadParameter as error:
            assert error.parameter == "cursor"


@given(st.from_regex(r"[0-9a-f]{20}", fullmatch=True), st.integers(0, 10**9))
def test_a_cursor_is_read_as_it_was_given(edition: str, row: int) -> None:
    cursor = paging.Cursor(edition, row)
    assert paging.decode(cursor.encode()) == cursor
