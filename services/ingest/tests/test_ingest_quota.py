"""How long to wait, from headers and bodies as the sources write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityflow_ingest.wire.quota import asked_wait, used_up_for

NOW = datetime(2025, 11, 6, 22, 30, tzinfo=UTC)
TO_MIDNIGHT = 5400.0
HTTP_NOW = "Thu, 06 Nov 2025 22:30:00 GMT"


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "17"}, None, 17),
        ({"retry-after": "Thu, 06 Nov 2025 22:31:00 GMT"}, None, 60),
        ({"retry-after": "Thu, 06 Nov 2025 22:29:00 GMT"}, None, 0),
        ({"retry-after": "soon"}, None, None),
        ({}, {"errorcode": 10002, "reset_time": "2025-11-07T00:00:00Z"}, TO_MIDNIGHT),
        ({}, {"reset_time": "2025-11-07T00:00:00+00:00"}, TO_MIDNIGHT),
        ({"retry-after": "3"}, {"reset_time": "2025-11-07T00:00:00Z"}, 3),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 30)}, None, 30),
        ({"ratelimit-reset": "45"}, None, 45),
        ({}, {"error": True, "reason": "Minutely API request limit exceeded."}, 60),
        ({}, {"error": True, "reason": "Hourly API request limit exceeded."}, 3600),
        ({}, {"error": True, "reason": "Daily API request limit exceeded."}, TO_MIDNIGHT),
        ({}, {"error": True, "reason": "Something else"}, None),
        ({}, ["a", "list"], None),
        ({}, None, None),
    ],
)
def test_what_a_refusal_asks_for(headers: dict[str, str], body: object, wait: float) -> None:
    assert asked_wait(headers, body, NOW) == wait


def test_a_reset_is_measured_by_the_clock_of_the_source() -> None:
    ours = datetime(2020, 1, 1, tzinfo=UTC)
    body = {"reset_time": "2025-11-06T22:30:42Z"}
    assert asked_wait({"date": HTTP_NOW}, body, ours) == 42
    assert used_up_for({"date": HTTP_NOW, "x-ratelimit-remaining-day": "0"}, ours) == TO_MIDNIGHT


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "60"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, 60),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining-day": "0"}, TO_MIDNIGHT),
        ({"x-ratelimit-remaining-day": "0", "ratelimit-remaining": "0", "ratelimit-reset": "1"},
         TO_MIDNIGHT),
        ({"x-ratelimit-remaining": "0"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_whether_an_answer_used_up_the_quota(headers: dict[str, str], wait: float | None) -> None:
    assert used_up_for(headers, NOW) == wait


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_of_a_source_breaks_it(one: str, other: str) -> None:
    headers = {"retry-after": one, "date": other, "x-ratelimit-reset": one}
    for wait in (
        asked_wait(headers, {"reset_time": other, "reason": one}, NOW),
        used_up_for({**headers, "x-ratelimit-remaining": "0"}, NOW),
    ):
        assert wait is None or 0 <= wait <= 86400


@pytest.mark.parametrize("far", ["999999999999", "9999-12-31T23:59:59Z", "400000"])
def test_nobody_is_waited_for_longer_than_a_day(far: str) -> None:
    assert asked_wait({"retry-after": far}, None, NOW) == 86400
    assert used_up_for({"ratelimit-remaining": "0", "ratelimit-reset": far}, NOW) == 86400


def test_a_reset_that_has_passed_there_is_measured_by_our_clock() -> None:
    body = {"reset_time": "2025-11-06T23:30:00Z"}
    assert asked_wait({"date": "Wed, 25 Nov 2026 15:00:00 GMT"}, body, NOW) == 3600
