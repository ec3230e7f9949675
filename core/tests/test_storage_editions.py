import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from contract_support import in_processes, in_threads, killed

from cityflow.contracts import Pointer
from cityflow.errors import StoreUnavailable
from cityflow.storage import Candidate, DocumentId, Editions, Store
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

DAY = date(2025, 3, 30)
NOW = datetime(2025, 4, 1, 6, 30, tzinfo=UTC)


def edition(number: int) -> str:
    return f"{number:020x}"


def candidate(number: int, expected: int = 0, day: date = DAY) -> Candidate:
    document = {"schema_version": 1, "edition": edition(number), "total": number}
    run_id = f"run-{number}"
    return Candidate(
        "comptages", day, edition(number), document, "published", 72_000, run_id, NOW, expected
    )


def open_at(folder: Path) -> Store:
    return Store(SqliteDocuments(folder / "cityflow.db"), LocalObjects(folder))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_at(tmp_path) as store:
        yield store


@pytest.fixture
def editions(store: Store) -> Editions:
    return Editions(store)


def publish_in_process(number: int, folder: Path, apart: int) -> str:
    with open_at(folder) as store:
        return Editions(store).publish(candidate(1 + apart * number))


def publish_for_ever(pipe: Connection, folder: Path, start: int) -> None:
    editions = Editions(open_at(folder))
    pipe.send("ready")
    for number in range(start, start + 10_000):
        editions.publish(candidate(number, day=DAY + timedelta(number)))


def test_nothing_is_published_at_first(editions: Editions) -> None:
    assert editions.current("comptages", DAY) is None
    assert editions.current_version("comptages", DAY) == 0
    assert editions.document("comptages", DAY, edition(1)) is None
    assert list(editions.pointers("comptages")) == []


def test_a_publication_can_be_read(editions: Editions) -> None:
    assert editions.publish(candidate(1)) == "new"
    assert editions.current("comptages", DAY) == Pointer(
        dataset="comptages",
        day=DAY,
        edition=edition(1),
        run_id="run-1",
        published_at=NOW,
        status="published",
        records=72_000,
        previous=None,
    )
    assert editions.document("comptages", DAY, edition(1)) == candidate(1).document
    assert editions.current("velib", DAY) is None
    assert editions.current("comptages", DAY + timedelta(1)) is None


def test_the_same_again_writes_nothing(editions: Editions, store: Store) -> None:
    editions.publish(candidate(1))
    later = replace(candidate(1, expected=1), now=NOW + timedelta(days=1), run_id="another")
    assert editions.publish(later) == "unchanged"
    assert editions.publish(replace(later, expected=0)) == "unchanged"
    pointer = editions.current("comptages", DAY)
    assert pointer is not None
    assert (pointer.run_id, pointer.published_at) == ("run-1", NOW)
    assert editions.current_version("comptages", DAY) == 1


def test_another_edition_replaces_and_names_the_one_before(editions: Editions) -> None:
    for version, number in enumerate([1, 2, 1]):
        assert editions.current_version("comptages", DAY) == version
        assert editions.publish(candidate(number, expected=version)) == "new"
    pointer = editions.current("comptages", DAY)
    assert pointer is not None
    assert (pointer.edition, pointer.previous) == (edition(1), edition(2))
    for number in (1, 2):
        assert editions.document("comptages", DAY, edition(number)) == candidate(number).document


def test_who_looked_before_another_publication_lost(editions: Editions, store: Store) -> None:
    editions.publish(candidate(1))
    assert editions.publish(candidate(2, expected=0)) == "lost_race"
    pointer = editions.current("comptages", DAY)
    assert pointer is not None
    assert pointer.edition == edition(1)
    assert editions.document("comptages", DAY, edition(2)) is None


@pytest.mark.parametrize(("faster", "outcome"), [(2, "lost_race"), (1, "unchanged")])
def test_the_pointer_may_move_at_the_last_moment(tmp_path: Path, faster: int, outcome: str) -> None:
    class Overtaken(SqliteDocuments):
        """Another publishes between this one's look at the pointer and its write."""

        def put_if(self, id: DocumentId, body: Mapping[str, Any], version: int) -> int:
            if id.type.startswith("pointer/"):
                with open_at(tmp_path) as store:
                    assert Editions(store).publish(candidate(faster)) == "new"
            return super().put_if(id, body, version)

    with closing(Overtaken(tmp_path / "cityflow.db")) as documents:
        editions = Editions(Store(documents, LocalObjects(tmp_path)))
        assert editions.publish(candidate(1)) == outcome
        pointer = editions.current("comptages", DAY)
    assert pointer is not None
    assert pointer.edition == edition(faster)


