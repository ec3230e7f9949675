"""A city is a file: the shipped one is whole, another one needs no code, a bad one is named."""

from pathlib import Path
from typing import get_args

import pytest

from cityflow.contracts import Dataset
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow_ingest.known import FORMATS
from cityflow_ingest.tenant import Tenant, UrlSetting, load_tenant

STAND_IN = "http://127.0.0.1:8100"
URLS = [name for name in get_args(UrlSetting) if name != "OPEN_METEO_ARCHIVE_URL"]
"""The archive of the weather follows its forecast."""
ELSEWHERE = """
city = "Ville-Inventée"
[sources.portal]
adapter = "opendatasoft"
setting = "OPENDATASOFT_HOSTS"
hosts = ["https://data.ville-inventee.example", "https://miroir.example"]
[feeds.debits]
dataset = "comptages"
source = "portal"
every_minutes = 60
id = "debits-horaires"
select = ["troncon as iu_ac", "horodate as t_1h", "debit as q", "taux as k"]
required = ["iu_ac", "t_1h", "q", "k"]
days = { time_field = "horodate", stamp = "end", changing = 7, first_after = 1, window = 60 }
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    path = tmp_path / "ville.toml"
    path.write_text(ELSEWHERE, encoding="utf-8")
    return path


def test_paris_has_a_feed_of_every_dataset_but_the_derived_ones_and_only_known_columns() -> None:
    paris, derived = (
        load_tenant("paris"),
        {Dataset.ROADS_ANALYSIS, Dataset.ACROSS, Dataset.REGISTER},
    )
    assert {feed.dataset for feed in paris.feeds.values()} == {*Dataset} - derived
    assert paris.required == (Dataset.COMPTAGES,)
    for feed in paris.feeds.values():
        formats = [known for known in FORMATS if known.dataset is feed.dataset]
        recognised = [{n for c in known.required for n in c.names} for known in formats]
        assert any(set(feed.required) & names for names in recognised), feed.name


def test_the_page_about_sources_names_every_feed_of_paris() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")
    assert [name for name in load_tenant("paris").feeds if f"`{name}`" not in page] == []


def test_paris_asks_for_the_days_that_may_still_change() -> None:
    feeds = load_tenant("paris").feeds
    roads = feeds["comptages-routiers-permanents"].days
    bikes = feeds["comptage-velo-donnees-compteurs"].days
    assert roads and bikes
    assert (roads.changing, roads.stamp, roads.first_after) == (14, "end", 2)
    assert (bikes.changing, bikes.stamp, bikes.first_after) == (30, "start", 1)


def test_another_city_is_another_file(elsewhere: Path) -> None:
    city = load_tenant(str(elsewhere))
    (feed,) = city.feeds.values()
    assert feed.published == "debits-horaires"
    assert feed.selected == {"iu_ac": "troncon", "t_1h": "horodate", "q": "debit", "k": "taux"}
    assert city.addresses("portal", Settings.load({})) == (
        "https://data.ville-inventee.example",
        "https://miroir.example",
    )
    told = Settings.load({"OPENDATASOFT_HOSTS": STAND_IN})
    assert city.addresses("portal", told) == (STAND_IN,)


def test_the_addresses_of_paris_are_those_of_the_settings() -> None:
    paris = load_tenant("paris")
    assert paris.addresses("opendatasoft", Settings.load({}))[0] == "https://opendata.paris.fr"
    assert paris.addresses("prim", Settings.load({"PRIM_URL": STAND_IN})) == (STAND_IN,)


def told(tenant: Tenant, **environ: str) -> None:
    tenant.refuse_told_time(Settings.load({"CITYFLOW_NOW": "2025-11-06T08:00:00Z", **environ}))


def test_the_time_may_be_told_to_stand_ins_only(elsewhere: Path) -> None:
    paris = load_tenant("paris")
    paris.refuse_told_time(Settings.load({}))
    told(paris, **dict.fromkeys(URLS, STAND_IN))
    told(paris, **dict.fromkeys(URLS, "http://stand-ins:8100"))
    for name in URLS:
        others = {other: STAND_IN for other in URLS if other != name}
        with pytest.raises(BadArguments, match=rf"CITYFLOW_NOW.*set {name}"):
            told(paris, **others)
    hosts = f"{STAND_IN},https://parisdata.opendatasoft.com"
    with pytest.raises(BadArguments, match=r"parisdata\.opendatasoft\.com"):
        told(paris, **dict.fromkeys(URLS, STAND_IN) | {"OPENDATASOFT_HOSTS": hosts})
    city = load_tenant(str(elsewhere))
    with pytest.raises(BadArguments, match="ville-inventee"):
        told(city)
    told(city, OPENDATASOFT_HOSTS=STAND_IN)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('city = "Ville-Inventée"', "city = ", "no configuration of a city"),
        ("[feeds.debits]", "[nothing]", "no configuration of a city"),
        ('dataset = "comptages"', 'dataset = "trams"', "feeds.debits.dataset"),
        ('source = "portal"', 'source = "prim"', "there is no source prim"),
        ("every_minutes = 60", "every_minutes = 0", "every_minutes"),
        ("every_minutes = 60", "colour = 1", "feeds.debits"),
        ('adapter = "opendatasoft"', 'adapter = "ckan"', "sources.portal.adapter"),
        ('adapter = "opendatasoft"', 'adapter = "document"', "it needs a path"),
        ('setting = "OPENDATASOFT_HOSTS"', 'setting = "MONGODB_URL"', "sources.portal.setting"),
        ("https://miroir.example", "https://me:pw@miroir.example", "no user name"),
        ('"taux as k"', '"taux as k; drop"', "feeds.debits.select"),
        ('"taux as k"]', "]", "k is required and not in select"),
        ('time_field = "horodate", ', "", "days need a time_field"),
        ('id = "debits-horaires"', 'path = "x"', "not for opendatasoft"),
        ('id = "debits-horaires"', 'where = "x"\nquery = { a = "{hour}" }', "{hour} is not one"),
        ('dataset = "comptages"', 'dataset = "bikes"', "required comptages: no feed gives it"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    elsewhere: Path, before: str, after: str, said: str
) -> None:
    assert before in ELSEWHERE
    elsewhere.write_text(ELSEWHERE.replace(before, after), encoding="utf-8")
    with pytest.raises(BadArguments) as refused:
        load_tenant(str(elsewhere))
    assert said in str(refused.value)
    assert f"CITYFLOW_TENANT={elsewhere}" in str(refused.value)


def test_a_city_that_is_none_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadArguments, match=r"CITYFLOW_TENANT=lyon: cannot be read .*give paris"):
        load_tenant("lyon")
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(BadArguments, match="not UTF-8"):
        load_tenant(str(tmp_path / "x.toml"))
