"""Attempts: which host next, after which pause, when to stop, and what is told of it."""

from datetime import UTC, datetime, timedelta

import pytest

from cityflow.errors import SourceError
from cityflow_ingest.tenant import Politeness
from cityflow_ingest.wire.client import Client
from cityflow_ingest.wire.faults import Fault, Scrubber
from cityflow_ingest.wire.host import Host

NOW = datetime(2025, 11, 6, 8, tzinfo=UTC)
LIMITS = Politeness(attempts=4, backoff_seconds=1, longest_wait_seconds=60)
GONE = Fault("no connection")
CUT = Fault("cut short")
HTML = Fault("unfit content", "an HTML page", again=False)


class Script:
    """Work that ends as it is told, and which hosts it was given."""

    def __init__(self, *endings: Fault | None) -> None:
        self.endings, self.asked = list(endings), list[str]()

    def __call__(self, host: Host) -> str:
        self.asked.append(host.name)
        ending = self.endings.pop(0) if self.endings else None
        if ending is not None:
            raise ending
        return "whole"


class House:
    """A client of the hosts a, b, … and the pauses it made."""

    def __init__(self, hosts: str = "ab", limits: Politeness = LIMITS) -> None:
        self.pauses: list[float] = []
        made = [Host(f"http://{n}", limits, lambda: NOW, Scrubber([]), {}) for n in hosts]
        self.client = Client("portal", made, limits, self.pauses.append)


def test_the_first_host_is_asked_first() -> None:
    house, work = House(), Script()
    assert house.client.attempt(work) == "whole"
    assert work.asked == ["a"]
    assert house.pauses == []
    assert house.client.take_retries() == ()
    assert house.client.take_tally() == {"": 1}


def test_the_next_host_is_asked_at_once_and_remembered() -> None:
    house, work = House(), Script(GONE)
    assert house.client.attempt(work) == "whole"
    house.client.attempt(work)
    assert work.asked == ["a", "b", "b"]
    assert house.pauses == []
    (retry,) = house.client.take_retries()
    assert (retry.host, retry.reason, retry.then) == ("a", "no connection", "asked b")
    assert retry.not_before is None


def test_pauses_grow_once_every_host_was_asked() -> None:
    house, work = House(), Script(CUT, CUT, CUT)
    assert house.client.attempt(work) == "whole"
    assert work.asked == ["a", "b", "a", "b"]
    second, third = house.pauses
    assert 1 <= second <= 2
    assert 2 <= third <= 4
    thens = [retry.then for retry in house.client.take_retries()]
    assert thens[0] == "asked b"
    assert thens[1].endswith("s, asked a")


def test_in_the_end_it_is_a_source_error_with_the_last_reason() -> None:
    house, work = House("a"), Script(*[CUT] * 9)
    with pytest.raises(SourceError, match=r"^portal: a: cut short$"):
        house.client.attempt(work)
    assert len(work.asked) == 4
    assert house.client.take_retries()[-1].then == "gave up"
    assert house.client.take_tally() == {"cut short": 4}


def test_what_no_repetition_mends_is_not_repeated_on_that_host() -> None:
    house, work = House(), Script(HTML)
    assert house.client.attempt(work) == "whole"
    house, work = House(), Script(HTML, HTML, HTML)
    with pytest.raises(SourceError, match="an HTML page"):
        house.client.attempt(work)
    assert work.asked == ["a", "b"]
    assert house.pauses == []


def test_a_host_that_asks_to_wait_is_waited_for() -> None:
    house, work = House(), Script(Fault("HTTP 429", wait=20))
    assert house.client.attempt(work) == "whole"
    assert work.asked == ["a", "a"]
    assert 20 <= house.pauses[0] <= 21
    (retry,) = house.client.take_retries()
    assert retry.not_before == NOW + timedelta(seconds=20)
    assert retry.then.startswith("waited 2")


def test_a_host_that_asks_for_too_long_is_left_and_not_asked_until_then() -> None:
    house, work = House(), Script(Fault("HTTP 429", wait=3600))
    assert house.client.attempt(work) == "whole"
    assert work.asked == ["a", "b"]
    assert house.client.resting == {"a": NOW + timedelta(hours=1)}
    (retry,) = house.client.take_retries()
    assert (retry.not_before, retry.then) == (NOW + timedelta(hours=1), "asked b")
    again = House()
    again.client.rest({"a": NOW + timedelta(hours=1), "elsewhere": NOW})
    assert again.client.resting == {"a": NOW + timedelta(hours=1)}


def test_a_host_that_always_asks_for_a_little_time_is_left_in_the_end() -> None:
    house, work = House(), Script(*[Fault("HTTP 429", wait=0)] * 99)
    with pytest.raises(SourceError, match="b: HTTP 429"):
        house.client.attempt(work)
    assert work.asked == ["a"] * 4 + ["b"]


def test_a_source_that_cannot_be_reached_is_asked_once_until_it_answers() -> None:
    house, work = House(), Script(*[GONE] * 6)
    with pytest.raises(SourceError):
        house.client.attempt(work)
    with pytest.raises(SourceError):
        house.client.attempt(work)
    assert len(work.asked) == 4 + 2
    assert house.client.given_up == 2
    assert house.client.attempt(work) == "whole"
    assert house.client.given_up == 0


def test_content_that_is_always_cut_does_not_make_the_source_unreachable() -> None:
    house, work = House(), Script(*[CUT] * 4)
    with pytest.raises(SourceError):
        house.client.attempt(work)
    assert house.client.given_up == 0


def test_of_endless_failures_the_first_fifty_are_told() -> None:
    house = House("a", LIMITS.model_copy(update={"attempts": 80}))
    house.client.attempt(Script(*[CUT] * 70))
    assert len(house.client.take_retries()) == 50
    assert house.client.take_retries() == ()


def test_a_bug_in_the_work_is_no_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        House().client.attempt(lambda host: 1 / 0)