def test_a_document_stays_as_it_was_first_published(
    editions: Editions, caplog: pytest.LogCaptureFixture
) -> None:
    editions.publish(candidate(1))
    editions.publish(candidate(2, expected=1))
    other = replace(candidate(1, expected=2), document={"schema_version": 1, "total": 99})
    with caplog.at_level(logging.WARNING):
        assert editions.publish(other) == "new"
    assert "differs from the one held" in caplog.text
    assert editions.document("comptages", DAY, edition(1)) == candidate(1).document


def test_a_document_without_its_pointer_is_no_obstacle(editions: Editions, store: Store) -> None:
    one = candidate(1)
    store.documents.put(DocumentId("edition/comptages", DAY, edition(1)), one.document)
    assert editions.current("comptages", DAY) is None
    assert editions.publish(one) == "new"


def test_pointers_of_a_range_of_days(editions: Editions) -> None:
    days = [DAY + timedelta(n) for n in range(405)]
    for number, day in enumerate(days):
        editions.publish(candidate(number, day=day))
    assert [pointer.day for pointer in editions.pointers("comptages")] == days
    found = editions.pointers("comptages", days[3], days[300])
    assert [pointer.day for pointer in found] == days[3:301]
    assert list(editions.pointers("velib")) == []


def test_a_naive_time_of_publication_is_refused(editions: Editions) -> None:
    with pytest.raises(ValueError, match="time zone"):
        editions.publish(replace(candidate(1), now=datetime(2025, 4, 1)))
    assert editions.current("comptages", DAY) is None


def test_of_the_same_edition_at_once_one_is_new(editions: Editions) -> None:
    outcomes = in_threads(8, lambda _: editions.publish(candidate(1)))
    assert sorted(outcomes) == ["new", *["unchanged"] * 7]
    assert editions.current_version("comptages", DAY) == 1


def test_of_other_editions_at_once_one_wins(editions: Editions) -> None:
    outcomes = in_threads(8, lambda n: editions.publish(candidate(n)))
    assert sorted(outcomes) == [*["lost_race"] * 7, "new"]
    pointer = editions.current("comptages", DAY)
    assert pointer is not None
    assert pointer.edition == edition(outcomes.index("new"))


@pytest.mark.parametrize(("apart", "others"), [(0, "unchanged"), (1, "lost_race")])
def test_processes_at_once(tmp_path: Path, store: Store, apart: int, others: str) -> None:
    outcomes = in_processes(4, publish_in_process, tmp_path, apart)
    assert sorted(outcomes) == sorted(["new", *[others] * 3])


def test_a_kill_leaves_no_pointer_without_its_document(tmp_path: Path, editions: Editions) -> None:
    for round in range(4):
        start = round * 20_000
        assert list(killed(publish_for_ever, tmp_path, start, after=0.05)) == ["ready"]
        pointers = list(editions.pointers("comptages", DAY + timedelta(start)))
        assert pointers
        for pointer in pointers:
            document = editions.document("comptages", pointer.day, pointer.edition)
            assert document is not None
            assert document["edition"] == pointer.edition


def test_a_damaged_pointer_is_named(editions: Editions, store: Store) -> None:
    store.documents.put(DocumentId("pointer/comptages", DAY, "current"), {"schema_version": 1})
    with pytest.raises(StoreUnavailable, match="document pointer/comptages 2025-03-30 current: "):
        editions.current("comptages", DAY)


def test_a_lost_document_comes_back(editions: Editions, store: Store) -> None:
    editions.publish(candidate(1))
    store.documents.delete(DocumentId("edition/comptages", DAY, edition(1)))
    assert editions.publish(candidate(1, expected=1)) == "unchanged"
    assert editions.document("comptages", DAY, edition(1)) == candidate(1).document
