"""What happens between a run's listing of the raw files and its publication is never undone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from processor_house import House, open_house, row, stamps, text_of

from cityflow.storage import Store

DAY = date(2025, 3, 5)


class Meanwhile:
    """The documents of a store, where something happens just before the first write of a type."""

    def __init__(self, documents: Any, type: str, action: Callable[[], None]) -> None:
        self._documents = documents
        self._type = type
        self._actions = [action]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def put_if(self, id: Any, body: Any, version: int) -> int:
        if id.type == self._type and self._actions:
            self._actions.pop()()
        written: int = self._documents.put_if(id, body, version)
        return written


def file_of(flow: str, hours: int = 4) -> str:
    return text_of([row(t_1h=stamp, q=flow) for stamp in stamps(DAY, *range(hours))])


def slow_run(house: House, type: str, meanwhile: Callable[[], None]) -> dict[str, Any]:
    """The counts of a run during which something else happens."""
    documents: Any = Meanwhile(house.store.documents, type, meanwhile)
    counts: dict[str, Any] = House(house.folder, Store(documents, house.store.objects)).counts()
    return counts


@pytest.fixture
def other(tmp_path: Path, house: House) -> Any:
    """Another process on the same store."""
    opened = open_house(house.folder)
    opened.receipts = 9
    with opened.store:
        yield opened


def flows(house: House) -> set[int]:
    return {one["flow_veh"] for one in house.table(DAY, "arc_hours")}


# The run is opened after the files are listed; the pointer is written at the very end.
@pytest.mark.parametrize("moment", ["run", "pointer/comptages"])
def test_a_run_does_not_replace_what_one_with_newer_files_published(
    house: House, other: House, moment: str
) -> None:
    house.receive(file_of("100"))

    def newer_file() -> None:
        other.receive(file_of("200"))
        assert other.counts()["editions"]["new"] == 1

    counts = slow_run(house, moment, newer_file)
    assert flows(house) == {200}
    assert counts["editions"] == {"new": 0, "unchanged": 1, "red": 0}
    assert (counts["rows_in"], counts["published"]) == (4, 4)
    outcomes = {run.outcome: run for run in house.runs(DAY)}
    assert set(outcomes) == {"new", "lost_race"}
    assert outcomes["new"].edition == house.edition(DAY)
    # The next run has nothing left to do.
    assert house.counts()["editions"] == {"new": 0, "unchanged": 1, "red": 0}


def test_a_run_with_newer_files_replaces_what_one_with_older_ones_published(
    house: House, other: House
) -> None:
    house.receive(file_of("100"))
    about_to_publish, published = Event(), Event()

    def wait() -> None:
        about_to_publish.set()
        assert published.wait(60)

    newer = Thread(target=lambda: slow_run(other, "pointer/comptages", wait))

    def newer_file() -> None:
        other.receive(file_of("200"))
        newer.start()
        assert about_to_publish.wait(60)

    # The older run publishes while the newer one is about to.
    assert slow_run(house, "run", newer_file)["editions"]["new"] == 1
    assert flows(house) == {100}
    published.set()
    newer.join(60)
    assert flows(house) == {200}
    assert [run.outcome for run in house.runs(DAY)] == ["new", "new"]


@pytest.mark.parametrize("moment", ["run", "pointer/comptages"])
def test_a_run_that_finds_its_own_edition_published_is_through(
    house: House, other: House, moment: str
) -> None:
    house.receive(file_of("100"))

    def the_same() -> None:
        assert other.counts()["editions"]["new"] == 1

    counts = slow_run(house, moment, the_same)
    assert counts["editions"] == {"new": 0, "unchanged": 1, "red": 0}
    assert sorted(run.outcome for run in house.runs(DAY)) == ["new", "unchanged"]


def test_a_file_that_arrives_too_late_for_a_run_is_left_to_the_next(
    house: House, other: House
) -> None:
    house.receive(file_of("100"))
    counts = slow_run(house, "run", lambda: str(other.receive(file_of("200"))) and None)
    assert counts["editions"]["new"] == 1
    assert flows(house) == {100}
    assert house.counts()["editions"]["new"] == 1
    assert flows(house) == {200}
