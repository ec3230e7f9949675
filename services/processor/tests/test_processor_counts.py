"""Every row that came in is counted once: published, rejected, a duplicate, or out of range."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processor_house import Ended, House, a_house, row, stamps, state_text, text_of
from processor_slow_read import hour_end, service_day

Command = Callable[..., Ended]
Row = dict[str, str | None]
DAY = date(2025, 3, 29)
DAYS = tuple(DAY + timedelta(days=n) for n in range(4))  # the second one has 23 hours
SPRING = "2025-03-30 02:00:00"  # an hour that did not exist
NOWHEN = ("soon", "2025-03-29 05:30:00", SPRING)
EMPTY: Row = {"q": None, "k": None}
STAR: Row = {"iu_ac": "*"}


@st.composite
def a_row(draw: st.DrawFn) -> Row:
    """A row, maybe one that breaks the contract, that has no time, or an hour that was not."""
    k = draw(st.sampled_from((None, "2.5", "31.0")))
    values = {"iu_ac": draw(st.sampled_from(("1", "2"))), "q": "7", "k": k}
    values["t_1h"] = draw(st.sampled_from([s for day in DAYS for s in stamps(day, 0, 5)]))
    values["etat_trafic"] = state_text(k)
    odd: tuple[Row, ...] = ({}, {}, {}, STAR, {"q": "-1"}, {"k": "101"},
                            *({"t_1h": text} for text in NOWHEN),
                            EMPTY | {"t_1h": SPRING})  # fmt: skip
    return row(**values) | draw(st.sampled_from(odd))


def day_of(one: Row) -> date | None:
    end = None if one["t_1h"] in NOWHEN else hour_end(one["t_1h"] or "")
    return service_day(end) if end else None


def is_placeholder(one: Row) -> bool:
    return one["t_1h"] == SPRING and one["q"] is None


def is_good(one: Row) -> bool:
    return (
        day_of(one) is not None and one["iu_ac"] != "*" and one["q"] != "-1" and one["k"] != "101"
    )


FILES = st.lists(st.lists(a_row(), min_size=1, max_size=25), min_size=1, max_size=3)
BOUNDS = st.none() | st.integers(-1, 4)


@settings(max_examples=15, deadline=None)
@given(FILES, BOUNDS, BOUNDS, st.sampled_from((1, 3, None)))
def test_every_row_is_counted_once(
    drawn: list[list[Row]], first: int | None, last: int | None, chunk_rows: int | None
) -> None:
    asked = [None if n is None else DAY + timedelta(days=n) for n in (first, last)]
    # No two files are the same bytes: each begins with an hour of its own.
    files = [[row(t_1h=stamps(DAY, 10 + n)[0]), *rows] for n, rows in enumerate(drawn)]
    with a_house() as house:
        for rows in files:
            house.receive(text_of(rows))
        result = house.process(*asked, chunk_rows=chunk_rows)
    days = {done.day for done in result.days}
    held = [rows for rows in files if asked == [None, None] or days & {day_of(one) for one in rows}]
    rows = [one for rows in held for one in rows if not is_placeholder(one)]
    inside = [one for one in rows if day_of(one) in {None, *days}]
    counts = result.counts
    assert result.files == len(held)
    assert counts.rows_in == sum(map(len, held))
    assert counts.published + counts.duplicates == sum(is_good(one) for one in inside)
    assert counts.rejected == sum(not is_good(one) for one in inside)
    assert counts.out_of_range == counts.rows_in - len(inside)
    parts = (counts.published, counts.rejected, counts.duplicates, counts.out_of_range)
    assert counts.rows_in == sum(parts)


def test_a_day_of_rejects_alone_is_published_as_one_without_data(
    house: House, command: Command
) -> None:
    bad = [row(t_1h=stamp, **fault) for stamp in stamps(DAY, 0, 1) for fault in ({"q": "-1"}, STAR)]
    house.receive(text_of([*bad, row(t_1h=stamps(DAYS[2], 5)[0])]))
    for ended in (command("backfill", "--json"), command("run", "--date", DAY, "--json")):
        assert ended.code == 0
        counts = ended.counts
        assert counts["rejected_by_reason"] == {"negative_flow": 2, "phantom_arc": 2}
        assert (counts["rows_in"], counts["rejected"]) == (5, 4)
        assert counts["published"] + counts["out_of_range"] == 1
        assert counts["days_without_data"] == counts["days"] - counts["published"]
    summary = house.summary(DAY)
    assert (summary["status"], summary["quality"]["rows_in"]) == ("no_data", 4)
    assert house.check(DAY, "schema")[0] == "yellow"
    assert [reject["reason"] for reject in house.table(DAY, "rejects")].count("negative_flow") == 2


def test_a_day_of_phantoms_alone_is_published_as_one_without_data(house: House) -> None:
    house.receive(text_of([row(t_1h=stamp, **STAR) for stamp in stamps(DAY, *range(24))]))
    counts = house.counts()
    assert (counts["rows_in"], counts["rejected"], counts["days_without_data"]) == (24, 24, 1)
    assert house.summary(DAY)["status"] == "no_data"
    assert house.check(DAY, "schema")[0] == "green"


def test_a_red_day_is_not_one_without_data(house: House) -> None:
    rejects = [row(t_1h=stamp, q="-1") for stamp in stamps(DAY, *range(24))]
    house.receive(text_of(rejects))
    counts = house.counts()
    assert (counts["days_without_data"], counts["editions"]["red"]) == (0, 1)
    assert (counts["rows_in"], counts["rejected"]) == (24, 24)
    assert house.pointer(DAY) is None


@pytest.mark.parametrize("first", ["rejects", "figures"])
def test_rejects_alone_never_take_the_place_of_figures(house: House, first: str) -> None:
    figures = text_of([row(t_1h=stamp) for stamp in stamps(DAY, *range(20))])
    rejects = text_of([row(t_1h=stamp, q="-1") for stamp in stamps(DAY, 21, 22)])
    for content in (rejects, figures) if first == "rejects" else (figures, rejects):
        house.receive(content)
        house.process()
    assert house.summary(DAY)["totals"]["flow_hours"] == 20
