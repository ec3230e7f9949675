"""What a published time text means, whatever form it has."""

from datetime import UTC, datetime

import pytest

from cityflow_processor.comptages.stamps import parse_hour_end


def ends(text: str) -> datetime | str:
    """The UTC end of the hour, or the reason why there is none."""
    hour, reason = parse_hour_end(text)
    if hour is None:
        assert reason is not None
        return reason
    return datetime.fromtimestamp(hour * 3600, UTC)


def utc(day: str, hour: int) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2025-03-05T05:00:00+01:00", utc("2025-03-05", 4)),
        ("2025-07-05T05:00:00+02:00", utc("2025-07-05", 3)),
        ("2025-07-05T05:00:00+0200", utc("2025-07-05", 3)),
        ("2025-07-05 05:00+02:00", utc("2025-07-05", 3)),
        ("2025-03-05T05:00:00Z", utc("2025-03-05", 5)),
        ("2025-03-05T05:00:00.000Z", utc("2025-03-05", 5)),
        ("2025-03-05T05:00:00+00:00", utc("2025-03-05", 5)),
        ("2025-03-05T00:00:00-05:00", utc("2025-03-05", 5)),
        (" 2025-03-05T05:00:00Z ", utc("2025-03-05", 5)),
        # Naive: Paris, in winter and in summer.
        ("2019-01-01 01:00:00", utc("2019-01-01", 0)),
        ("2019-07-01 01:00", utc("2019-06-30", 23)),
        ("2019-07-01T01:00:00", utc("2019-06-30", 23)),
        # As a spreadsheet saves it again.
        ("05/03/2025 05:00", utc("2025-03-05", 4)),
        ("05/03/2025 05:00:00", utc("2025-03-05", 4)),
        # The stamp that two hours share is the second's; with an offset it is what it says.
        ("2019-10-27 02:00:00", utc("2019-10-27", 1)),
        ("2019-10-27T02:00:00+02:00", utc("2019-10-27", 0)),
        ("2019-10-27T02:00:00+01:00", utc("2019-10-27", 1)),
        ("2019-10-27 01:00:00", utc("2019-10-26", 23)),
        ("2019-10-27 03:00:00", utc("2019-10-27", 2)),
        # Around the hour that spring removes.
        ("2019-03-31 01:00:00", utc("2019-03-31", 0)),
        ("2019-03-31 03:00:00", utc("2019-03-31", 1)),
        # The first and the last hour of all.
        ("2010-01-01T01:00:00+01:00", utc("2010-01-01", 0)),
        ("2099-12-31T23:00:00Z", utc("2099-12-31", 23)),
    ],
)
def test_a_stamp_is_the_end_of_its_hour_in_utc(text: str, end: datetime) -> None:
    assert ends(text) == end


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "bad_time"),
        ("2025-03-05", "bad_time"),
        ("2025-13-05T05:00:00Z", "bad_time"),
        ("2025-02-29 05:00:00", "bad_time"),
        ("2025-03-05T25:00:00Z", "bad_time"),
        ("29/02/2025 05:00", "bad_time"),
        ("03/29/2025 05:00", "bad_time"),
        ("5/3/2025 05:00", "bad_time"),
        ("20250305T050000Z", "bad_time"),
        ("1741150800", "bad_time"),
        ("2025-03-05T05:00:00 Europe/Paris", "bad_time"),
        ("٢٠٢٥-03-05T05:00:00Z", "bad_time"),
        ("2025-03-05T05:30:00+01:00", "not_on_the_hour"),
        ("2025-03-05T05:00:01+01:00", "not_on_the_hour"),
        ("2025-03-05T05:00:00.5Z", "not_on_the_hour"),
        ("2025-03-05T05:00:00+05:30", "not_on_the_hour"),
        ("2019-03-31 02:00:00", "no_such_local_hour"),
        ("31/03/2019 02:00", "no_such_local_hour"),
        ("0001-01-01T00:00:00+00:00", "year_out_of_range"),
        ("2009-12-31T23:00:00Z", "year_out_of_range"),
        ("2100-01-01T00:00:00Z", "year_out_of_range"),
        ("9999-12-31T23:00:00-12:00", "year_out_of_range"),
    ],
)
def test_what_is_no_end_of_an_hour_says_why(text: str, reason: str) -> None:
    assert ends(text) == reason
