"""When days are published, in which versions, and that the truth says exactly what stands."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cityflow.calendar import days
from cityflow_simulator.city import build_city
from cityflow_simulator.feed import Feed, Rates
from cityflow_simulator.publication import (
    BIKES_RHYTHM,
    LATEST_DAYS,
    ROADS_RHYTHM,
    Lateness,
    Rhythm,
    Schedule,
)
from cityflow_simulator.revisions import flawed

ROADS, BIKES = "comptages-routiers-permanents", "comptage-velo-donnees-compteurs"
YEAR = (date(2025, 1, 1), date(2025, 12, 31))
FEED = Feed.of(build_city(1, 60), Rates(0.004, 0.01, 2, 0.0))


@pytest.mark.parametrize(("rhythm", "lag"), [(ROADS_RHYTHM, 2), (BIKES_RHYTHM, 1)])
def test_most_days_are_on_time_and_some_are_late_or_renewed(rhythm: Rhythm, lag: int) -> None:
    schedule = Schedule(1, rhythm, Lateness(0.1, 0.3))
    delays, renewals = [], []
    for day in days(*YEAR):
        first, *later = schedule.versions(day)
        usual = datetime.combine(day, rhythm.at, UTC) + timedelta(days=lag)
        delays.append((first - usual).days)
        renewals += [(at - usual).days for at in later]
        assert sorted({first, *later}) == [first, *later]
        assert not (later and first != usual), "a late day is whole from the beginning"
    late = [delay for delay in delays if delay]
    assert 0.05 < len(late) / 365 < 0.16 and max(late) < LATEST_DAYS
    assert min(late) <= 3 and max(late) >= 15, "some come within any look-back, some after it"
    assert renewals and min(renewals) > 0 and max(renewals) <= rhythm.settles_days


@given(
    seed=st.integers(0, 99),
    day=st.dates(date(2024, 1, 1), date(2026, 1, 1)),
    hours=st.integers(0, 60 * 24),
)
def test_a_version_once_replaced_never_comes_back(seed: int, day: date, hours: int) -> None:
    schedule = Schedule(seed, ROADS_RHYTHM, Lateness(0.3, 0.6))
    now = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hours)
    one, other = schedule.version(day, now), schedule.version(day, now + timedelta(hours=5))
    assert (one if one is not None else -1) <= (other if other is not None else -1)
    assert schedule.version(day, now + timedelta(days=90)) == len(schedule.versions(day)) - 1
    assert schedule.flaw(day, len(schedule.versions(day)) - 1) is None


@given(day=st.dates(date(2024, 1, 1), date(2026, 1, 1)))
def test_rows_are_counted_without_making_them(day: date) -> None:
    rows, stamps = FEED.size(day)
    published = FEED.publish(day)
    assert (rows, stamps) == (len(published.rows), published.stamps)


def test_an_earlier_version_is_poorer_in_one_way() -> None:
    day = FEED.publish(date(2025, 10, 7))
    short, holes, low = (flawed(day, flaw, 1, 0) for flaw in ("short", "holes", "low"))
    assert 0 < len(short.stamps) < 24 and len(short.records) == 60 * len(short.stamps)
    assert len(holes.rows) == len(low.rows) == len(day.rows)
    lost = (holes.records.flow < 0) & (day.records.flow >= 0)
    assert lost.any() and (holes.records.flow[~lost] == day.records.flow[~lost]).all()
    less = low.records.flow < day.records.flow
    assert less.any() and ((low.records.flow >= 0) == (day.records.flow >= 0)).all()
    assert flawed(day, None, 1, 0) is day


def test_copies_stay_copies_in_an_earlier_version() -> None:
    for flaw in ("short", "holes", "low"):
        day = flawed(FEED.publish(date(2025, 10, 7)), flaw, 1, 0)
        best = {(int(arc), int(hour)): (int(flow), int(share)) for arc, hour, flow, share in zip(
            day.records.arc, day.records.hour, day.records.flow, day.records.occupancy,
            strict=True)}  # fmt: skip
        real = day.rows.arc < 60
        for arc, hour, flow, share in zip(
            day.rows.arc[real], day.rows.hour[real], day.rows.flow[real],
            day.rows.occupancy[real], strict=True,
        ):  # fmt: skip
            kept = best[int(arc), int(hour)]
            assert flow <= kept[0] and share <= kept[1]


def _rows(standin: Any, day: date) -> list[dict[str, Any]]:
    where = (f"t_1h>date'{day}T00:00:00' and t_1h<=date'{day + timedelta(days=1)}T00:00:00' "
             "and iu_ac!='*'")  # fmt: skip
    answer = standin.explore(f"{ROADS}/exports/json", where=where, timezone="Europe/Paris")
    found: list[dict[str, Any]] = answer.json()
    return found


def test_days_appear_two_days_later_and_are_renewed(standin: Any) -> None:
    schedule = Schedule(1, ROADS_RHYTHM, Lateness())
    renewed = next(day for day in days(date(2025, 9, 1), date(2025, 10, 30))
                   if schedule.flaw(day, 0) == "short")  # fmt: skip
    first, *_, last = schedule.versions(renewed)
    seen = []
    for now in (first - timedelta(seconds=1), first, last):
        standin.control("PUT", "/now", {"now": now.isoformat()})
        seen.append(_rows(standin, renewed))
    before, at_first, at_last = map(len, seen)
    assert 0 == before < at_first < at_last


def test_the_truth_is_what_an_export_holds(standin: Any) -> None:
    span = {"from": "2025-10-24", "to": "2025-11-19"}
    truth = standin.control("GET", f"/truth/{ROADS}", **span)
    assert len(truth) == 27
    assert {told["version"] for told in truth.values()} >= {None, 0, 1}
    assert any(told["lost"] for told in truth.values())
    for text, told in truth.items():
        day = date.fromisoformat(text)
        where = f"t_1h>date'{day}T00:00:00' and t_1h<=date'{day + timedelta(days=1)}T00:00:00'"
        counted = standin.explore(f"{ROADS}/records", where=where, limit=0, timezone="Europe/Paris")
        assert counted.json()["total_count"] == told["rows"]
    whole = standin.explore(f"{ROADS}/records", limit=0).json()["total_count"]
    assert whole > sum(told["rows"] for told in truth.values())


def test_distinct_records_are_the_best_of_the_copies(standin: Any) -> None:
    told = _lines(standin, ROADS, "2025-11-11")
    rows = _rows(standin, date(2025, 11, 11))
    best: dict[tuple[str, datetime], tuple[float, float]] = {}
    for row in rows:
        key = (row["iu_ac"], datetime.fromisoformat(row["t_1h"]))
        value = tuple(-1.0 if row[name] is None else row[name] for name in ("q", "k"))
        best[key] = max(best.get(key, value), value)  # type: ignore[assignment, type-var]
    assert len(told) == len(best) == 2400
    assert {
        (one["iu_ac"], datetime.fromisoformat(one["t_1h"])):
        tuple(-1.0 if one[name] is None else one[name] for name in ("q", "k")) for one in told
    } == best  # fmt: skip


def test_bikes_have_a_truth_too(standin: Any) -> None:
    told = _lines(standin, BIKES, "2025-10-26")
    answer = standin.explore(
        f"{BIKES}/exports/json", where="date>=date'2025-10-26' and date<=date'2025-10-26'",
        select="id_compteur,date,sum_counts", timezone="Europe/Paris",
    ).json()  # fmt: skip
    assert 2400 < len(answer) <= 108 * 25

    def keyed(rows: list[dict[str, Any]]) -> Counter[tuple[str, float, int]]:
        return Counter((row["id_compteur"], datetime.fromisoformat(row["date"]).timestamp(),
                        row["sum_counts"]) for row in rows)  # fmt: skip

    assert keyed(told) == keyed(answer)
    day = standin.control("GET", f"/truth/{BIKES}", **{"from": "2025-10-26", "to": "2025-10-26"})
    assert day["2025-10-26"]["rows"] == len(answer)
    assert np.isfinite(day["2025-10-26"]["rain_mm"])


def test_the_truth_of_nothing_is_refused(standin: Any) -> None:
    for path in ("arrondissements?from=2025-10-01&to=2025-10-02", f"{ROADS}?from=x&to=y",
                 f"{ROADS}?from=2020-10-01&to=2025-10-02"):  # fmt: skip
        answer = requests.get(f"{standin.base}/_control/truth/{path}", timeout=9)
        assert answer.status_code == 400 and answer.json()["error"]


def _lines(standin: Any, dataset: str, day: str) -> list[dict[str, Any]]:
    answer = standin.get(f"/_control/truth/{dataset}/records", day=day)
    return [json.loads(line) for line in answer.text.splitlines()]
