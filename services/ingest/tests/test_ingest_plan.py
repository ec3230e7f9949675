"""What is due, and whether a day is whole: pure functions of what is held and of the time."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityflow.calendar import DAY, days
from cityflow.contracts import Check, Dataset, Holding, Setback, Severity
from cityflow_ingest.asked import of_days
from cityflow_ingest.columns import compare_columns, compare_fields
from cityflow_ingest.holdings import judged
from cityflow_ingest.plan import due_days, newest_day
from cityflow_ingest.tenant import load_tenant

PARIS = load_tenant("paris")
ROADS = PARIS.feeds["comptages-routiers-permanents"]
WORKS = PARIS.feeds["chantiers-perturbants"]
NOW = datetime(2025, 11, 6, 7, tzinfo=UTC)
NEWEST = date(2025, 11, 4)
OLDEST = date(2025, 11, 6) - DAY * 395


def held(day: date, asked_at: datetime = NOW, status: str = "held", rows: int = 240) -> Holding:
    return Holding.model_validate(
        {"dataset": "comptages", "feed": ROADS.name, "day": day, "status": status,
         "rows": 0 if status == "missing" else rows, "key": "raw/x", "asked_at": asked_at}
    )  # fmt: skip


def everything(asked_at: datetime = NOW) -> dict[date, Holding]:
    return {day: held(day, asked_at) for day in days(OLDEST, NEWEST)}


def due(
    holdings: Mapping[date, Holding],
    now: datetime = NOW,
    late: int = 31,
    failed: Mapping[date, Setback] | None = None,
) -> list[date]:
    return due_days(ROADS, holdings, failed or {}, now, late)


def failing(day: date, hours_ago: int = 1) -> Setback:
    at = NOW - timedelta(hours=hours_ago)
    return Setback(dataset="comptages", feed=ROADS.name, day=day, failed_at=at, reason="HTTP 500")


def test_at_first_the_newest_days_and_the_oldest_that_will_be_forgotten_first() -> None:
    found = due({})
    assert found[:14] == [NEWEST - DAY * n for n in range(14)]
    assert found[14:] == [OLDEST + DAY * n for n in range(31)]
    assert len(due({}, late=1000)) == 395 - 2 + 1


def test_nothing_is_due_twice_in_a_day() -> None:
    assert due(everything()) == []


def test_the_next_day_the_changing_ones_are_due_again_and_the_new_one() -> None:
    found = due(everything(), NOW + timedelta(days=1))
    assert found == [NEWEST + DAY - DAY * n for n in range(14)]


def test_a_run_a_little_earlier_than_yesterdays_still_asks() -> None:
    assert len(due(everything(), NOW + timedelta(hours=23))) == 14


@pytest.mark.parametrize("status", ["missing", "short"])
def test_an_old_day_that_lacks_rows_is_due_weekly_while_the_source_has_it(status: str) -> None:
    old = NEWEST - DAY * 100
    holdings = {**everything(), old: held(old, NOW - timedelta(days=6), status)}
    assert due(holdings) == []
    holdings[old] = held(old, NOW - timedelta(days=7), status)
    assert due(holdings) == [old]
    gone = OLDEST - DAY
    assert due({**everything(), gone: held(gone, NOW - timedelta(days=70), status)}) == []


def test_a_day_last_asked_for_while_it_could_change_is_asked_for_once_more() -> None:
    day = NEWEST - DAY * 30
    last_changing = datetime(day.year, day.month, day.day, 7, tzinfo=UTC) + DAY * 15
    holdings = {**everything(), day: held(day, last_changing - DAY)}
    assert due(holdings) == [day]
    assert due({**holdings, day: held(day, last_changing)}) == []


def test_days_that_failed_go_last_the_longest_ago_first() -> None:
    worst, older, newest = OLDEST + DAY, OLDEST, NEWEST
    failed = {day: failing(day, hours) for day, hours in ((worst, 30), (older, 3), (newest, 1))}
    found = due({}, failed=failed)
    assert found[-3:] == [worst, older, newest]
    assert found[:13] == [NEWEST - DAY * n for n in range(1, 14)]
    assert found[13:-3] == [OLDEST + DAY * n for n in range(2, 31)]


def test_a_backlog_keeps_a_quarter_of_its_places_for_what_failed() -> None:
    failed = {day: failing(day) for day in days(OLDEST, OLDEST + DAY * 99)}
    found = due({}, late=20, failed=failed)[14:]
    assert found == [OLDEST + DAY * n for n in (*range(100, 115), *range(5))]
    only = due(everything(), failed=failed)
    assert only == []
    held_but_these = {day: one for day, one in everything().items() if day not in failed}
    assert due(held_but_these, late=20, failed=failed) == [OLDEST + DAY * n for n in range(20)]


def test_always_failing_days_keep_no_other_from_its_turn() -> None:
    """As `daily` goes on: three failures in a row end a feed's turn."""
    bad = {OLDEST + DAY * n for n in range(5)}
    failed: dict[date, Setback] = {}
    holdings = {day: held(day) for day in days(OLDEST + DAY * 40, NEWEST)}
    tried: Counter[date] = Counter()
    clock = count()
    for _ in range(8):
        in_a_row = 0
        for day in due(holdings, failed=failed):
            if in_a_row == 3:
                break
            tried[day] += day in bad
            in_a_row = in_a_row + 1 if day in bad else 0
            if day in bad:
                failed[day] = failing(day, -next(clock))
            else:
                holdings[day] = held(day)
    assert holdings.keys() == set(days(OLDEST, NEWEST)) - bad
    assert max(tried[day] for day in bad) - min(tried[day] for day in bad) <= 1


