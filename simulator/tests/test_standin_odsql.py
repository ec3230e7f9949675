"""Clauses of ODSQL: any text is understood or refused, and conditions mean what they say."""

import operator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityflow_simulator.odsql.bounds import bounds_of
from cityflow_simulator.odsql.compiling import Compiler
from cityflow_simulator.odsql.moments import span_of
from cityflow_simulator.odsql.parser import parse_order, parse_select, parse_where
from cityflow_simulator.odsql.tree import OdsqlError
from cityflow_simulator.published.fields import Field, frame_of

FIELDS = (
    Field("name", "Nom"),
    Field("n", "N", "double"),
    Field("at", "Heure", "datetime"),
    Field("day", "Jour", "date"),
)
PARIS = ZoneInfo("Europe/Paris")
COMPILER = Compiler({field.name: field for field in FIELDS}, PARIS)
START = datetime(2025, 10, 25, 20, tzinfo=UTC)
HOURS = [START + timedelta(hours=n) for n in range(12)]
RECORDS = frame_of(
    FIELDS,
    {
        "name": ["a", "b", None, "it's"] * 3,
        "n": [1.0, None, 0.0, 2.5] * 3,
        "at": [*HOURS[:-1], None],
        "day": [hour.date() for hour in HOURS],
    },
)
WORDS = ("name", "n", "at", "day", "and", "or", "not", "in", "is", "null", "like", "(", ")", "=",
         "!=", ">", "<=", ",", "[", "]", "..", "'a'", "1", "-2.5", "date'2025-10-26'", "count(*)",
         "hour(at)", "as", "desc", "*", "`", "'")  # fmt: skip


@given(clause=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_any_text_is_understood_or_refused(clause: str) -> None:
    for parse in (parse_select, parse_order):
        try:
            parse(clause)
        except OdsqlError as error:
            assert str(error)
    try:
        condition = parse_where(clause)
        RECORDS.filter(COMPILER.condition(condition))
    except OdsqlError as error:
        assert str(error)


COMPARISONS = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
               "<=": operator.le}  # fmt: skip
simple = st.tuples(st.sampled_from(list(COMPARISONS)), st.sampled_from([0, 1, 2.5, 7]))


@given(one=simple, other=simple, joined=st.sampled_from(["and", "or"]), negated=st.booleans())
def test_conditions_mean_what_they_say(
    one: tuple[str, float], other: tuple[str, float], joined: str, negated: bool
) -> None:
    clause = f"n {one[0]} {one[1]} {joined} n{other[0]}{other[1]}"
    clause = f"not ({clause})" if negated else clause
    kept = RECORDS.filter(COMPILER.condition(parse_where(clause)))["n"].to_list()

    def holds(value: float | None) -> bool:
        sides = [
            value is not None and COMPARISONS[sign](value, limit) for sign, limit in (one, other)
        ]
        return (all if joined == "and" else any)(sides) != negated

    assert kept == [value for value in RECORDS["n"].to_list() if holds(value)]


