"""What one service accepts the next one accepts too: values, identifiers."""

from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from processor_house import COLUMNS, House, a_house, json_of, row, text_of

from cityflow.contracts.published import SUMMARIES
from cityflow.settings import Settings
from cityflow.storage import RawZone
from cityflow_api.app import create_app
from cityflow_ingest.archive_files import Archiver
from cityflow_ingest.find_files import find_files
from cityflow_ingest.keeping import Copying

DAY = date(2025, 3, 5)
RECEIVED = datetime(2026, 6, 21, tzinfo=UTC)
MINIMAL = ("iu_ac", "t_1h", "q", "k")
RESAVED = [row(t_1h=f"05/03/2025 {hour:02d}:00", q="199", k="2,20945") for hour in (5, 6)]
READABLE = {
    "stamps and numbers of a spreadsheet": text_of(RESAVED),
    "the same, with seconds": text_of([row(t_1h="05/03/2025 05:00:00", q="199,0", k="2,5")]),
    "a short offset": text_of([row(t_1h="2025-03-05 05:00:00+01")]),
    "a T and no seconds": text_of([row(t_1h="2025-03-05T05:00")]),
    "a number without a leading zero": text_of([row(k=".5")]),
    "blanks around values": text_of([row(t_1h=" 2025-03-05 05:00:00 ", q=" 5 ", k=" 1,5 ")]),
    "nothing measured": text_of([row(q=None, k=None)]),
    "empty cells left out": text_of([row(**dict.fromkeys(COLUMNS[11:]))]).replace(";;;;\n", "\n"),
    "records": json_of([row()]),
    "records of a spreadsheet": json_of([row(t_1h="05/03/2025 05:00")]),
    "records with others between": f"[null, 3, {json_of([row()])[1:]}",
}
UNREADABLE = {
    "stamps of another order": text_of([row(t_1h="2025/03/05 05:00")]),
    "a month first": text_of([row(t_1h="03-05-2025 05:00")]),
    "thousands apart": text_of([row(q="1 999")], columns=MINIMAL),
}


def archived(house: House, text: str, folder: Path) -> str:
    """What becomes of a file of this text."""
    path = folder / "a.file"
    path.write_text(text, encoding="utf-8")
    archiver = Archiver(Copying(RawZone(house.store)), None, RECEIVED, lambda _: None)
    (outcome,) = archiver.archive_files(find_files([path]))
    return outcome.status


@pytest.mark.parametrize("name", READABLE)
def test_what_is_archived_is_read(name: str, tmp_path: Path) -> None:
    with a_house() as house:
        assert archived(house, READABLE[name], tmp_path) == "stored"
        assert house.counts()["published"] >= 1
        assert list(house.pointers()) == [DAY]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_refused_could_not_be_read(name: str, tmp_path: Path) -> None:
    with a_house() as house:
        assert archived(house, UNREADABLE[name], tmp_path) == "refused"
        house.receive(UNREADABLE[name])
        assert not house.counts()["published"]


def test_every_arc_that_is_published_can_be_asked_for() -> None:
    arcs = ("4264", "A-1", "_a.b:c", "0" * 64, "Z" * 33)
    with a_house() as house:
        house.receive(text_of([row(iu_ac=arc) for arc in arcs]))
        assert house.counts()["published"] == len(arcs)
        client = create_app(Settings(output_dir=house.folder), house.store).test_client()
        for arc in arcs:
            for path in (f"/v1/arcs/{quote(arc)}/days", f"/v1/days/{DAY}/arcs/{quote(arc)}/hours"):
                answer = client.get(path)
                assert answer.status_code == 200, (path, answer.text)
                assert f'"arc_id":"{arc}"' in answer.text


BIKES = (
    "id_compteur,nom_compteur,sum_counts,date\n"
    "1-1,97 avenue N-S,12,2025-03-05T08:00:00+01:00\n"
    "1-1,97 avenue N-S,soon,2025-03-05T09:00:00+01:00\n"
)
STATIONS = (
    '{"lastUpdatedOther": 1741165200, "data": {"stations": [{"station_id": 1, '
    '"num_bikes_available": 3, "num_docks_available": 0, "last_reported": 1741165100}]}}'
)
HOURS = (
    "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
    "48.86,2.34,50.0,0,GMT,GMT\n\ntime,temperature_2m (°C)\n2025-03-05T07:00,7.5\n"
)
WORKS = (
    "identifiant,date_debut,date_fin,impact_circulation,niveau_perturbation\n"
    "CP1,2025-03-01,2025-03-05,RESTREINTE,1\n"
)
MESSAGES = (
    '{"disruptions": [{"id": "d1", "cause": "TRAVAUX", "severity": "BLOQUANTE", "title": "Bus 1", '
    '"applicationPeriods": [{"begin": "20250305T080000", "end": "20250305T100000"}]}], '
    '"lines": [], "lastUpdatedDate": "2025-03-05T07:00:00Z"}'
)
SMALL = {
    "traffic": MESSAGES,
    "bikes": BIKES,
    "velib": STATIONS,
    "weather": HOURS,
    "chantiers": WORKS,
}


@pytest.mark.parametrize(("dataset", "text"), SMALL.items())
def test_the_small_datasets_from_a_file_to_the_api(dataset: str, text: str, tmp_path: Path) -> None:
    with a_house(dataset) as house:
        assert archived(house, text, tmp_path) == "stored"
        assert house.counts(first=DAY, last=DAY)["published"] == 1
        client = create_app(Settings(output_dir=house.folder), house.store).test_client()
        answer = client.get(f"/v1/days/{DAY}/metrics/{dataset}")
        assert answer.status_code == 200
        found = SUMMARIES[dataset].model_validate_json(answer.data)
        assert found.model_dump(mode="json") == house.summary(DAY)
        (listed,) = client.get("/v1/days").json["days"]
        assert [one["dataset"] for one in listed["datasets"]] == [dataset]