def test_after_a_long_silence_the_days_since_are_due() -> None:
    later = NOW + timedelta(days=40)
    found = due(everything(), later)
    assert len(found) == 14 + 31
    assert found[0] == NEWEST + DAY * 40
    assert NEWEST + DAY in due(everything(), later, late=60)


def test_a_day_is_one_of_paris() -> None:
    roads = ROADS.days
    assert roads
    assert newest_day(roads, datetime(2025, 11, 5, 22, 59, tzinfo=UTC)) == date(2025, 11, 3)
    assert newest_day(roads, datetime(2025, 11, 5, 23, 1, tzinfo=UTC)) == date(2025, 11, 4)


def test_a_snapshot_is_due_when_its_time_has_passed() -> None:
    today = date(2025, 11, 6)
    assert due_days(WORKS, {}, {}, NOW, 31) == [today]
    before = {date(2025, 11, 5): held(date(2025, 11, 5), NOW - timedelta(hours=19))}
    assert due_days(WORKS, before, {}, NOW, 31) == []
    assert due_days(WORKS, before, {}, NOW + timedelta(hours=1), 31) == [today]


@given(st.dictionaries(st.integers(0, 400), st.tuples(st.integers(0, 500), st.sampled_from(
    ["held", "short", "missing"]))), st.integers(0, 40))  # fmt: skip
def test_what_was_just_asked_for_is_never_due_again_at_once(
    asked: dict[int, tuple[int, str]], late: int
) -> None:
    holdings = {
        NEWEST - DAY * n: held(NEWEST - DAY * n, NOW - timedelta(hours=hours), status)
        for n, (hours, status) in asked.items()
    }
    wanted = due(holdings, late=late)
    assert len(wanted) == len(set(wanted)) <= 14 + late
    again = due({**holdings, **{day: held(day) for day in wanted}}, late=0)
    assert again == []


def test_a_day_without_one_of_its_hours_is_short() -> None:
    around = {NEWEST - DAY * n: held(NEWEST - DAY * n) for n in range(1, 20)}
    assert judged(NEWEST, 240, around) == "held"
    assert judged(NEWEST, 230, around) == "short"
    assert judged(NEWEST, 500, around) == "held"


def test_days_of_23_and_25_hours_are_whole() -> None:
    for day in (date(2025, 3, 30), date(2025, 10, 26)):
        around = {day - DAY * n: held(day - DAY * n) for n in range(1, 9)}
        rows = 230 if day.month == 3 else 240
        assert judged(day, rows, around) == "held"
        assert judged(day, 250, around) == "held"


def test_two_days_say_nothing_about_a_third() -> None:
    around = {NEWEST - DAY * n: held(NEWEST - DAY * n) for n in (1, 2)}
    assert judged(NEWEST, 1, around) == "held"
    far = {NEWEST - DAY * n: held(NEWEST - DAY * n) for n in range(31, 60)}
    assert judged(NEWEST, 1, far) == "held"


FIELDS = frozenset({*ROADS.selected.values(), *ROADS.also_published})


def severity(check: Check) -> Severity:
    assert check.name == "schema"
    return check.severity


def test_known_fields_are_green_others_are_told_and_lost_ones_stop() -> None:
    assert severity(compare_fields(ROADS, FIELDS)) is Severity.GREEN
    more = compare_fields(ROADS, FIELDS | {"vitesse"})
    assert severity(more) is Severity.YELLOW
    assert more.message == "columns gone: none; new: vitesse"
    fewer = compare_fields(ROADS, FIELDS - {"etat_barre"})
    assert severity(fewer) is Severity.YELLOW
    assert "columns gone: etat_barre" in fewer.message
    lost = compare_fields(ROADS, (FIELDS - {"q"}) | {"debit"})
    assert severity(lost) is Severity.RED
    assert lost.message == "required columns are gone: q; also new: debit"


def test_columns_that_arrived_are_compared_with_those_asked_for() -> None:
    columns = frozenset(ROADS.selected)
    assert severity(compare_columns(ROADS, columns)) is Severity.GREEN
    assert severity(compare_columns(ROADS, columns - {"libelle"})) is Severity.GREEN
    assert severity(compare_columns(ROADS, columns | {"x"})) is Severity.YELLOW
    assert severity(compare_columns(ROADS, columns - {"k"})) is Severity.RED
    prim = PARIS.feeds["prim-disruptions"]
    assert severity(compare_columns(prim, frozenset({"id", "applicationperiods", "x"}))) == "green"
    areas = PARIS.feeds["arrondissements"]
    assert severity(compare_columns(areas, frozenset({"c_ar", "l_ar", "geometry"}))) == "green"


@pytest.mark.parametrize("more", [set(), {"station_opening_hours"}])
def test_a_column_that_comes_and_goes_is_neither_new_nor_missed(more: set[str]) -> None:
    feed = load_tenant("paris").feeds["velib-disponibilite-en-temps-reel"]
    columns = {*feed.also_published, *feed.required, *more}
    for check in (compare_fields(feed, columns), compare_columns(feed, columns)):
        assert check.severity is Severity.GREEN, check.message
    assert compare_fields(feed, {*columns, "other"}).message == "columns gone: none; new: other"


def test_of_all_datasets_no_feed_is_asked_for_days_it_cannot_have_yet() -> None:
    first, last = date(2025, 10, 30), date(2025, 11, 5)
    newest = {one.feed.name: one.days[-1] for one in of_days(PARIS, None, first, last, NOW)}
    assert newest[ROADS.name] == NEWEST
    assert newest["open-meteo-archive"] == date(2025, 10, 31)
    assert "open-meteo-archive" not in {
        one.feed.name for one in of_days(PARIS, None, date(2025, 11, 1), last, NOW)
    }
    (named,) = of_days(PARIS, Dataset.COMPTAGES, first, last, NOW)
    assert named.days[-1] == last
