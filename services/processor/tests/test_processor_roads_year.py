"""What a year tells of the arcs: volumes, rhythm, reliability, against a slow implementation."""

import random
from datetime import date, timedelta

import numpy as np
import polars as pl
import processor_roads_year_slow as slow
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from cityflow.calendar import DayType, day_type, hour_ends
from cityflow.calendar import days as day_range
from cityflow_processor.roads.reliability import Indices, reliability, reliable, thousandths
from cityflow_processor.roads.volumes import (
    RHYTHMS,
    MonthFlows,
    arcs_table,
    month_before,
    year_comparison,
)

MONTH = date(2025, 11, 1)
SHAPES = {
    "flat": [0.5] * 5 + [1.0] * 19,
    "morning": [0.3] * 7 + [2.0] * 3 + [1.0] * 14,
    "evening": [0.3] * 7 + [1.0] * 9 + [2.0] * 4 + [0.5] * 4,
    "both": [0.3] * 7 + [2.0] * 3 + [1.0] * 6 + [2.0] * 4 + [0.5] * 4,
    "night": [2.0] * 4 + [1.0] * 20,
}


def invented(first: date, last: date, seed: int) -> dict[str, dict[date, dict[int, int]]]:
    """Arcs of every rhythm; some lack hours, one most days, one is there for eight months only.

    The Sunday on which spring takes an hour away has none from 02 to 03."""
    chance, found = random.Random(seed), {}
    for number in range(15):
        shape = list(SHAPES.values())[number % len(SHAPES)]
        kept = 0.25 if number == 7 else 0.97
        found[f"{number:02d}"] = {
            day: {
                hour: int(300 * shape[hour] * chance.uniform(0.8, 1.2) * (1 + 0.4 * is_free))
                for hour in range(24)
                if chance.random() < kept and not (hour == 2 and len(hour_ends(day)) == 23)
            }
            for day in day_range(first, last)
            if (is_free := number == 5 and day.weekday() >= 5) or number != 9 or day.month < 9
        }
    return found


def month_flows(month: date, arcs: dict[str, dict[date, dict[int, int]]]) -> MonthFlows:
    names = sorted(arc for arc in arcs if any(arcs[arc].get(d) for d in slow.days_of(month)))
    flow, hours = (np.zeros((len(names), 7, 24), dtype=np.int64) for _ in range(2))
    for at, arc in enumerate(names):
        for day in slow.days_of(month):
            for hour, value in arcs[arc].get(day, {}).items():
                flow[at, day.weekday(), hour] += value
                hours[at, day.weekday(), hour] += 1
    return MonthFlows(names, flow, hours)


def tables(
    months: list[date], arcs: dict[str, dict[date, dict[int, int]]]
) -> dict[date, pl.DataFrame]:
    """By the month that each is about, made one after the other."""
    unknown = pl.DataFrame(schema={"arc_id": pl.String, "is_reliable": pl.Int64})
    found: dict[date, pl.DataFrame] = {}
    for month in months:
        made = arcs_table(month_before(month, -1), month_flows(month, arcs), found, unknown)
        found[month] = made
    return found


def same(found: float | None, expected: float | None) -> None:
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-9))


def test_volumes_and_rhythms_agree_with_the_slow_way() -> None:
    arcs = invented(date(2024, 11, 1), date(2025, 10, 31), seed=4)
    year = [month_before(MONTH, back) for back in range(12, 0, -1)]
    rows = {row["arc_id"]: row for row in tables(year, arcs)[year[-1]].to_dicts()}
    assert rows.keys() == arcs.keys()
    for arc, flows in arcs.items():
        present, annual = slow.aadt(year, flows)
        assert rows[arc]["months_present"] == present
        same(rows[arc]["aadt_veh"], annual)
        same(rows[arc]["madt_veh"], slow.madt(year[-1], flows))
        assert rows[arc]["rhythm"] == slow.rhythm(year[-1], flows), arc
    assert {row["rhythm"] for row in rows.values()} == set(RHYTHMS)
    assert rows["09"]["months_present"] == 8 and rows["09"]["aadt_veh"] is None


