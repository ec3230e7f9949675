"""The portal's stand-in against the contract of Opendatasoft Explore v2.1."""

import csv
import gzip
import io
import json
from typing import Any

import polars as pl
import pytest

ROADS = "comptages-routiers-permanents"
DAY = "t_1h>date'2025-11-11T00:00:00' and t_1h<=date'2025-11-12T00:00:00'"
PARIS = {"timezone": "Europe/Paris"}


def _rows(text: str, delimiter: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_entry_of_a_dataset(standin: Any) -> None:
    entry = standin.explore(ROADS).json()
    default = entry["metas"]["default"]
    assert entry["dataset_id"] == ROADS and entry["attachments"] == []
    assert [field["name"] for field in entry["fields"]][:5] == [
        "iu_ac",
        "libelle",
        "t_1h",
        "q",
        "k",
    ]
    assert {"name", "label", "type", "description"} <= set(entry["fields"][0])
    assert default["timezone"] == "Europe/Paris" and "ODbL" in default["license"]
    assert default["data_processed"] == default["modified"] == "2025-11-20T01:02:50.000+00:00"
    assert default["records_count"] == standin.explore(f"{ROADS}/records").json()["total_count"]


def test_a_day_export_holds_as_many_rows_as_records_says(standin: Any) -> None:
    told = standin.explore(f"{ROADS}/records", where=DAY, limit=0, **PARIS).json()
    answer = standin.explore(f"{ROADS}/exports/csv", where=DAY, limit=-1, **PARIS)
    assert "Content-Length" not in answer.headers
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert told["results"] == []
    answer.encoding = "utf-8-sig"
    rows = _rows(answer.text)
    assert len(rows) == told["total_count"] == 2403
    stamps = sorted({row["t_1h"] for row in rows})
    assert stamps[0] == "2025-11-11T01:00:00+01:00" and stamps[-1] == "2025-11-12T00:00:00+01:00"
    assert len(stamps) == 24


def test_styles_of_csv(standin: Any) -> None:
    path, some = f"{ROADS}/exports/csv", {"where": DAY, "select": "iu_ac,libelle,q", "limit": 2}
    plain = standin.explore(path, **some).content
    assert plain.startswith("\ufeffiu_ac;libelle;q\n".encode())
    assert standin.explore(path, with_bom="false", **some).content == plain[3:]
    quoted = standin.explore(path, quote_all="true", delimiter=",", **some).text
    assert '"iu_ac","libelle","q"' in quoted
    assert gzip.decompress(standin.explore(path, compressed="true", **some).content) == plain
    labelled = standin.explore(path, use_labels="true", **some).content
    assert labelled.startswith("\ufeffIdentifiant arc;Libelle;Débit horaire\n".encode())


def test_the_other_formats_hold_the_same_records(standin: Any) -> None:
    some = {"where": DAY, "order_by": "t_1h,iu_ac", "limit": 60, **PARIS}
    records = standin.explore(f"{ROADS}/records", **some).json()["results"]
    assert standin.explore(f"{ROADS}/exports/json", **some).json() == records
    lines = standin.explore(f"{ROADS}/exports/jsonl", **some).text.splitlines()
    assert [json.loads(line) for line in lines] == records
    features = standin.explore(f"{ROADS}/exports/geojson", **some).json()
    assert features["synthetic"] is True
    assert [feature["properties"]["iu_ac"] for feature in features["features"]] == [
        record["iu_ac"] for record in records
    ]
    table = pl.read_parquet(io.BytesIO(standin.explore(f"{ROADS}/exports/parquet", **some).content))
    assert table["q"].to_list() == [record["q"] for record in records]


def test_times_follow_the_zone_of_the_request(standin: Any) -> None:
    where = "t_1h=date'2025-11-11T01:00:00'"
    path = f"{ROADS}/records"
    utc, paris = (standin.explore(path, where=where, limit=1, timezone=zone).json()["results"][0]
                  for zone in ("UTC", "Europe/Paris"))  # fmt: skip
    assert utc["t_1h"] == "2025-11-11T01:00:00+00:00"
    assert paris["t_1h"] == "2025-11-11T01:00:00+01:00"
    by_hour = {"select": "count(*) as n", "group_by": "hour(t_1h) as h", "where": DAY}
    hours = standin.explore(path, **by_hour, **PARIS).json()
    assert [row["h"] for row in hours["results"]] == list(range(10))
    assert hours["total_count"] == 10


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("t_1h > date'2025-11-11'", False),
        ("t_1h >= date'2025-11-11'", True),
        ("t_1h <= date'2025/11/11'", True),
        ('t_1h < "2025-11-11"', False),
        ("t_1h in [date'2025-11-11T05:00:00' .. date'2025-11-11T06:00:00']", True),
    ],
)
def test_a_bare_date_is_a_whole_day(standin: Any, where: str, expected: bool) -> None:
    noon = "t_1h=date'2025-11-11T05:00:00'"
    path = f"{ROADS}/records"
    both = standin.explore(path, where=f"{where} and {noon}", limit=0).json()["total_count"]
    alone = standin.explore(path, where=noon, limit=0).json()["total_count"]
    assert alone >= 100
    assert both == (alone if expected else 0)


