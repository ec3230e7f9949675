"""Where ENGINE becomes an engine, and what goes to a worker."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from processor_house import House

from cityflow.errors import BadArguments, TryAgain
from cityflow.settings import Settings
from cityflow.storage import layout
from cityflow_processor.cluster.parcels import MOST_INLINE_BYTES, drop, pack, unpack
from cityflow_processor.cluster.stamp import CODE, differences, stamp
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
