"""Same edition, same ETag: who holds it gets a 304; a named edition is cached for ever."""

import gzip
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient

from cityflow_api.caching import Cache
from cityflow_api.frames import Frames

EDITIONED = ["metrics/comptages", "arcs", "arc-hours", "arcs/10/hours"]


@pytest.mark.parametrize("path", EDITIONED)
def test_the_etag_is_the_edition(client: FlaskClient, city: Any, path: str) -> None:
    answer = client.get(f"/v1/days/2024-03-05/{path}")
    assert answer.headers["ETag"] == f'"{city.tuesdays}"'
    assert answer.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=3600"
    named = client.get(f"/v1/days/2024-03-05/{path}?edition={city.tuesdays}")
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert named.data.replace(b"?edition=" + city.tuesdays.encode(), b"") == answer.data


@pytest.mark.parametrize(
    "path",
    [
        *(f"/v1/days/2024-03-05/{path}" for path in EDITIONED),
        "/v1/days",
        "/v1/arcs/10/days",
        "/v1/reports/2024-03-05",
        "/v1/reports/2024-03-05?format=csv",
        "/v1/days/2024-03-05/arcs?format=csv",
        "/v1/days/2024-03-05/arcs?format=geojson",
    ],
)
@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_what_the_client_holds_is_a_304(client: FlaskClient, path: str, coding: str) -> None:
    first = client.get(path, headers={"Accept-Encoding": coding})
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    for held in (etag, f'"other", {etag}', "*", f"W/{etag}"):
        again = client.get(path, headers={"Accept-Encoding": coding, "If-None-Match": held})
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    other = client.get(path, headers={"If-None-Match": '"' + "0" * 20 + '"'})
    assert other.status_code == 200


def test_each_form_has_its_own_etag(client: FlaskClient) -> None:
    etags = {
        client.get(f"/v1/days/2024-03-05/arcs?format={form}").headers["ETag"]
        for form in ("json", "geojson", "csv")
    }
    assert len(etags) == 3


def test_answers_are_compressed_for_those_who_ask(client: FlaskClient) -> None:
    plain = client.get("/v1/days/2024-03-05/arcs?limit=5000&format=geojson")
    packed = client.get(
        "/v1/days/2024-03-05/arcs?limit=5000&format=geojson", headers={"Accept-Encoding": "gzip"}
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_earlier_report_has_no_csv_but_sections(client: FlaskClient, city: Any) -> None:
    named = client.get(f"/v1/reports/2024-03-05?section=hourly&edition={city.reported}")
    assert named.headers["Cache-Control"].endswith("immutable")
    current = client.get(f"/v1/reports/2024-03-05?format=csv&edition={city.reported}")
    assert "immutable" not in current.headers["Cache-Control"]
    replaced = f"/v1/reports/2024-03-05?edition={city.first_report}"
    assert client.get(replaced).json["edition"] == city.first_report
    assert client.get(f"{replaced}&section=hourly").status_code == 200
    refused = client.get(f"{replaced}&format=csv")
    assert refused.status_code == 404
    assert "section" in refused.json["detail"]


def test_a_cache_stays_within_its_weight_and_forgets_the_oldest() -> None:
    loads: list[str] = []
    cache: Cache[str, str] = Cache(10, len)

    def value(key: str) -> str:
        return cache.get(key, lambda: loads.append(key) or key * 4)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert value(key) == key * 4
        assert cache.weight <= 10
    assert loads == ["a", "b", "c", "b"]
    assert cache.get("large", lambda: "x" * 11) == "x" * 11
    assert cache.weight == 8


def test_tables_are_read_once_and_memory_is_bounded(city: Any) -> None:
    frames = Frames(lambda: city.store)
    table = frames.table("comptages", city.tuesday, city.tuesdays, "arcs")
    assert frames.table("comptages", city.tuesday, city.tuesdays, "arcs") is table
    small = Frames(lambda: city.store, capacity=10)
    other = small.table("comptages", city.tuesday, city.tuesdays, "arcs")
    assert other.equals(table)
    assert small.table("comptages", city.tuesday, city.tuesdays, "arcs") is not other
    one = frames.rows_of_arc("comptages", city.tuesday, city.tuesdays, "10")
    assert one.equals(table.filter(pl.col("arc_id") == "10").select(one.columns))
