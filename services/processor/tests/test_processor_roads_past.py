"""A day of the roads beside earlier ones: golden days against a slow implementation, properties."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import processor_roads_past_slow as slow
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from test_processor_roads import AUTUMN, ORDINARY, SPRING, Arc, calibration_of, counts, starts_of

from cityflow.calendar import days as day_range
from cityflow.contracts.roads import RoadsTypical
from cityflow_processor.roads.before import Before, Other, looks, nothing_before
from cityflow_processor.roads.measure import Analysed, analyse
from cityflow_processor.roads.thresholds import limits

Flows = dict[str, dict[int, int]]


def town(day: date, count: int, seed: int) -> list[Arc]:
    """Arcs around a ring of nodes, with habits of their own; some are odd today."""
    chance, starts = random.Random(seed), starts_of(day)
    arcs: list[Arc] = []
    for number in range(count):
        level = 40 + 30 * (number % 25)
        flow: list[int | None] = [int(level * (1 + 0.1 * chance.gauss(0, 1))) for _ in starts]
        first = chance.randrange(6, 16)
        queue = range(first, first + 5) if chance.random() < 0.5 else ()
        occupancy: list[float | None] = [
            round(chance.uniform(*((28, 60) if at in queue else (3, 17))), 5)
            for at in range(len(starts))
        ]
        if number % 5 == 1:
            flow[9:13] = [int(level * chance.uniform(0.2, 2.2)) for _ in range(4)]
        if number % 7 == 2:
            flow[10:12] = [0, 0]
        if number % 9 == 4:
            flow[14], occupancy[15] = None, None
        arcs.append(
            {
                "id": f"{number:03d}", "label": f"Rue_{number % 11}", "zone": str(1 + number % 3),
                "length_m": 150.0 + number, "flow": flow, "occupancy": occupancy,
                "from": f"n{number % 20}", "to": f"n{(number * 7 + 3) % 20}",
            }
        )  # fmt: skip
    return arcs


def earlier(arcs: list[Arc], count: int, seed: int, busy: float = 1) -> list[Flows]:
    """Sound flows of earlier days, so many times as busy: holes, and arcs that lack whole days."""
    chance = random.Random(seed)
    return [
        {
            arc["id"]: {
                hour: max(
                    0,
                    int((40 + 30 * (int(arc["id"]) % 25)) * busy * (1 + 0.1 * chance.gauss(0, 1))),
                )
                for hour in range(24)
                if chance.random() < 0.93
            }
            for arc in arcs
            if chance.random() < 0.85 - 0.5 * (int(arc["id"]) % 6 == 0)
        }
        for _ in range(count)
    ]


def stacked(arcs: list[Arc], days: list[Flows]) -> np.ndarray[Any, Any]:
    found = np.full((len(days), len(arcs), 24), np.nan, dtype=np.float32)
    for at, flows in enumerate(days):
        for place, arc in enumerate(arcs):
            for hour, flow in flows.get(arc["id"], {}).items():
                found[at, place, hour] = flow
    return found


def before(arcs: list[Arc], same: list[Flows], group: list[Flows]) -> Before:
    return replace(nothing_before(len(arcs)), same=stacked(arcs, same), group=stacked(arcs, group))


def analysed(day: date, arcs: list[Arc], past: Before) -> Analysed:
    free = {arc["id"]: 0.004 + 0.001 * (at % 30) for at, arc in enumerate(arcs) if at % 5}
    return analyse(day, counts(day, arcs), calibration_of(free), past)


@pytest.mark.parametrize("day", [ORDINARY, SPRING, AUTUMN], ids=["24h", "23h", "25h"])
def test_typical_day_bands_and_anomalies_agree_with_the_slow_way(day: date) -> None:
    arcs = town(day, 60, seed=day.toordinal())
    same, group = earlier(arcs, 6, 2, busy=0.9), earlier(arcs, 8, 3, busy=0.9)
    found, starts = analysed(day, arcs, before(arcs, same, group)), starts_of(day)
    expected = slow.hours(arcs, starts, same, group)
    rows = found.tables["hours"].to_dicts()
    ends = sorted(set(counts(day, arcs).arc_hours["hour_end"].to_list()))
    assert [(row["arc_id"], ends.index(row["hour_end"])) for row in rows] == sorted(expected)
    for row in rows:
        other = expected[row["arc_id"], ends.index(row["hour_end"])]
        assert (row["flow_veh"], row["band"]) == (other["flow"], other["band"])
        assert (row["typical_flow_veh"], row["typical_from"]) == (other["typical"], other["from"])
        if other["typical"] is not None:
            assert row["typical_days"] == other["days"]
            assert row["spread_veh"] == pytest.approx(other["spread"], rel=1e-9)
            assert row["deviation"] == pytest.approx(other["z"], rel=1e-9)
    assert {row["typical_from"] for row in rows} == {"day_type", "group", "none"}
    seen = [
        (row["arc_id"], ends.index(row["start"] + timedelta(hours=1)), row["hours"],
         row["direction"])
        for row in found.tables["anomalies"].to_dicts()
    ]  # fmt: skip
    busy = slow.level(expected, len(starts))
    assert seen == slow.episodes(expected, arcs, len(starts), busy)
    assert {one[3] for one in seen} == {"less", "more"}
    assert busy > 1.1 and len(seen) < len(slow.episodes(expected, arcs, len(starts), 1))
    bands = [[expected[arc, at + one]["band"] for one in range(run)] for arc, at, run, _ in seen]
    assert all("exceptional" in own for own in bands) and any("unusual" in own for own in bands)
    against = found.blocks["totals"]
    known = [one for one in expected.values() if one["typical"] is not None]
    assert (against.flow_hours, against.compared_hours) == (len(expected), len(known))
    assert against.compared_flow_veh == sum(one["flow"] for one in known)
    assert against.typical_flow_veh == sum(one["typical"] for one in known)
    assert against.exceptional_hours == sum(one["band"] == "exceptional" for one in known)
    for parts in (found.blocks["hourly"], found.blocks["arrondissements"]):
        flows = [part.compared_flow_veh or 0 for part in parts]
        assert sum(flows) == against.compared_flow_veh


def test_two_empty_hours_where_fifty_are_typical_are_stuck_at_zero() -> None:
    arcs = town(ORDINARY, 30, seed=5)
    same = earlier(arcs, 8, seed=6)
    statuses = dict(
        analysed(ORDINARY, arcs, before(arcs, same, []))
        .tables["health"]
        .select("arc_id", "status")
        .iter_rows()
    )
    starts = starts_of(ORDINARY)
    for arc in arcs:
        usual = [slow.centre(arc["id"], start, same, []) for start in starts]
        middles = [one[2] if one else None for one in usual]
        assert statuses[arc["id"]] == slow.status(arc, starts, middles), arc["id"]
    assert "stuck_zero" in statuses.values()
    alone = analysed(ORDINARY, arcs, nothing_before(len(arcs))).tables["health"]
    assert "stuck_zero" not in alone["status"].to_list()


def test_a_day_is_compared_with_another_on_the_arcs_that_both_have() -> None:
    arcs = town(ORDINARY, 40, seed=8)
    (then,) = earlier(arcs, 1, seed=9)
    other = Other("last_week", ORDINARY - timedelta(days=7), stacked(arcs, [then])[0])
    found = analysed(ORDINARY, arcs, replace(nothing_before(len(arcs)), others=(other,)))
    now: Flows = {}
    for row in found.tables["hours"].to_dicts():
        now.setdefault(row["arc_id"], {})[row["hour_of_day"]] = row["flow_veh"]
    (seen,) = found.blocks["comparisons"]
    for name, value in slow.compared(now, then, 24, 24).items():
        assert getattr(seen, name) == pytest.approx(value, rel=1e-9), name
    few = town(ORDINARY, 8, seed=8)
    short = replace(other, flow=other.flow[:8])
    silent = analysed(ORDINARY, few, replace(nothing_before(8), others=(short,)))
    assert silent.blocks["comparisons"] == []


def test_bottlenecks_begin_where_a_congested_arc_ends_in_a_free_one() -> None:
    arcs = town(ORDINARY, 40, seed=11)
    active = np.arange(len(arcs)) % 3
    found = analysed(ORDINARY, arcs, replace(nothing_before(len(arcs)), active_days=active))
    index = {(r["arc_id"], r["hour_end"]): r for r in found.tables["index"].to_dicts()}
    ends = sorted(set(counts(ORDINARY, arcs).arc_hours["hour_end"].to_list()))
    nothing = {"occupancy": [None] * 24}
    sound = [arc if slow.reasons(arc, starts_of(ORDINARY)) == [] else arc | nothing for arc in arcs]
    expected = slow.bottlenecks(sound, 24)
    rows = found.tables["bottlenecks"].to_dicts()
    assert {row["arc_id"] for row in rows} == expected.keys() and len(rows) > 3
    for row in rows:
        hours = expected[row["arc_id"]]
        sizes = [len(queue) for queue in hours.values()]
        each = [(arc, ends[at]) for at, queue in hours.items() for arc in queue]
        delays = [index[one]["delay_ref_veh_h"] for one in each if one in index]
        assert row["hours"] == len(hours)
        assert row["start"] == ends[min(hours)] - timedelta(hours=1)
        assert row["extent_arcs"] == slow.percentile(sizes, 0.5)
        assert row["active_days"] == active[int(row["arc_id"])] + 1
        assert row["delay_hours"] == len(delays)
        assert (row["delay_ref_veh_h"] or 0) == pytest.approx(sum(delays), rel=1e-9)
    weights = [(row["delay_ref_veh_h"] or 0) * row["active_days"] for row in rows]
    assert weights == sorted(weights, reverse=True)
    assert any(row["extent_arcs"] > 1 for row in rows)


def test_imputed_hours_stand_beside_the_counts_and_only_if_asked_for() -> None:
    arcs = [arc | {"label": f"Rue_{int(arc['id']) % 3}"} for arc in town(ORDINARY, 40, seed=21)]
    for arc in arcs[::4]:
        arc["flow"] = [None if at % 3 else flow for at, flow in enumerate(arc["flow"])]
    same, starts = earlier(arcs, 6, seed=22), starts_of(ORDINARY)
    past = before(arcs, same, [])
    off = analysed(ORDINARY, arcs, past)
    assert "imputed" not in off.tables and off.blocks["expanded"] is None
    with patch.dict(limits().values, impute="1"):
        on = analysed(ORDINARY, arcs, past)
    usual = {
        (arc["id"], at): one[2]
        for arc in arcs
        for at, start in enumerate(starts)
        if (one := slow.centre(arc["id"], start, same, [])) is not None
    }
    rows = slow.hours(arcs, starts, same, [])
    expected = slow.imputed(arcs, rows, usual, len(starts))
    seen = {
        (row["arc_id"], row["hour_of_day"]): (row["imputed_from"], row["imputed_flow_veh"])
        for row in on.tables["imputed"].to_dicts()
    }
    assert seen.keys() == expected.keys()
    for key, (source, flow) in expected.items():
        assert seen[key] == (source, pytest.approx(flow, rel=1e-9)), key
    assert {source for source, _ in seen.values()} == {"neighbours", "zone"}
    whole = on.blocks["expanded"]
    assert whole.observed_flow_veh == sum(row["flow"] for row in rows.values())
    assert whole.imputed_hours == len(expected)
    assert on.blocks["totals"] == off.blocks["totals"]
    for name, table in off.tables.items():
        assert table.to_dicts() == on.tables[name].to_dicts(), name


def test_the_days_looked_at_are_of_the_same_type_and_none_is_of_the_future() -> None:
    held = list(day_range(date(2024, 9, 1), date(2025, 12, 31)))
    found = looks(date(2025, 10, 14), held)
    assert [day.weekday() for day in found.same] == [1] * 8
    assert all(day < date(2025, 10, 14) and day.weekday() < 5 for day in found.group)
    assert dict(found.others) == {
        "last_week": date(2025, 10, 7),
        "last_year": date(2024, 10, 15),
    }
    assert len(found.working) == 19
    first = looks(date(2025, 10, 14), [])
    assert first.days == []
    assert looks(date(2025, 11, 11), held).same == (date(2025, 11, 1),)
    autumn = looks(date(2025, 10, 20), held)
    assert autumn.same == autumn.group == ()  # the holidays before were in August
    saturday = looks(date(2025, 10, 18), held).same
    assert (len(saturday), saturday[0]) == (7, date(2025, 8, 30))
    assert looks(date(2025, 9, 1), held).same[-1] < date(2025, 7, 5)  # a Monday of June


_FLOW = st.one_of(st.none(), st.integers(0, 6000))


@of_hypothesis(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(_FLOW, min_size=24, max_size=24), min_size=1, max_size=4),
    st.integers(0, 9),
    st.integers(0, 2**32),
)
def test_silent_arcs_change_nothing_and_nothing_is_nan(
    flows: list[list[int | None]], count: int, seed: int
) -> None:
    arcs: list[Arc] = [
        {"id": f"{at:03d}", "label": "Rue", "zone": "1", "length_m": 90.0, "flow": flow,
         "occupancy": [31.0 + (hour % 3) for hour in range(24)], "from": f"{at}", "to": f"{at + 1}"}
        for at, flow in enumerate(flows)
    ]  # fmt: skip
    nothing: list[None] = [None] * 24
    silent = [arcs[0] | {"id": f"s{n}", "flow": nothing, "occupancy": nothing} for n in range(2)]
    days = earlier(arcs, count, seed)
    found = analysed(ORDINARY, arcs, before(arcs, days, days))
    more = analysed(ORDINARY, [*arcs, *silent], before([*arcs, *silent], days, days))
    for name in ("hours", "arc_days", "anomalies", "bottlenecks"):
        table = found.tables[name]
        assert table.to_dicts() == more.tables[name].to_dicts(), name
        for column in table.iter_columns():
            assert not (column.dtype.is_float() and column.is_nan().any()), column.name
    totals = found.blocks["totals"]
    for name in RoadsTypical.model_fields:
        assert getattr(totals, name) == getattr(more.blocks["totals"], name), name
    assert 0 <= (totals.compared_share or 0) <= 1
    assert totals.compared_hours == totals.day_type_hours + totals.group_hours
