"""Where ENGINE becomes an engine, and what goes to a worker."""

import os
import pickle
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import processor_units as units
import psutil
import pytest
from processor_house import House

from cityflow.errors import BadArguments, FileRefused, TryAgain
from cityflow.settings import Settings
from cityflow.storage import layout
from cityflow_processor.cluster.parcels import MOST_INLINE_BYTES, drop, pack, unpack
from cityflow_processor.cluster.stamp import CODE, differences, stamp
from cityflow_processor.comptages.tokens import tokens_of_records
from cityflow_processor.comptages.validate import validate
from cityflow_processor.engine import LocalEngine, Task
from cityflow_processor.engines import open_engine


@dataclass(frozen=True)
class Value:
    data: bytes


def test_dask_needs_an_address(house: House, tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path, engine="dask")
    with (
        pytest.raises(BadArguments, match="DASK_SCHEDULER_ADDRESS"),
        open_engine(house.store, settings),
    ):
        pass


def test_an_address_that_is_none_is_refused(house: House, tmp_path: Path) -> None:
    settings = Settings(output_dir=tmp_path, engine="dask", dask_scheduler_address="scheduler")
    with open_engine(house.store, settings) as engine:
        assert not engine.sees_local_files
        task = Task(_nothing, _item, None)
        assert list(engine.run(task, [])) == []  # nothing to do needs no cluster
        with pytest.raises(BadArguments, match="expected tcp://host:port"):
            list(engine.run(task, [1]))


def _nothing(*_: object) -> None:
    return None


def _item(_: object, __: None, item: int) -> int:
    return item


@pytest.mark.parametrize("ordered", [False, True])
def test_the_local_engine_keeps_the_order(house: House, ordered: bool) -> None:
    task = Task(_nothing, _item, None, ordered=ordered)
    assert list(LocalEngine(house.store).run(task, range(9))) == [(n, n) for n in range(9)]


@pytest.fixture
def pair(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """An engine that takes a second process for what is large; it knows this folder's modules."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr("cityflow_processor.engine.cores", lambda: 2)
    engine = LocalEngine(house.store, Settings(output_dir=house.folder))
    yield engine
    engine.rest()


LARGE: Task[object, object, int, units.Where] = Task(
    units.prepare, units.where, "spec", is_large=True
)


def _second_of(engine: LocalEngine) -> int:
    """The second process, once it has loaded: until then all units are computed here."""
    with closing(engine.run(LARGE, range(10_000))) as done:
        return next(result.pid for _, result in done if result.pid != os.getpid())


def test_what_is_large_is_computed_by_two_processes_in_order(pair: LocalEngine) -> None:
    second = _second_of(pair)
    done = list(pair.run(LARGE, range(20)))
    assert [item for item, _ in done] == [result.item for _, result in done] == list(range(20))
    assert {result.spec for _, result in done} == {"spec"}
    pids = {result.pid for _, result in done}
    assert pids == {second, os.getpid()}
    again = {result.pid for _, result in pair.run(replace(LARGE, is_large=False), range(20))}
    assert again == pids  # it is there by now


@pytest.mark.parametrize(("is_large", "ordered"), [(False, False), (True, True)])
def test_what_is_small_or_in_order_stays_here(
    pair: LocalEngine, is_large: bool, ordered: bool
) -> None:
    done = list(pair.run(replace(LARGE, is_large=is_large, ordered=ordered), range(9)))
    assert {result.pid for _, result in done} == {os.getpid()}


def test_one_processor_takes_no_second_process(
    pair: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityflow_processor.engine.cores", lambda: 1)
    assert {result.pid for _, result in pair.run(LARGE, range(9))} == {os.getpid()}


def test_what_is_expected_is_there_before_its_units(pair: LocalEngine) -> None:
    pair.expect_large("processor_units")
    assert psutil.Process().children(recursive=False)
    assert _second_of(pair) in {child.pid for child in psutil.Process().children()}


def test_an_error_of_the_second_process_is_the_run_s(pair: LocalEngine) -> None:
    second = _second_of(pair)
    task = Task(units.prepare, units.refuse_elsewhere, os.getpid(), is_large=True)
    with pytest.raises(FileRefused, match="found a fault; expected none") as caught:
        list(pair.run(task, range(9)))
    assert caught.value.found == "a fault"
    assert _second_of(pair) == second  # it is as ready as before


def test_a_second_process_that_is_killed_loses_no_unit(pair: LocalEngine) -> None:
    second = _second_of(pair)
    task = Task(units.prepare, units.die_elsewhere, os.getpid(), is_large=True)
    assert list(pair.run(task, range(9))) == [(item, item) for item in range(9)]
    assert not psutil.pid_exists(second)
    assert _second_of(pair) != second


def test_the_second_process_ends_with_the_engine(pair: LocalEngine) -> None:
    second = _second_of(pair)
    assert psutil.pid_exists(second)
    pair.rest()
    assert not psutil.pid_exists(second)


def test_records_that_go_to_another_process_are_read_the_same() -> None:
    rows: list[dict[str, str | None]] = [
        {"iu_ac": "1", "t_1h": "2025-11-05T10:00:00+01:00", "q": "3", "k": "x", "libelle": "A"},
        {"iu_ac": "2", "t_1h": "2025-11-05T10:00:00+01:00", "q": None, "k": "2.5", "libelle": "B"},
    ]
    here = tokens_of_records(rows, ["first", "second"])
    there = pickle.loads(pickle.dumps(here))
    mine, theirs = validate(here), validate(there)
    assert mine.rows.equals(theirs.rows)
    assert mine.rows.height == mine.rejects.height == 1
    assert mine.rejects.equals(theirs.rejects)
    assert mine.attributes.texts.equals(theirs.attributes.texts)


@pytest.mark.parametrize("size", [10, MOST_INLINE_BYTES + 1])
def test_a_parcel_arrives_as_it_was_sent(house: House, size: int) -> None:
    objects, sent = house.store.objects, Value(b"x" * size)
    parcel = pack(objects, sent, "run")
    assert (parcel.key is None) == (size == 10)
    assert unpack(objects, parcel) == sent
    drop(objects, parcel)
    assert not list(objects.list(layout.CACHE))


def test_a_parcel_that_is_gone_or_changed_is_not_read(house: House) -> None:
    objects = house.store.objects
    parcel = pack(objects, Value(b"x" * 2 * MOST_INLINE_BYTES), "run")
    assert parcel.key is not None
    objects.put(parcel.key, b"another")
    with pytest.raises(TryAgain, match="is not what was sent"):
        unpack(objects, parcel)
    drop(objects, parcel)
    with pytest.raises(TryAgain, match="is gone"):
        unpack(objects, parcel)


def test_pruning_knows_the_day_of_a_parcel() -> None:
    day = date(2026, 11, 28)
    assert layout.service_days(layout.parcel(day, "run", "name")) == (day, day)


def test_differences_of_code_and_packages_are_told() -> None:
    mine = stamp()
    assert {CODE, "python", "polars", "distributed", "tzdata"} <= mine.keys()
    assert differences(mine, mine) == []
    theirs = {**mine, "polars": "0.1", CODE: "other"}
    del theirs["numpy"]
    found = differences(mine, theirs)
    assert [one.split(" is ")[0] for one in found] == sorted(("numpy", "polars", CODE))
    assert f"polars is 0.1 there, {mine['polars']} here" in found
