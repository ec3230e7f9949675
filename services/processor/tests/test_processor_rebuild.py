"""Days made anew from raw files: the current editions, and from the ledger the earlier ones."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from processor_house import DATASET, House, open_house

from cityflow.admin.pruning import Rule, carry_out, plan
from cityflow.admin.rebuilding import Rebuilt
from cityflow.contracts import history_of
from cityflow.errors import BadArguments, QualityGateRed
from cityflow.settings import Settings
from cityflow.storage import DocumentId, canonical
from cityflow.storage.paging import all_documents
from cityflow_processor.rebuild import REBUILDER

HEADER = "iu_ac;t_1h;q;k;etat_trafic;etat_barre\n"
DAY = date(2025, 3, 29)
PUBLISHED = ("clean/", "metrics/", "rejects/")
ARRONDISSEMENTS = """{"type":"FeatureCollection","features":[{"type":"Feature","properties":
{"c_ar":%d,"l_ar":"1er","l_aroff":"Louvre"},"geometry":{"type":"Polygon","coordinates":
[[[2.0,48.0],[3.0,48.0],[3.0,49.0],[2.0,49.0],[2.0,48.0]]]}}]}"""

Snapshot = dict[str, str]


def rows(*days: date, flow: int = 100, arcs: int = 3) -> str:
    """Hours of each arc on each day, and one row that is rejected."""
    lines = [
        f"{arc};{day}T{hour:02d}:00:00+00:00;{flow + arc};5.5;Fluide;Ouvert\n"
        for day in days
        for arc in range(arcs)
        for hour in range(5, 20)
    ]
    return HEADER + "".join(lines) + f"1;{days[0]}T10:00:00+00:00;x{flow};5;Fluide;Ouvert\n"


def snapshot(house: House) -> Snapshot:
    """All that is published; of the pointers, not when they were moved."""
    found = {key: canonical.digest(data) for key, data in house.objects(*PUBLISHED).items()}
    for type in house.store.documents.types():
        if type.startswith(("edition/", "pointer/")):
            for document in all_documents(house.store.documents, type):
                body = {k: v for k, v in document.body.items() if k != "published_at"}
                text = f"{document.version} {canonical.dumps(body)}"
                found[f"{type} {document.id.day} {document.id.key}"] = text
    return found


def of_pointers(found: Snapshot) -> Snapshot:
    """Without versions and runs, which tell how often something was published."""
    return {name: text for name, text in found.items() if not name.startswith("pointer/")}


def destroy(house: House, *, ledger: bool) -> None:
    """Everything but raw files goes; the ledger too, unless it is kept."""
    for name in ("clean", "metrics", "rejects", "parts"):
        shutil.rmtree(house.folder / name, ignore_errors=True)
    for type in house.store.documents.types():
        if type.split("/")[0] not in ("raw", "content") and (type != "run" or not ledger):
            for document in list(all_documents(house.store.documents, type)):
                house.store.documents.delete(document.id)


def rebuild(house: House, *, as_published: bool = False) -> Rebuilt:
    settings = Settings(output_dir=house.folder)
    return dict(REBUILDER.rebuild(house.store, settings, as_published=as_published))[house.dataset]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Days of two months, published once, twice and three times, under two sets of polygons."""
    house = open_house(tmp_path_factory.mktemp("published"))
    with house.store:
        house.receive(ARRONDISSEMENTS % 1, "arrondissements", media="geojson", extension="geojson")
        house.receive(rows(DAY, DAY + timedelta(1), DAY + timedelta(4)))
        house.process()
        house.receive(rows(DAY, flow=300), synthetic=True)
        house.process()
        house.receive(rows(DAY, DAY + timedelta(1), flow=500))
        house.process(DAY, DAY)
        house.process()
    return house


@pytest.fixture
def city(published: House, tmp_path: Path) -> Iterator[House]:
    """A copy of the published city."""
    shutil.copytree(published.folder, tmp_path / "output")
    copy = open_house(tmp_path / "output")
    copy.receipts = published.receipts
    with copy.store:
        yield copy


def test_from_raw_files_alone_all_comes_back_as_a_backfill_gives_it(
    city: House, tmp_path: Path
) -> None:
    current = city.published()
    destroy(city, ledger=False)
    done = rebuild(city)
    assert (done.days, done.new, done.failed) == (5, 10, ())
    assert {key: current[key] for key in city.published()} == city.published()
    assert city.pointers().keys() == {DAY + timedelta(n) for n in range(5)}

    other = open_house(tmp_path / "other")
    with other.store:
        shutil.copytree(city.folder / "raw", other.folder / "raw", dirs_exist_ok=True)
        other.process()
        assert other.published() == city.published()


def test_what_stands_stays(city: House) -> None:
    before = snapshot(city)
    done = rebuild(city, as_published=True)
    assert (done.new, done.unchanged, done.earlier, done.failed) == (0, 5, 0, ())
    assert snapshot(city) == before


def test_as_published_the_earlier_editions_come_back_too(city: House) -> None:
    before = snapshot(city)
    assert sum(name.startswith(f"edition/{DATASET}") for name in before) == 8
    assert sum(name.startswith(f"edition/{history_of(DATASET)}") for name in before) > 2
    destroy(city, ledger=True)
    done = rebuild(city, as_published=True)
    assert (done.new, done.failed, done.error) == (0, (), None)
    after = snapshot(city)
    references = {name for name in before if "arrondissements" in name}
    assert of_pointers(after).keys() == of_pointers(before).keys()
    assert of_pointers(after) == of_pointers(before)
    pointers = before.keys() - of_pointers(before).keys() - references
    assert {name: after[name] for name in pointers} == {name: before[name] for name in pointers}