@given(
    bounds=st.lists(
        st.tuples(st.sampled_from(["=", ">", ">=", "<", "<="]), st.sampled_from(HOURS)),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_bounds_leave_nothing_out_and_exact_ones_nothing_in(
    bounds: list[tuple[str, datetime]],
) -> None:
    clause = " and ".join(
        f"at {sign} date'{hour.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" for sign, hour in bounds
    )
    condition = parse_where(clause)
    kept = RECORDS.filter(COMPILER.condition(condition))["at"].to_list()
    found = bounds_of(condition, "at", COMPILER)
    assert found.exact
    assert kept == [at for at in RECORDS["at"].to_list() if at and found.hold(at, at)]
    wider = bounds_of(parse_where(f"{clause} and n > 0"), "at", COMPILER)
    assert not wider.exact and (wider.start, wider.end) == (found.start, found.end)
    assert bounds_of(parse_where(f"{clause} or n > 0"), "at", COMPILER).touch(HOURS[0], HOURS[0])


@pytest.mark.parametrize(
    ("text", "start", "seconds"),
    [
        ("2025-10-26", "2025-10-25T22:00:00+00:00", 25 * 3600),
        ("2025/3/30", "2025-03-29T23:00:00+00:00", 23 * 3600),
        ("2025-10", "2025-09-30T22:00:00+00:00", (31 * 24 + 1) * 3600),
        ("2025", "2024-12-31T23:00:00+00:00", 365 * 86_400),
        ("2025-12", "2025-11-30T23:00:00+00:00", 31 * 86_400),
        ("2025-10-26T02:30:15", "2025-10-26T00:30:15+00:00", 1),
        ("2025-10-26 05:00", "2025-10-26T04:00:00+00:00", 60),
        ("2025-10-26T05", "2025-10-26T04:00:00+00:00", 3600),
        ("2025-10-26T05:00:00Z", "2025-10-26T05:00:00+00:00", 1),
        ("2025-10-26T05:00:00+05:30", "2025-10-25T23:30:00+00:00", 1),
    ],
)
def test_spans_of_date_literals(text: str, start: str, seconds: int) -> None:
    first, after = span_of(text, PARIS)
    assert (first.isoformat(), (after - first).total_seconds()) == (start, seconds)


@pytest.mark.parametrize("text", ["", "26-10-2025", "2025-13-01", "2025-02-30", "9999-12-31", "x"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(OdsqlError, match="Invalid date literal"):
        span_of(text, PARIS)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("day = date'2025-10-25'", 4),
        ("day > date'2025-10-25'", 8),
        ("day <= '2025-10-25'", 4),
        ("day != date'2025-10-25'", 8),
        ("day(day) = 26 and month(day) = 10 and year(day) = 2025", 8),
        ("hour(at) = 2", 2),
        ("date_format(at, 'yyyy-MM-dd HH:mm') = '2025-10-26 04:00'", 1),
        ("at != date'2025-10-25T20:00:00Z'", 11),
        ("at is null", 1),
        ("at is not null and n in [0 .. 1]", 6),
        ("n in ]0 .. 2.5[", 3),
        ("n in [0 TO 1[", 3),
        ("name not in ('a', 'b')", 6),
        ("name not like 'IT'", 9),
        ("not (name = 'a' or name = 'b')", 6),
        ("n > -1 AND NOT n = 1", 6),
        ("name: 'a'", 3),
        ("n <> 1", 9),
    ],
)
def test_conditions_on_every_type(clause: str, expected: int) -> None:
    assert len(RECORDS.filter(COMPILER.condition(parse_where(clause)))) == expected


@pytest.mark.parametrize(
    "clause",
    ["n = true", "at = 3", "n like 'x'", "hour(name) = 1", "date_format(at, 'w') = 'x'", "n",
     "1 = 1", "n is", "n is not", "n not", "n in", "n in [1", "n in [1 .. 2", "n in (1",
     "count(*) = 1", "(n = 1", "n = 1)", "hour() = 1", "speed is null",
     "n in ('x')", "at in [date'x' .. date'y']"],
)  # fmt: skip
def test_conditions_that_mean_nothing_are_refused(clause: str) -> None:
    with pytest.raises(OdsqlError):
        COMPILER.condition(parse_where(clause))


def test_texts_may_hold_quotes_and_names_may_be_quoted() -> None:
    for clause in ("name = 'it\\'s'", 'name = "it\'s"', "`name` in ('it\\'s', 'zz')"):
        kept = RECORDS.filter(COMPILER.condition(parse_where(clause)))
        assert kept["name"].to_list() == ["it's"] * 3


PARAMETERS = ("select", "where", "group_by", "order_by", "refine", "timezone", "limit", "delimiter")
CLAUSES = ("l_ar", "c_ar > 3",
           "count(*)", "geom", "max(geom)", "date_format(l_ar,'x')", "count(l_ar)",
           "c_ar like 'x'", "l_ar desc", "min(c_ar)", "hour(c_ar)", "l_ar:1", "geom is null",
           "c_ar in (1,'a')", "l_ar = geom", "sum(count(*))", "c_ar,c_ar", "*, *")  # fmt: skip


@pytest.mark.parametrize("path", ["records", "exports/csv", "exports/parquet"])
@settings(max_examples=60, deadline=None)
@given(
    params=st.dictionaries(
        st.sampled_from(PARAMETERS), st.sampled_from(CLAUSES) | st.text(max_size=9), min_size=1,
        max_size=3,
    )
)  # fmt: skip
def test_no_parameter_ends_in_a_500(running: Any, path: str, params: dict[str, str]) -> None:
    answer = running.explore(f"arrondissements/{path}", **params)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert set(answer.json()) == {"message", "error_code"}