def test_reliability_agrees_with_the_slow_way() -> None:
    chance = random.Random(6)
    days = list(day_range(MONTH - timedelta(days=365), MONTH - timedelta(days=1)))
    kinds = {DayType.SATURDAY, DayType.SUNDAY, DayType.PUBLIC_HOLIDAY}
    free = {day for day in days if day_type(day) in kinds}
    names = ["a", "b", "c"]
    values = {
        arc: {
            day: {h: 1 + chance.expovariate(1 + at) % 5 for h in range(24) if chance.random() < 0.8}
            for day in (days[-20:] if arc == "c" else days)
        }
        for at, arc in enumerate(names)
    }
    held: dict[date, Indices] = {}
    for day in days:
        held[day] = np.zeros((3, 14), dtype=np.uint16)
        for at, arc in enumerate(names):
            for hour, tti in values[arc].get(day, {}).items():
                if 6 <= hour < 20:
                    held[day][at, hour - 6] = thousandths(np.array([tti]))[0]
    windows = {length: MONTH - timedelta(days=length) for length in (28, 365)}
    table = reliability(names, held, windows)
    rows = {(r["arc_id"], r["window_days"], r["period"]): r for r in table.to_dicts()}
    expected = {
        (arc, window, period): figures
        for arc in names
        for window in windows
        for period, figures in slow.reliability(values[arc], MONTH, window, free).items()
    }
    assert rows.keys() == expected.keys()
    for key, figures in expected.items():
        for name, value in figures.items():
            assert rows[key][name] == pytest.approx(value, rel=1e-9), (key, name)
    whole = dict(reliable(table).iter_rows())
    for arc in names:
        lottr = [expected[key]["lottr"] for key in expected if key[:2] == (arc, 365)]
        assert whole[arc] == int(all(one < 1.5 for one in lottr))


def test_a_year_is_compared_with_the_one_before_on_arcs_that_counted_in_both() -> None:
    arcs = invented(date(2023, 11, 1), date(2025, 10, 31), seed=5)
    months = [month_before(MONTH, back) for back in range(24, 0, -1)]
    held = tables(months, arcs)
    found = year_comparison(MONTH, held)
    now, then = slow.year(months[12:], arcs), slow.year(months[:12], arcs)
    panel = sorted(now.keys() & then.keys())
    assert found is not None and 10 <= len(panel) < len(arcs)
    assert found.panel_arcs == len(panel)
    change = sum(now[arc] for arc in panel) / sum(then[arc] for arc in panel) - 1
    assert found.change == pytest.approx(change, rel=1e-9)
    assert (found.first_day, found.last_day) == (date(2024, 11, 1), date(2025, 10, 31))
    few = {month: one.head(9) for month, one in held.items()}
    assert year_comparison(MONTH, few) is None
    assert year_comparison(MONTH, {month: held[month] for month in months[12:]}) is None


@of_hypothesis(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 13), st.integers(1000, 6000)), max_size=60))
def test_few_hours_are_silent_and_percentiles_are_in_order(
    drawn: list[tuple[int, int]],
) -> None:
    days = list(day_range(date(2025, 9, 1), date(2025, 9, 30)))
    held = {day: np.zeros((2, 14), dtype=np.uint16) for day in days}
    for at, (hour, value) in enumerate(drawn):
        held[days[at % len(days)]][0, hour] = value
    table = reliability(["a", "silent"], held, {28: days[2], 365: days[0]})
    assert set(table["arc_id"].to_list()) <= {"a"}
    for row in table.to_dicts():
        assert row["hours"] >= 10
        assert 1 <= row["tti_p50"] <= row["tti_p80"] <= row["tti_p95"] <= 6
        assert row["lottr"] >= 1
