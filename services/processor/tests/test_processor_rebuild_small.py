"""The small datasets made anew from raw files; from the ledger their earlier editions too."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from processor_house import House
from test_processor_bikes import COUNTER, a_day
from test_processor_bikes import file_of as counts_of
from test_processor_chantiers import list_of, work
from test_processor_rebuild import ARRONDISSEMENTS, Snapshot, destroy, of_pointers, snapshot
from test_processor_transit import local, prim, told
from test_processor_velib import station, status
from test_processor_weather import answer

from cityflow.admin.rebuilding import Rebuilt
from cityflow.errors import BadArguments
from cityflow.settings import Settings
from cityflow_processor.rebuild import REBUILDER

DAY = date(2025, 7, 1)
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
JSON = {"extension": "json", "media": "json"}
COUNTERS = "id_compteur;nom_compteur;id;name;coordinates\n"


def bikes(house: House) -> None:
    """Days that later ones look back at, corrected once; a list of counters, replaced once."""
    days = [DAY + timedelta(n) for n in range(9)]
    for name in ("97 avenue S-N", "97 avenue N-S"):
        row = f"{COUNTER};{name};100003096;97 avenue;48.83504,2.33314\n"
        house.receive(COUNTERS + row, received_at=NOON)
        house.receive(counts_of(*(a_day(day, 10 + day.day) for day in days)))
        house.process()
        house.receive(counts_of(a_day(days[2], 90), a_day(days[5], 20)))
        house.process()


def chantiers(house: House) -> None:
    """Lists of works, of which the first came twice: the second time it was the newest again."""
    for hours, name in ((0, "CP1"), (3, "CP2"), (6, "CP1"), (30, "CP3")):
        works = list_of(work(name, DAY, DAY + timedelta(3)))
        house.receive(works, received_at=NOON + timedelta(hours=hours))
        house.process(DAY, DAY + timedelta(1))


def traffic(house: House) -> None:
    """Snapshots, one of which comes after its day had been published."""
    known = {"d1": told((local(6), local(9)), on=("1", "A"))}
    for hour in (5, 20, 8):
        known |= {f"d{hour}": told((local(hour), local(hour + 2)), on=("72",))}
        house.receive(prim(known, NOON + timedelta(hours=hour - 12)), **JSON)
        house.process(DAY, DAY + timedelta(1))


def velib(house: House) -> None:
    """Answers of two days; the first day becomes another one afterwards."""
    for hours, free in ((0, 5), (26, 6), (1, 7)):
        at = NOON + timedelta(hours=hours)
        stations = [station(code, free, last_reported=int(at.timestamp())) for code in "ab"]
        house.receive(status(*stations, at=at), received_at=at, **JSON)
        house.process()


def weather(house: House) -> None:
    """A forecast that the archive corrects, and a day on which nothing was measured."""
    hours = [f"{DAY + timedelta(n // 24)}T{n % 24:02d}:00" for n in range(24, 72)]
    for shift in (0.0, 1.5):
        house.receive(answer("GMT", hours, precipitation=[shift] * len(hours)), **JSON)
        house.process(DAY, DAY + timedelta(4))


LIVES: dict[str, Callable[[House], None]] = {
    life.__name__: life for life in (bikes, chantiers, traffic, velib, weather)
}


@pytest.fixture(params=LIVES)
def lived(request: pytest.FixtureRequest, house: House) -> House:
    """A dataset whose days were published more than once."""
    house.receive(ARRONDISSEMENTS % 1, "arrondissements", media="geojson", extension="geojson",
                  received_at=NOON - timedelta(9))  # fmt: skip
    house.dataset = request.param
    LIVES[house.dataset](house)
    return house


def rebuilt(house: House, *, as_published: bool = False) -> dict[str, Rebuilt]:
    settings = Settings(output_dir=house.folder)
    return dict(REBUILDER.rebuild(house.store, settings, as_published=as_published))


def own(house: House, found: Snapshot) -> Snapshot:
    return {name: text for name, text in found.items() if house.dataset in name}


def editions(house: House, found: Snapshot) -> set[str]:
    return {name for name in found if name.startswith(f"edition/{house.dataset} ")}


def test_from_raw_files_alone_the_current_editions_come_back(lived: House) -> None:
    before, current = snapshot(lived), lived.editions()
    destroy(lived, ledger=False)
    done = rebuilt(lived)[lived.dataset]
    assert (done.new, done.failed, done.error) == (done.days, (), None)
    assert lived.editions() == {day: current[day] for day in lived.editions()}
    after = of_pointers(own(lived, snapshot(lived)))
    tables = {name: text for name, text in after.items() if name.startswith(("clean/", "metrics/"))}
    assert {name: before[name] for name in tables if "_metrics_" not in name} == {
        name: text for name, text in tables.items() if "_metrics_" not in name
    }
    assert len(tables) > done.days


def test_as_published_all_comes_back(lived: House) -> None:
    before = own(lived, snapshot(lived))
    assert len(editions(lived, before)) > len(lived.editions())
    destroy(lived, ledger=True)
    done = rebuilt(lived, as_published=True)[lived.dataset]
    assert (done.failed, done.error, done.new) == ((), None, 0)
    assert done.earlier == len(editions(lived, before))
    assert own(lived, snapshot(lived)) == before


def test_what_stands_stays(lived: House) -> None:
    before = own(lived, snapshot(lived))
    done = rebuilt(lived, as_published=True)[lived.dataset]
    assert (done.new, done.earlier, done.failed) == (0, 0, ())
    assert own(lived, snapshot(lived)) == before


def test_what_cannot_be_given_back_is_named(lived: House) -> None:
    first = next(run for day in lived.editions() for run in lived.runs(day) if run.inputs)
    digest = next(name for name in first.inputs if len(name) == 64)
    for info in list(lived.store.objects.list(f"raw/{lived.dataset}/")):
        if digest[:12] in info.key:
            lived.store.objects.delete(info.key)
    shutil.rmtree(lived.folder / "parts")
    done = rebuilt(lived, as_published=True)[lived.dataset]
    said = f"edition {first.edition} of {lived.dataset} {first.day}: raw file {digest[:12]} is not"
    assert any(reason.startswith(said) for reason in done.failed)
    assert done.error is not None
    assert done.error.exit_code in (3, 4)


def test_a_dataset_of_which_nothing_is_held_is_not_named(lived: House) -> None:
    assert set(rebuilt(lived)) == {"comptages", lived.dataset}


def test_a_ledger_without_publications_knows_nothing_as_published(house: House) -> None:
    with pytest.raises(BadArguments, match="restore the database first"):
        rebuilt(house, as_published=True)
