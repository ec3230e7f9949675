"""Another city on the same kind of portal is a file: other hosts, identifiers and field names."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_portal import NOW, Portal, portal, roads
from ingest_server import closed_port

from cityflow.storage import RawZone, Store
from cityflow_simulator.published.altered import Altered

Command = Callable[..., Any]
NAMES = {"iu_ac": "troncon", "t_1h": "horodate", "q": "debit", "k": "taux", "libelle": "nom"}
CITY = """
city = "Ville-Inventée"
required = ["comptages"]
catch_up_days = 1

[politeness]
attempts = 2
backoff_seconds = 0.01

[sources.portal]
adapter = "opendatasoft"
setting = "OPENDATASOFT_HOSTS"
hosts = [{hosts}]

[feeds.debits-horaires]
dataset = "comptages"
source = "portal"
every_minutes = 60
select = ["troncon as iu_ac", "nom as libelle", "horodate as t_1h", "debit as q", "taux as k"]
also_published = [
  "etat_trafic", "iu_nd_amont", "libelle_nd_amont", "iu_nd_aval", "libelle_nd_aval", "etat_barre",
  "date_debut", "date_fin", "geo_point_2d", "geo_shape",
]
required = ["iu_ac", "t_1h", "q", "k"]
order_by = "iu_ac, t_1h"

[feeds.debits-horaires.days]
time_field = "horodate"
stamp = "end"
changing = 1
first_after = 2
window = 2

[feeds.quartiers]
id = "communes-et-quartiers"
dataset = "arrondissements"
source = "portal"
every_minutes = 60
form = "geojson"
required = ["c_ar"]
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Portal]:
    published = roads(seed=7, arcs=20)
    counts = published["comptages-routiers-permanents"]
    for ours, theirs in NAMES.items():
        counts = Altered(counts, "rename_field", ours, theirs)
    named = {"debits-horaires": counts, "communes-et-quartiers": published["arrondissements"]}
    with portal(named) as running:
        yield running


@pytest.fixture
def city(elsewhere: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the city; its own hosts, the first of which is gone."""
    hosts = ", ".join(f'"{url}"' for url in (closed_port(), *elsewhere.urls.split(",")))
    path = tmp_path / "ville-inventee.toml"
    path.write_text(CITY.format(hosts=hosts), encoding="utf-8")
    monkeypatch.setenv("CITYFLOW_TENANT", str(path))
    monkeypatch.setenv("CITYFLOW_NOW", NOW)
    return path


def test_a_daily_run_of_another_city(city: Path, ingest: Command, store: Store) -> None:
    ended = ingest("daily", "--json")
    assert ended.code == 0, ended.err
    assert {one["feed"]: one["outcome"] for one in ended.document["fetched"]} == {
        "debits-horaires": "new",
        "quartiers": "new",
    }
    checks = [check for one in ended.document["fetched"] for check in one["checks"]]
    assert [check for check in checks if check["severity"] != "green"] == []
    zone = RawZone(store)
    for entry in zone.entries("comptages"):
        with zone.open(entry.key) as stream:
            header, row = gzip.decompress(stream.read()).decode("utf-8-sig").splitlines()[:2]
        assert header == "iu_ac;libelle;t_1h;q;k"
        assert len(row.split(";")) == 5
    assert len(zone.entries("arrondissements")) == 1


def test_what_the_other_city_lacks_cannot_be_asked_for(city: Path, ingest: Command) -> None:
    ended = ingest("snapshot", "velib")
    assert ended.code == 2
    assert "velib: Ville-Inventée has no feed of it" in ended.err
