"""The stand-in beside what was really published: real files served, and invented ones compared."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from cityflow.errors import BadArguments
from cityflow_simulator.answers.weather import HOURLY
from cityflow_simulator.published.files import read_folder
from cityflow_simulator.serving.app import stand_ins
from cityflow_simulator.serving.clock import Clock
from cityflow_simulator.serving.world import saved_world

EXPLORE = "/api/explore/v2.1/catalog/datasets"
ROADS = "comptages-routiers-permanents"
PORTAL_STYLE = {"use_labels": "true", "timezone": "Europe/Paris"}
"""How people download from the portal: labels, local times, a BOM."""

VELIB, WORKS = "velib-disponibilite-en-temps-reel", "chantiers-perturbants"
LOOPS, BIKES = "referentiel-comptages-routiers", "comptage-velo-donnees-compteurs"
FILES = {
    VELIB: "velib/velib-disponibilite-en-temps-reel_2023-12-10.csv",
    WORKS: "chantiers/chantiers-perturbants_2023-12.csv",
    LOOPS: "referentiel/referentiel-comptages-routiers_2022-02.csv",
    BIKES: "bikes/comptage-velo-donnees-compteurs_2021-09-01_1compteur.csv",
    ROADS: "comptages/comptages_convention_2024-10_2025-11.csv",
}
CHAMPS = "comptages/comptages_av-champs-elysees_2024-10_2025-11.csv"


def _serve(folder: Path) -> Iterator[str]:
    served = stand_ins(saved_world(read_folder(folder), Clock(datetime(2026, 11, 25, tzinfo=UTC))),
                       "127.0.0.1", [0])  # fmt: skip
    served.open()
    yield served.listeners[0].url
    served.close()


@pytest.fixture(scope="module")
def real(real_data: Path) -> Iterator[str]:
    yield from _serve(real_data)


def _rows(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


@pytest.mark.parametrize(
    ("dataset", "name"), [(ROADS, CHAMPS), (ROADS, FILES[ROADS]), (VELIB, FILES[VELIB])]
)
def test_a_download_is_the_published_file_byte_by_byte(
    tmp_path: Path, real_data: Path, dataset: str, name: str
) -> None:
    shutil.copy(real_data / name, tmp_path)
    for base in _serve(tmp_path):
        answer = requests.get(f"{base}{EXPLORE}/{dataset}/exports/csv", PORTAL_STYLE, timeout=30)
        assert answer.content == (real_data / name).read_bytes()


def test_works_keep_their_line_breaks(real: str, real_data: Path) -> None:
    answer = requests.get(f"{real}{EXPLORE}/{WORKS}/exports/csv", PORTAL_STYLE)
    published = _rows((real_data / FILES[WORKS]).read_bytes())
    served = _rows(answer.content)
    assert served == published
    assert sum("\n" in value for row in served for value in row.values()) > 20


def test_saved_api_records_come_back_as_they_were(tmp_path: Path, real_data: Path) -> None:
    name = "comptages_api-records-technical_2026-06-21T00_100arcs.json"
    saved = json.loads((real_data / "comptages" / name).read_bytes())
    shutil.copy(real_data / "comptages" / name, tmp_path)
    for base in _serve(tmp_path):
        path = f"{base}{EXPLORE}/{ROADS}"
        answer = requests.get(f"{path}/records", {"timezone": "Europe/Paris", "limit": 100})
        assert answer.json() == {"total_count": 100, "results": saved}
        answer = requests.get(f"{path}/exports/json", {"timezone": "Europe/Paris"})
        assert answer.json() == saved


def test_saved_polygons_come_back_as_they_were(real: str, real_data: Path) -> None:
    saved = json.loads((real_data / "arrondissements/arrondissements.geojson").read_bytes())
    assert requests.get(f"{real}{EXPLORE}/arrondissements/exports/geojson").json() == saved


def test_every_row_of_every_file_is_served(real: str, real_data: Path) -> None:
    def count(dataset: str, **params: str) -> int:
        url = f"{real}{EXPLORE}/{dataset}/records"
        return int(requests.get(url, {"limit": "0", **params}).json()["total_count"])

    assert count(ROADS) == 8603 + 8603 + 100
    assert count(ROADS, where="iu_ac='4264'") == 8603
    flows = [row["Débit horaire"] for name in (CHAMPS, FILES[ROADS])
             for row in _rows((real_data / name).read_bytes())]  # fmt: skip
    assert count(ROADS, where="q is null") == flows.count("") + 48
    assert count("referentiel-comptages-routiers") == 3739
    assert count("comptage-velo-compteurs") == 108
    assert count("comptage-velo-donnees-compteurs") == 21
    groups = {"select": "count(*) as n", "group_by": "iu_ac"}
    loops = requests.get(f"{real}{EXPLORE}/referentiel-comptages-routiers/exports/json", groups)
    assert len(loops.json()) == 3348


def test_bike_share_answers_are_the_saved_ones(real: str, real_data: Path) -> None:
    for name in ("station_status", "station_information"):
        answer = requests.get(f"{real}/opendata/Velib_Metropole/{name}.json")
        assert answer.content == (real_data / f"velib/gbfs_{name}_2022-02-23.json").read_bytes()


def test_the_catalogue_of_a_folder(tmp_path: Path, real_data: Path) -> None:
    file = Path(shutil.copy(real_data / FILES[WORKS], tmp_path))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    for base in _serve(tmp_path):
        default = requests.get(f"{base}{EXPLORE}/{WORKS}").json()["metas"]["default"]
        assert default["records_count"] == 192
        assert default["data_processed"] == "2023-11-14T22:13:20.000+00:00"


def test_saved_disruptions_are_given_to_who_has_a_key(tmp_path: Path) -> None:
    saved = b'{"disruptions":[],"lines":[],"lastUpdatedDate":"2026-10-05T06:00:00Z"}'
    (tmp_path / "disruptions.json").write_bytes(saved)
    for base in _serve(tmp_path):
        url = base + "/marketplace/disruptions_bulk/disruptions/v2"
        assert requests.get(url).status_code == 401
        assert requests.get(url, headers={"apikey": "any"}).content == saved


def test_what_a_folder_does_not_hold_is_not_invented(real: str) -> None:
    assert requests.get(f"{real}/v1/forecast?latitude=48&longitude=2").status_code == 404
    key = {"apikey": "any"}
    prim = "/marketplace/disruptions_bulk/disruptions/v2"
    assert requests.get(real + prim, headers=key).status_code == 404


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a;b;c\n1;2;3\n")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(BadArguments, match="no file of a known dataset"):
        read_folder(tmp_path)


def _shape(value: object) -> object:
    """The kinds of the values of a record, at every depth; of a list, those of its members."""
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _full(records: list[dict[str, Any]]) -> dict[str, Any]:
    """A record with a value in every field that ever has one."""
    full: dict[str, Any] = {}
    for record in records:
        full |= {name: value for name, value in record.items() if value is not None}
    return full


def test_invented_road_records_look_like_the_saved_ones(standin: Any, real_data: Path) -> None:
    name = "comptages_api-records-technical_2026-06-21T00_100arcs.json"
    saved = json.loads((real_data / "comptages" / name).read_bytes())
    some = {"where": "t_1h > date'2025-11-10'", "limit": 100, "timezone": "Europe/Paris"}
    invented = standin.explore(f"{ROADS}/records", **some).json()["results"]
    assert list(invented[0]) == list(saved[0])
    assert _shape(_full(invented)) == _shape(_full(saved))
    assert len(saved[0]["t_1h"]) == len(invented[0]["t_1h"])


@pytest.mark.parametrize("dataset", FILES)
def test_invented_files_have_the_published_header(
    standin: Any, real_data: Path, dataset: str
) -> None:
    answer = standin.explore(f"{dataset}/exports/csv", limit=1, **PORTAL_STYLE)
    published = (real_data / FILES[dataset]).read_text("utf-8-sig").splitlines()[0]
    assert answer.content.decode("utf-8-sig").splitlines()[0] == published


def test_invented_polygons_have_the_published_members(standin: Any, real_data: Path) -> None:
    saved = json.loads((real_data / "arrondissements/arrondissements.geojson").read_bytes())
    invented = standin.explore("arrondissements/exports/geojson").json()
    assert len(invented["features"]) == len(saved["features"]) == 20
    assert _shape(invented["features"][3]) == _shape(saved["features"][3])


@pytest.mark.parametrize("name", ["station_status", "station_information"])
def test_invented_stations_have_the_published_members(
    standin: Any, real_data: Path, name: str
) -> None:
    saved = json.loads((real_data / f"velib/gbfs_{name}_2022-02-23.json").read_bytes())
    invented = standin.get(f"/opendata/Velib_Metropole/{name}.json").json()
    assert list(invented) == list(saved)
    stations = [document["data"]["stations"] for document in (invented, saved)]
    assert _shape(_full(stations[0])) == _shape(_full(stations[1]))
    assert {tuple(station) for station in stations[0]} == {tuple(one) for one in stations[1]}


OPEN_METEO = "weather/open-meteo_hourly_48.86N2.34E_2024-01_2025-08.csv"
NAVITIA = (
    "disruptions/navitia_line_reports_2024-04-30_page0.json",
    "disruptions/navitia_line_reports_since-2024-01-03_captured-2024-05-11.json",
)


def test_invented_weather_is_told_as_in_the_saved_download(standin: Any, real_data: Path) -> None:
    """Only a CSV of Open-Meteo was saved: its preamble, names, units and times bind the JSON."""
    lines = (real_data / OPEN_METEO).read_text("utf-8").splitlines()
    place = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    saved = list(csv.DictReader(lines[3:]))
    units = dict(re.fullmatch(r"(\w+) \((.+)\)", column).groups() for column in list(saved[0])[1:])
    body = standin.get("/v1/archive", latitude=48.86, longitude=2.34, timezone=place["timezone"],
                       hourly=",".join(HOURLY), start_date="2025-11-01", end_date="2025-11-02",
                       ).json()  # fmt: skip
    assert place.keys() <= body.keys()
    for name in ("utc_offset_seconds", "timezone", "timezone_abbreviation"):
        assert str(body[name]) == place[name]
    shared = units.keys() & HOURLY.keys()
    assert HOURLY.keys() - shared == {"rain", "snowfall"}
    assert {name: body["hourly_units"][name] for name in shared} == {
        name: units[name] for name in shared
    }
    assert _form(body["hourly"]["time"][0]) == _form(saved[0]["time"])
    codes = {int(row["weather_code (wmo code)"]) for row in saved}
    assert {*body["hourly"]["weather_code"]} - {None} <= codes
    for name in shared:
        real = [float(row[f"{name} ({units[name]})"]) for row in saved]
        told = [value for value in body["hourly"][name] if value is not None]
        assert min(real) <= min(told) <= max(told) <= max(real)


def test_invented_disruptions_speak_as_the_saved_ones_of_another_service(
    standin: Any, real_data: Path
) -> None:
    """No bulk answer was saved, only the same messages as Navitia tells them: identifiers, times,
    causes and severities are those; the shape of the bulk itself is from its description.
    """
    saved = [
        one for name in NAVITIA
        for one in json.loads((real_data / name).read_bytes())["disruptions"]
    ]  # fmt: skip
    body = standin.get("/marketplace/disruptions_bulk/disruptions/v2",
                       headers={"apikey": "the-key"}).json()  # fmt: skip
    invented = body["disruptions"]
    assert {_form(one["id"]) for one in invented} <= {_form(one["id"]) for one in saved}
    periods = [period for one in saved for period in one["application_periods"]]
    ours = [period for one in invented for period in one["applicationPeriods"]]
    assert {_form(p[n]) for p in ours for n in p} == {_form(p[n]) for p in periods for n in p}
    assert {_form(o["lastUpdate"]) for o in invented} == {_form(o["updated_at"]) for o in saved}
    assert {one["cause"] for one in invented} == {_upper(one["cause"]) for one in saved}
    assert {o["severity"] for o in invented} == {_upper(o["severity"]["name"]) for o in saved}
    impacted = [thing for one in saved for thing in one["impacted_objects"]]
    lines = {_form(t["pt_object"]["id"]) for t in impacted if "line:" in t["pt_object"]["id"]}
    assert {_form(line["id"]) for line in body["lines"]} == lines == {"line:IDFM:C9"}
    ends = {_form(section[end]["id"]) for thing in impacted
            if (section := thing.get("impacted_section")) for end in ("from", "to")}  # fmt: skip
    sections = [s for one in invented for s in one.get("impactedSections", [])]
    assert {_form(s[end]["id"]) for s in sections for end in ("from", "to")} == ends


def _form(text: str) -> str:
    """An identifier or time with its numbers made alike; of a UUID its groups alone."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return "uuid"
    return re.sub(r"\d+", "9", text) if ":IDFM:" in text else re.sub(r"\d", "9", text)


def _upper(french: str) -> str:
    return french.upper().replace("É", "E")
