from collections.abc import Iterator
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from contract_support import in_threads, killed

from cityflow.contracts import Lease
from cityflow.storage import Leases, Store, process
from cityflow.storage.local import LocalObjects
from cityflow.storage.sqlite import SqliteDocuments

DAY = date(2025, 3, 30)
WHAT = ("process", "comptages", DAY)


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_at(folder: Path) -> Store:
    return Store(SqliteDocuments(folder / "cityflow.db"), LocalObjects(folder))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_at(tmp_path) as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leases(store: Store, clock: Clock) -> Leases:
    return Leases(store, clock=clock)


def take_and_wait(pipe: Connection, folder: Path) -> None:
    Leases(open_at(folder)).acquire(*WHAT)
    pipe.send("taken")
    pipe.poll(60)


def test_one_holds_a_lease(leases: Leases) -> None:
    held = leases.acquire(*WHAT)
    assert held is not None
    assert held.lease == Lease(owner=process.owner(), fence=1, beat=0)
    assert leases.acquire(*WHAT) is None
    assert leases.acquire("process", "velib", DAY) is not None
    assert leases.acquire("report", "comptages", DAY) is not None


def test_a_released_lease_is_free_and_its_fence_grows(leases: Leases) -> None:
    first = leases.acquire(*WHAT)
    assert first is not None
    leases.release(first)
    second = leases.acquire(*WHAT)
    assert second is not None
    assert second.lease.fence == 2
    leases.release(first)
    assert leases.heartbeat(second) is not None


def test_a_lease_without_beats_is_taken_over_after_a_minute(leases: Leases, clock: Clock) -> None:
    first = leases.acquire(*WHAT)
    assert first is not None
    assert leases.acquire(*WHAT) is None
    clock.now += 59.9
    assert leases.acquire(*WHAT) is None
    clock.now += 0.1
    second = leases.acquire(*WHAT)
    assert second is not None
    assert second.lease.fence == 2
    assert leases.heartbeat(first) is None
    leases.release(first)
    assert leases.acquire(*WHAT) is None


def test_a_beating_lease_is_kept(leases: Leases, clock: Clock) -> None:
    held = leases.acquire(*WHAT)
    for beat in range(1, 6):
        assert leases.acquire(*WHAT) is None
        clock.now += 45
        assert held is not None
        held = leases.heartbeat(held)
        assert held is not None
        assert held.lease.beat == beat
        assert leases.acquire(*WHAT) is None


def test_the_wait_counts_from_the_observers_own_first_look(store: Store, leases: Leases) -> None:
    leases.acquire(*WHAT)
    late = Clock()
    late.now = 1e9
    assert Leases(store, clock=late).acquire(*WHAT) is None


def test_a_lease_of_a_killed_process_is_taken_at_once(leases: Leases, tmp_path: Path) -> None:
    assert list(killed(take_and_wait, tmp_path, after=0.0)) == ["taken"]
    held = leases.acquire(*WHAT)
    assert held is not None
    assert held.lease == Lease(owner=process.owner(), fence=2, beat=0)


def test_of_many_that_ask_at_once_one_gets_it(store: Store) -> None:
    held = in_threads(8, lambda _: Leases(store).acquire(*WHAT))
    assert sum(lease is not None for lease in held) == 1