def test_lost_documents_and_tables_come_back_under_the_pointers_that_stand(city: House) -> None:
    before = snapshot(city)
    for type in (f"edition/{DATASET}", f"edition/{history_of(DATASET)}"):
        for document in list(all_documents(city.store.documents, type)):
            city.store.documents.delete(document.id)
    shutil.rmtree(city.folder / "metrics")
    done = rebuild(city, as_published=True)
    assert done.earlier > 8
    assert snapshot(city) == before


def test_a_late_receipt_is_no_part_of_what_was_published(city: House) -> None:
    before = of_pointers(snapshot(city))
    city.receive(rows(DAY, flow=900))
    destroy(city, ledger=True)
    done = rebuild(city, as_published=True)
    assert (done.new, done.failed) == (1, ())
    after = of_pointers(snapshot(city))
    assert {name: after[name] for name in before if "_metrics_" not in name} == {
        name: text for name, text in before.items() if "_metrics_" not in name
    }
    assert len(after) > len(before)


def test_a_day_that_no_file_holds_is_remembered_if_it_was_published(city: House) -> None:
    silent = date(2025, 6, 1)
    city.process(silent, silent + timedelta(1))
    before = of_pointers(snapshot(city))
    shutil.rmtree(city.folder / "metrics")
    assert rebuild(city).days == 7
    after = of_pointers(snapshot(city))
    silent_ones = {name: text for name, text in before.items() if "2025-06" in name}
    assert len(silent_ones) > 10
    assert {name: after[name] for name in silent_ones} == silent_ones


def test_what_cannot_be_given_back_is_named(city: House) -> None:
    lost = city.runs(DAY)[0]
    raw = next(name for name in lost.inputs if len(name) == 64)
    for info in list(city.store.objects.list("raw/")):
        if raw[:12] in info.key:
            city.store.objects.delete(info.key)
    shutil.rmtree(city.folder / "parts")
    done = rebuild(city, as_published=True)
    assert f"edition {lost.edition} of {DAY}: raw file {raw[:12]} is not held" in done.failed
    assert done.error is not None
    assert done.error.exit_code in (3, 4)


def test_an_edition_of_another_method_is_named(
    city: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityflow_processor.comptages.edition.METHOD_VERSION", "99")
    old = {run.edition for run in city.runs(DAY)}
    done = rebuild(city, as_published=True)
    assert {f"edition {one} of {DAY}: it comes out otherwise here" for one in old} <= {*done.failed}
    assert isinstance(done.error, QualityGateRed)
    assert done.new == 5


def test_without_a_ledger_nothing_is_known_as_published(city: House) -> None:
    destroy(city, ledger=False)
    with pytest.raises(BadArguments, match="restore the database first"):
        rebuild(city, as_published=True)


def test_a_day_without_data_is_given_back_from_the_files_around_it(house: House) -> None:
    """That its neighbours are synthetic shows in the edition of the gap, and stands in the run."""
    house.receive(rows(DAY, DAY + timedelta(2)), synthetic=True)
    house.process()
    gap = DAY + timedelta(1)
    (run,) = house.runs(gap)
    assert [len(name) for name in run.inputs] == [64]
    before = of_pointers(snapshot(house))
    house.receive(rows(gap - timedelta(300)))
    destroy(house, ledger=True)
    assert rebuild(house, as_published=True).failed == ()
    after = of_pointers(snapshot(house))
    assert {name: after[name] for name in before} == before


@pytest.fixture
def later(city: House) -> Iterator[Rule]:
    """A rule by which all caches go."""
    yield Rule(frozenset({"cache"}), 30, datetime.now(UTC))


def test_pruned_caches_are_made_anew_when_they_are_needed(city: House, later: Rule) -> None:
    before = snapshot(city)
    doomed = plan(city.store, later)
    assert len(doomed) == 6
    carry_out(city.store, doomed)
    assert city.counts()["editions"] == {"new": 0, "unchanged": 5, "red": 0}
    assert of_pointers(snapshot(city)) == of_pointers(before)


def test_pruned_caches_of_other_days_are_left_gone(city: House, later: Rule) -> None:
    carry_out(city.store, plan(city.store, later))
    city.process(DAY + timedelta(4), DAY + timedelta(4))
    held = list(city.store.objects.list(f"parts/{DATASET}/dt={DAY}/"))
    assert len(held) == 1  # of the one file that had to be split again


def test_the_pointer_of_a_lost_day_says_who_published_it(city: House) -> None:
    pointer = city.pointer(DAY)
    assert pointer is not None
    destroy(city, ledger=True)
    rebuild(city, as_published=True)
    again = city.pointer(DAY)
    assert again is not None
    assert (again.run_id, again.previous) == (pointer.run_id, pointer.previous)
    assert abs(again.published_at - pointer.published_at) < timedelta(seconds=5)
    assert city.store.documents.get(DocumentId(f"pointer/{DATASET}", DAY, "current")) is not None