def test_conditions(standin: Any) -> None:
    def count(where: str) -> int:
        answer = standin.explore(f"{ROADS}/records", where=f"{DAY} and {where}", limit=0, **PARIS)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total_count"])

    known, unknown = count("q is not null"), count("q is null")
    assert known + unknown == 2403 and known > 500
    assert count("q > 100") + count("not q > 100") == 2403
    assert count("(q > 100 or q is null) and k is not null") < 2403
    assert count("iu_ac in ('1','4')") == count("iu_ac='1'") + count("iu_ac=4")
    assert count("etat_trafic like 'satur'") == count("etat_trafic in ('Saturé','Pré-saturé')")
    assert count("etat_trafic != 'Inconnu'") == count("k is not null")
    assert count("hour(t_1h) = 0") == 100


def test_figures_are_those_of_the_records(standin: Any) -> None:
    answer = standin.explore(f"{ROADS}/exports/json", where=DAY, select="q,k", **PARIS).json()
    flows = [row["q"] for row in answer if row["q"] is not None]
    figures = "count(*) as n,count(q) as nq,sum(q) as s,avg(q) as a,min(q) as low,max(q) as high"
    found = standin.explore(f"{ROADS}/records", where=DAY, select=figures, **PARIS).json()
    assert found["results"] == [
        {"n": len(answer), "nq": len(flows), "s": sum(flows),
         "a": pytest.approx(sum(flows) / len(flows)), "low": min(flows), "high": max(flows)}
    ]  # fmt: skip
    newest = standin.explore(f"{ROADS}/records", select="max(t_1h)", **PARIS).json()["results"]
    assert newest == [{"max(t_1h)": "2025-11-18T00:00:00+01:00"}]


def test_an_unfiltered_grouping_shows_the_phantom_arc(hamlet: Any) -> None:
    groups = hamlet.explore(f"{ROADS}/exports/json", select="count(*) as n", group_by="iu_ac")
    counts = {row["iu_ac"]: row["n"] for row in groups.json()}
    assert len(counts) == 21 and "*" in counts
    empty = hamlet.explore(f"{ROADS}/records", where="t_1h is null").json()
    assert empty["total_count"] == 1
    assert [name for name, value in empty["results"][0].items() if value] == ["iu_ac"]


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"limit": 101}, "InvalidRESTParameterError",
         "Invalid value for limit API parameter: 101 was found but -1 <= limit <= 100 is"),
        ({"limit": -2}, "InvalidRESTParameterError", "-1 <= limit <= 100"),
        ({"limit": "x"}, "InvalidRESTParameterError", "limit"),
        ({"offset": 9_991}, "InvalidRESTParameterError", "offset + limit <= 10000"),
        ({"select": "count(*) as n", "group_by": "iu_ac", "limit": 20_001},
         "InvalidRESTParameterError", "limit <= 20000"),
        ({"select": "count(*) as n", "group_by": "iu_ac", "limit": 20_000, "offset": 10_001},
         "InvalidRESTParameterError", "30000"),
        ({"timezone": "Mars/Crater"}, "InvalidRESTParameterError", "Mars/Crater"),
        ({"where": "speed>3"}, "ODSQLError",
         "malformed: Unknown field: speed. Clause(s) containing the error(s): where."),
        ({"where": "within_distance(geo_point_2d, 3)"}, "ODSQLError", "Unknown function"),
        ({"where": "q >"}, "ODSQLError", "where"),
        ({"where": "q = 1 q"}, "ODSQLError", "unexpected"),
        ({"where": "t_1h > date'yesterday'"}, "ODSQLError", "Invalid date literal"),
        ({"where": "q = 'many'"}, "ODSQLError", "number"),
        ({"where": "geo_shape = 'x'"}, "ODSQLError", "geometry"),
        ({"select": "speed"}, "ODSQLError", "select"),
        ({"select": "sum(libelle)"}, "ODSQLError", "StatAggregation only supports numeric"),
        ({"select": "iu_ac, count(*)"}, "ODSQLError", "group_by"),
        ({"order_by": "speed"}, "ODSQLError", "order_by"),
        ({"select": "hour(t_1h) as d", "group_by": "hour(t_1h) as d"}, "ODSQLError",
         "Alias 'd' is declared several times"),
        ({"refine": "nonsense"}, "InvalidRESTParameterError", "refine"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_400(
    standin: Any, params: dict[str, Any], code: str, message: str
) -> None:
    answer = standin.explore(f"{ROADS}/records", **params)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == code
    assert message in answer.json()["message"]
    assert set(answer.json()) == {"message", "error_code"}


def test_unknown_datasets_and_formats(standin: Any) -> None:
    assert standin.explore("nothing/records").status_code == 404
    assert standin.explore(f"{ROADS}/exports/pdf").status_code == 400
    assert standin.explore(f"{ROADS}/exports/xlsx").status_code == 501
    assert standin.explore(f"{ROADS}/exports/csv", delimiter="x").status_code == 400
    assert standin.explore(f"{ROADS}/exports/csv", use_labels="maybe").status_code == 400


def test_pages_and_order(standin: Any) -> None:
    path, some = f"{ROADS}/records", {"where": DAY, "select": "iu_ac,t_1h"}
    whole = standin.explore(path, limit=100, **some).json()["results"]
    pages = [standin.explore(path, limit=40, offset=offset, **some).json()["results"]
             for offset in (0, 40, 80)]  # fmt: skip
    assert [row for page in pages for row in page][:100] == whole
    latest = standin.explore(path, order_by="t_1h desc", limit=1, select="t_1h").json()
    assert latest["results"] == [{"t_1h": "2025-11-17T23:00:00+00:00"}]
    by_flow = standin.explore(path, order_by="q desc", limit=5, select="q", where=DAY).json()
    flows = [row["q"] for row in by_flow["results"]]
    assert flows == sorted(flows, reverse=True) and flows[0] > 1000
