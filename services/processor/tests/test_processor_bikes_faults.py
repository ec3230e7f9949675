"""What is wrong with a counter: what drifts, what only seems to, and spikes that come again."""

from datetime import timedelta

import pytest
from processor_house import House
from test_processor_bikes import DATASET, DAY, a_day, counter_of, file_of


@pytest.fixture
def bikes(house: House) -> House:
    house.dataset = DATASET
    return house


def test_a_direction_that_fades_is_drift(bikes: House) -> None:
    two = ("100003096-1", "100003096-2")
    days = [DAY + timedelta(days=n) for n in range(12)]
    lines = [
        a_day(day, 10 if counter == two[0] or day < days[4] else 1, counter)
        for day in days
        for counter in two
    ]
    bikes.receive(file_of(*lines))
    bikes.counts()
    assert counter_of(bikes, days[3], two[1])["status"] == "good"
    drifted = counter_of(bikes, days[11], two[1])
    assert "direction_drift" in drifted["reasons"]
    assert drifted["site_share_7d"] == pytest.approx(1 / 11)


def test_a_direction_that_is_out_does_not_drift(bikes: House) -> None:
    two = ("100003096-1", "100003096-2")
    days = [DAY + timedelta(days=n) for n in range(12)]
    lines = [a_day(day, 10, one) for day in days for one in two if one == two[0] or day < days[6]]
    bikes.receive(file_of(*lines))
    bikes.counts()
    for day in days:
        assert "direction_drift" not in counter_of(bikes, day, two[0])["reasons"], day


def test_a_spike_does_not_hide_the_next_but_three_are_a_level(bikes: House) -> None:
    days = [DAY + timedelta(days=n) for n in range(26)]
    busy = [100 if hour == 9 else 10 for hour in range(24)]
    bikes.receive(file_of(*(a_day(day, busy if day >= days[22] else 10) for day in days)))
    bikes.counts()
    assert [counter_of(bikes, day)["spike_hours"] for day in days] == [0] * 22 + [1, 1, 1, 0]
