"""The requests of each adapter, as the published interfaces want them."""

from datetime import date
from typing import Any

import pytest

from cityflow_ingest.sources.document import Document
from cityflow_ingest.sources.open_meteo import OpenMeteo
from cityflow_ingest.sources.opendatasoft import Opendatasoft
from cityflow_ingest.tenant import load_tenant
from cityflow_ingest.wire.faults import Fault

PARIS = load_tenant("paris")
ROADS = PARIS.feeds["comptages-routiers-permanents"]
BIKES = PARIS.feeds["comptage-velo-donnees-compteurs"]
BASE = "api/explore/v2.1/catalog/datasets"
FIELDS = frozenset({*ROADS.selected, *ROADS.also_published})
PORTAL = Opendatasoft()


@pytest.mark.parametrize("day", [date(2025, 10, 7), date(2025, 3, 30), date(2025, 10, 26)])
def test_a_road_day_is_the_stamps_after_its_midnight_up_to_the_next(day: date) -> None:
    ask = PORTAL.content(ROADS, day, FIELDS)
    after = day.replace(day=day.day + 1)
    assert ask.path == f"{BASE}/comptages-routiers-permanents/exports/csv"
    assert ask.packed
    assert ask.params == {
        "where": f"t_1h>date'{day}T00:00:00' and t_1h<=date'{after}T00:00:00'",
        "timezone": "Europe/Paris",
        "limit": "-1",
        "compressed": "true",
        "use_labels": "false",
        "select": "iu_ac,libelle,t_1h,q,k,etat_trafic,iu_nd_amont,libelle_nd_amont,"
        "iu_nd_aval,libelle_nd_aval,etat_barre",
        "order_by": "iu_ac, t_1h",
    }


def test_the_count_is_of_the_same_records() -> None:
    day = date(2025, 10, 7)
    count, content = PORTAL.count(ROADS, day), PORTAL.content(ROADS, day, FIELDS)
    assert count
    assert count.path == f"{BASE}/comptages-routiers-permanents/records"
    assert count.params["limit"] == "0"
    assert count.params["where"] == content.params["where"]
    assert count.params["timezone"] == content.params["timezone"]


def test_a_bike_day_is_the_hours_that_start_in_it() -> None:
    where = PORTAL.content(BIKES, date(2025, 10, 7), frozenset(BIKES.selected)).params["where"]
    assert where == "date>=date'2025-10-07T00:00:00' and date<date'2025-10-08T00:00:00'"


def test_a_field_that_is_gone_is_not_asked_for() -> None:
    select = PORTAL.content(ROADS, date(2025, 10, 7), FIELDS - {"etat_barre"}).params["select"]
    assert select.endswith("libelle_nd_aval")


def test_a_snapshot_is_everything_and_geometry_is_geojson() -> None:
    day = date(2025, 10, 7)
    works = PORTAL.content(PARIS.feeds["chantiers-perturbants"], day, frozenset())
    assert "where" not in works.params
    assert "select" not in works.params
    areas = PORTAL.content(PARIS.feeds["arrondissements"], day, frozenset())
    assert areas.path.endswith("/arrondissements/exports/geojson")
    assert "use_labels" not in areas.params
    school = PORTAL.content(PARIS.feeds["fr-en-calendrier-scolaire"], day, frozenset())
    assert school.params["where"] == 'zones = "Zone C"'


def test_fields_of_another_name_are_renamed_by_the_portal() -> None:
    select = ("troncon as iu_ac", "horodate AS t_1h", "q")
    feed = ROADS.model_copy(update={"select": select, "id": "débits/horaires"})
    ask = PORTAL.content(feed, date(2025, 10, 7), frozenset({"troncon", "horodate", "q"}))
    assert ask.params["select"] == "troncon as iu_ac,horodate as t_1h,q"
    assert ask.path == f"{BASE}/d%C3%A9bits%2Fhoraires/exports/csv"


def test_small_answers_are_read() -> None:
    assert PORTAL.fields_in({"fields": [{"name": "q"}, {"name": "k"}]}) == {"q", "k"}
    assert PORTAL.count_in({"total_count": 3, "results": []}) == 3


@pytest.mark.parametrize("answer", [None, [], {}, {"fields": 1}, {"fields": [1]}, "x"])
def test_an_entry_without_fields_is_a_fault(answer: Any) -> None:
    with pytest.raises(Fault, match="no list of fields"):
        PORTAL.fields_in(answer)


@pytest.mark.parametrize("answer", [None, {}, {"total_count": "3"}, {"total_count": -1},
                                    {"total_count": True}, {"total_count": 1.0}])  # fmt: skip
def test_an_answer_without_a_count_is_a_fault(answer: Any) -> None:
    with pytest.raises(Fault, match="no total_count"):
        PORTAL.count_in(answer)


def test_documents_have_the_day_in_their_address() -> None:
    day, source = date(2025, 10, 7), Document()
    path = {name: source.content(PARIS.feeds[name], day, frozenset()).path for name in PARIS.feeds
            if PARIS.sources[PARIS.feeds[name].source].adapter == "document"}  # fmt: skip
    assert path == {
        "gbfs-station-status": "station_status.json",
        "gbfs-station-information": "station_information.json",
        "prim-disruptions": "marketplace/disruptions_bulk/disruptions/v2",
        "jours-feries": "jours-feries/metropole/2025.json",
        "jours-feries-next-year": "jours-feries/metropole/2026.json",
    }
    assert source.fields(ROADS) is None
    assert source.count(ROADS, day) is None
    assert source.expected(ROADS, day) is None


def test_weather_is_asked_for_in_utc_over_the_whole_paris_day() -> None:
    source, archive = OpenMeteo(), PARIS.feeds["open-meteo-archive"]
    ask = source.content(archive, date(2025, 10, 26), frozenset())
    assert ask.path == "v1/archive"
    assert (ask.params["start_date"], ask.params["end_date"]) == ("2025-10-25", "2025-10-26")
    assert ask.params["timezone"] == "GMT"
    assert source.expected(archive, date(2025, 10, 26)) == 48
    forecast = PARIS.feeds["open-meteo-forecast"]
    assert source.expected(forecast, date(2025, 10, 26)) == 24 * 14
    bare = forecast.model_copy(update={"query": {"latitude": "48"}})
    assert source.expected(bare, date(2025, 10, 26)) is None
