import json
from typing import Any

import pytest

from cityflow.contracts import Dataset
from cityflow.errors import FileRefused
from cityflow_ingest.recognise import Recognised, recognise
from cityflow_ingest.sample import HEAD_BYTES, Head

COUNT = {"iu_ac": "5381", "libelle": "PI", "t_1h": "2026-06-21T00:00:00+02:00", "q": 4859.0,
         "k": 12.65}  # fmt: skip
SILENT = COUNT | {"q": None, "k": None}
SCHOOL = {
    "description": "Vacances de la Toussaint", "population": "-", "location": "Paris",
    "start_date": "2025-10-17T22:00:00+00:00", "end_date": "2025-11-02T23:00:00+00:00",
    "zones": "Zone C", "annee_scolaire": "2025-2026",
}  # fmt: skip
PERIODS = [{"begin": "20260218T080000", "end": "20260218T180000"}]
POLYGON = {"type": "Polygon", "coordinates": [[[2.3, 48.8], [2.4, 48.8], [2.4, 48.9]]]}
METEO = {"latitude": 48.82, "longitude": 2.29, "utc_offset_seconds": 0, "timezone": "GMT"}


def recognised(
    document: Any, wanted: Dataset | None = None, indent: int | None = None
) -> Recognised:
    data = document if isinstance(document, bytes) else json.dumps(document, indent=indent).encode()
    return recognise(Head(data[:HEAD_BYTES], len(data) <= HEAD_BYTES), "some.json", wanted)


def found(document: Any) -> str:
    with pytest.raises(FileRefused) as refusal:
        recognised(document)
    return refusal.value.found


def collection(properties: dict[str, Any], **members: Any) -> dict[str, Any]:
    feature = {"type": "Feature", "geometry": POLYGON, "properties": properties}
    return {"type": "FeatureCollection", **members, "features": [feature]}


@pytest.mark.parametrize(
    ("document", "dataset"),
    [
        ([COUNT], "comptages"),
        ([SILENT, COUNT], "comptages"),
        ({"total_count": 1, "results": [COUNT]}, "comptages"),
        ([{"datasetid": "x", "fields": COUNT}], "comptages"),
        ({"nhits": 1, "records": [{"recordid": "1", "fields": COUNT}]}, "comptages"),
        (collection({"c_ar": 1, "l_ar": "1er Ardt"}), "arrondissements"),
        ({"results": [{"id_compteur": "1-2", "date": COUNT["t_1h"], "sum_counts": 25}]}, "bikes"),
        ([{"id_compteur": "1", "nom_compteur": "28 bd", "coordinates": {"lon": 2.3}}], "bikes"),
        (
            {"data": {"stations": [
                {"station_id": 1, "num_bikes_available": 1, "num_docks_available": 2}
            ]}},
            "velib",
        ),
        ({"data": {"stations": [{"station_id": 1, "lat": 48.8, "lon": 2.3}]}}, "velib"),
        ({"disruptions": [{"id": "a", "applicationPeriods": PERIODS}], "lines": []}, "traffic"),
        ({"disruptions": [{"id": "a", "application_periods": PERIODS}]}, "traffic"),
        (METEO | {"hourly": {"time": ["2024-01-01T00:00"], "rain": [0.1]}}, "weather"),
        (METEO | {"daily": {"time": ["2024-01-01"]}}, "weather"),
        ({"2026-05-01": "1er mai", "2026-05-08": "8 mai"}, "calendar"),
        ({"results": [SCHOOL]}, "calendar"),
        ([SCHOOL | {"start_date": "2025-10-17", "end_date": "2025-11-03"}], "calendar"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 4])
def test_documents_of_the_sources_are_recognised(
    document: Any, dataset: str, indent: int | None
) -> None:
    assert recognised(document, None, indent).format.dataset == dataset


def test_a_file_far_longer_than_the_head_is_told_by_its_first_records() -> None:
    many = json.dumps([COUNT] * 20_000).encode()
    assert len(many) > 5 * HEAD_BYTES
    assert recognised(many).format.dataset == "comptages"
    answer = json.dumps({"total_count": 1, "results": [COUNT] * 20_000}, indent=2).encode()
    assert recognised(answer).format.dataset == "comptages"


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_the_head_may_be_cut_anywhere(cut: int) -> None:
    text = json.dumps([COUNT | {"libelle": 'é\\"[{,}]é' * 3}] * 3000, ensure_ascii=False)
    data = text.encode()[: HEAD_BYTES - cut]
    assert recognise(Head(data, False), "some.json").format.dataset == "comptages"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "a JSON document without records"),
        ({"total_count": 0, "results": []}, "a JSON document without records"),
        ({"type": "FeatureCollection", "features": []}, "a JSON document without records"),
        ([1, 2, 3], "a JSON document without records"),
        ([{"name": "Ada"}], "the columns name"),
        ({"error_code": "ODSQLError", "message": "bad"}, "an error message of the source"),
        ({"errorcode": 10002, "error": "Too many requests"}, "an error message of the source"),
        ({"error": True, "reason": "limit exceeded"}, "an error message of the source"),
        ({"days": [], "resolvedAddress": "Paris"}, "Visual Crossing"),
        (collection({"c_qu": 1, "l_qu": "Saint-Germain", "c_ar": 1}), "quartier_paris"),
        (collection({"c_ar": 1}), "without l_ar (l_aroff)"),
        (collection(COUNT), "columns of comptages (hourly counts of the road loops, current or "
                            "historical), but in features"),
        ([COUNT | {"t_1h": "2026-06-21"}], "t_1h (Date et heure de comptage) = '2026-06-21'"),
        (b'[{"iu_ac": "5381", "t_1h', "broken JSON"),
        (b'{"a": 1}}', "broken JSON"),
        (b"\xef\xbb\xbf[]", "JSON after a byte order mark"),
        (b'[{"iu_ac": "\xe9"}]', "text that is not UTF-8 (byte 0xe9)"),
        (json.dumps(COUNT).encode() + b"\n" + json.dumps(COUNT).encode(), "JSON lines"),
    ],
)  # fmt: skip
def test_other_documents_are_refused(document: Any, why: str) -> None:
    assert why in found(document)


def test_json_lines_longer_than_the_head_are_refused_as_such() -> None:
    assert "JSON lines" in found((json.dumps(COUNT) + "\n").encode() * 5000)


def test_geometry_of_loops_is_read_as_csv_only() -> None:
    with pytest.raises(FileRefused, match=r"as JSON; expected referentiel .* as CSV"):
        recognised([{"iu_ac": "1", "libelle": "A", "geo_shape": POLYGON}])


def test_a_document_says_itself_that_it_is_synthetic() -> None:
    districts = {"c_ar": 1, "l_ar": "1er Ardt"}
    assert recognised(collection(districts, synthetic=True)).synthetic
    assert not recognised(collection(districts, synthetic="no")).synthetic
    assert not recognised(collection(districts)).synthetic
    assert recognised([COUNT | {"libelle": "SYN_Rue"}]).synthetic
