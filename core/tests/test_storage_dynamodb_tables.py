"""Where documents stand in DynamoDB."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityflow.storage import DocumentId
from cityflow.storage.dynamodb_tables import TYPES, TableNames, bounds, key_of, sort_of

NAMES = TableNames("metrics", "reports", "runs")
NAME = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("type", "table"),
    [
        ("pointer/comptages", "metrics"),
        ("edition/comptages", "metrics"),
        ("edition/referentiel", "metrics"),
        ("history/comptages", "metrics"),
        ("pointer/report", "reports"),
        ("edition/report", "reports"),
        ("run", "runs"),
        ("running", "runs"),
        ("lease", "runs"),
        ("raw/comptages", "runs"),
        ("content/comptages", "runs"),
        ("outside", "runs"),
        ("holding/comptages", "runs"),
        ("setback/comptages", "runs"),
        ("source", "runs"),
        ("processed", "runs"),
    ],
)
def test_the_type_of_a_document_names_its_table(type: str, table: str) -> None:
    assert NAMES.of(type) == table


@given(st.dates(), NAME, st.dates(), NAME)
def test_sort_keys_are_in_the_order_of_day_and_key(
    day: date, key: str, other_day: date, other_key: str
) -> None:
    one, other = sort_of(day, key).encode(), sort_of(other_day, other_key).encode()
    assert (one < other) == ((day, key.encode()) < (other_day, other_key.encode()))


@given(st.dates(), NAME, st.none() | st.dates(), st.none() | st.dates())
def test_bounds_hold_the_days_and_no_other(
    day: date, key: str, first: date | None, last: date | None
) -> None:
    low, high = bounds(first, last)
    within = (first or date.min) <= day <= (last or date.max)
    assert (low.encode() <= sort_of(day, key).encode() <= high.encode()) == within


@given(NAME)
def test_no_document_stands_among_the_types(type: str) -> None:
    assert key_of(DocumentId(type, date(2025, 1, 1), "x")).pk != TYPES
