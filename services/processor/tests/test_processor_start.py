"""The second process that starts with the command is taken, or ended; never left behind."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from processor_house import House

from cityflow.settings import Settings
from cityflow_processor import early
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import process
from cityflow_processor.engine import LocalEngine
from cityflow_processor.result import Result
from cityflow_processor.start import may_be_large


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[psutil.Process]:
    """One that waits."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(early, "cores", lambda: 2)
    before = set(psutil.Process().children())
    early.begin()
    (process,) = set(psutil.Process().children()) - before
    yield process
    early.dismiss()


def test_the_engine_takes_the_one_that_waits(house: House, begun: psutil.Process) -> None:
    engine = LocalEngine(house.store, Settings(output_dir=house.folder))
    before = {child.pid for child in psutil.Process().children()}
    engine.expect_large("processor_units")
    assert {child.pid for child in psutil.Process().children()} == before
    engine.rest()
    assert not begun.is_running()


@pytest.mark.parametrize(
    ("dataset", "worker"),
    [
        ("comptages", "cityflow_processor.backfill.process"),
        ("weather", "cityflow_processor.datasets._process_small"),
    ],
)
def test_it_ends_before_small_files_are_read(
    house: House,
    begun: psutil.Process,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    worker: str,
) -> None:
    def look(*_: object) -> Result:
        seen.append(begun.is_running())
        return Result(dataset)

    seen: list[bool] = []
    monkeypatch.setattr(worker, look)
    process(house.store, Settings(output_dir=house.folder), dataset, Asked())
    assert seen == [False]


def test_one_processor_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "cores", lambda: 1)
    early.begin()
    assert early.take() is None


def test_a_system_that_starts_no_process_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(module: str) -> early.Started:
        raise BlockingIOError(module)

    monkeypatch.setattr(early, "cores", lambda: 2)
    monkeypatch.setattr(early, "start", refuse)
    early.begin()
    assert early.take() is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(("backfill", True), ("backfill --json --from 2025-01-01", True)),
        *(("backfill --dataset comptages", True), ("backfill --dataset=comptages --json", True)),
        *(("backfill --dataset weather", False), ("backfill --dataset=weather", False)),
        *(("backfill --watch", False), ("backfill --help", False)),
        *(("run --date 2025-01-01", False), ("compact", False), ("", False)),
    ],
)
def test_only_a_backfill_of_counts_may_be_large(line: str, expected: bool) -> None:
    assert may_be_large(line.split()) is expected
