"""The clock of the city: still, running from an instant, or real."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from cityflow_simulator.serving.clock import Clock

START = datetime(2025, 11, 20, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("running", "passed"), [(False, timedelta(0)), (True, HOUR)])
def test_it_stands_still_unless_it_runs(
    running: bool, passed: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    clock = Clock(START, running=running)
    monkeypatch.setattr(time, "monotonic", lambda: 4600.0)
    assert clock.now() == START + passed
    assert clock.fixed is not running
    clock.set(START + HOUR)
    assert clock.now() == START + HOUR


def test_without_a_start_it_is_the_real_time() -> None:
    assert abs(Clock(running=True).now() - datetime.now(UTC)) < HOUR
    assert not Clock().fixed
