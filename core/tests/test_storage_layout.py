from datetime import UTC, date, datetime

import pytest

from cityflow.storage import layout

DAY = date(2025, 3, 30)
EDITION = "3f0c2d9a1b7e4f508c6d"
RAW = layout.raw("comptages", datetime(2025, 3, 30, tzinfo=UTC), "ab" * 32, "csv")


@pytest.mark.parametrize(
    ("key", "days"),
    [
        (layout.clean("comptages", DAY, EDITION), (DAY, DAY)),
        (layout.table("comptages", DAY, EDITION, "arcs"), (DAY, DAY)),
        (layout.rejects("comptages", DAY, EDITION), (DAY, DAY)),
        (layout.rejects("comptages", None, "0123"), None),
        (layout.part("comptages", DAY, "ab" * 32, "r2"), (DAY, DAY)),
        (layout.split_manifest("comptages", "ab" * 32, "r2"), None),
        (layout.summary_file("comptages", DAY), (DAY, DAY)),
        (layout.report_file(DAY, "json"), (DAY, DAY)),
        (layout.report_section(DAY, EDITION, "totals"), (DAY, DAY)),
        (
            layout.history("comptages", date(2024, 2, 1), EDITION),
            (date(2024, 2, 1), date(2024, 2, 29)),
        ),
        (RAW, None),
        (layout.raw_meta(RAW), None),
        ("clean/comptages/dt=2025-13-45/x.parquet", None),
        ("metrics/x/history/ym=2025-00/x.parquet", None),
    ],
)
def test_the_service_days_of_a_key(key: str, days: tuple[date, date] | None) -> None:
    assert layout.service_days(key) == days


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (layout.clean("comptages", DAY, EDITION), ("comptages", DAY, EDITION)),
        (layout.table("comptages", DAY, EDITION, "arcs"), ("comptages", DAY, EDITION)),
        (layout.rejects("comptages", DAY, EDITION), ("comptages", DAY, EDITION)),
        (layout.report_section(DAY, EDITION, "totals"), ("report", DAY, EDITION)),
        (
            layout.history("comptages", date(2025, 3, 1), EDITION),
            ("history/comptages", date(2025, 3, 1), EDITION),
        ),
        (layout.summary_file("comptages", DAY), None),
        (layout.report_file(DAY, "csv"), None),
        (layout.part("comptages", DAY, "ab" * 32, "r2"), None),
        (RAW, None),
        (f"clean/comptages/dt=2025-13-45/{EDITION}.parquet", None),
    ],
)
def test_the_edition_of_a_key(key: str, place: tuple[str, date, str] | None) -> None:
    assert layout.edition_of(key) == place


def test_what_never_changes_once_it_is_written() -> None:
    permanent = [
        RAW,
        layout.clean("comptages", DAY, EDITION),
        layout.table("comptages", DAY, EDITION, "arcs"),
        layout.history("comptages", DAY, EDITION),
        layout.report_section(DAY, EDITION, "totals"),
    ]
    changing = [
        layout.raw_meta(RAW),
        layout.summary_file("comptages", DAY),
        layout.report_file(DAY, "json"),
        layout.rejects("comptages", DAY, EDITION),
        layout.part("comptages", DAY, "ab" * 32, "r2"),
    ]
    assert all(map(layout.is_permanent, permanent))
    assert not any(map(layout.is_permanent, changing))
