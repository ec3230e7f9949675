"""A day of the feed: the statistics measured in Paris, and a content of its own."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from cityflow.calendar import days, service_day
from cityflow_simulator.city import Role, build_city
from cityflow_simulator.events import Change, Events
from cityflow_simulator.faults import STUCK_KINDS, is_missing
from cityflow_simulator.feed import Day, Feed, Rates, Rows, published_stamps
from cityflow_simulator.traffic import GRID

NEVER_MISSING = Rates(missing_days=0.0)


@pytest.fixture(scope="module")
def feed() -> Feed:
    return Feed.of(build_city(1, 3000), NEVER_MISSING)


@pytest.fixture(scope="module")
def published(feed: Feed) -> list[Day]:
    return [feed.publish(day) for day in days(date(2025, 9, 15), date(2025, 9, 28))]


@pytest.fixture(scope="module")
def fortnight(published: list[Day]) -> list[Rows]:
    return [day.records for day in published]


def _share(rows: list[Rows], name: str) -> float:
    return float(np.mean([(getattr(day, name) < 0).mean() for day in rows]))


def test_nulls_zeros_and_states(published: list[Day], fortnight: list[Rows]) -> None:
    assert _share(fortnight, "flow") == pytest.approx(0.57, abs=0.025)
    assert _share(fortnight, "occupancy") == pytest.approx(0.50, abs=0.04)
    flow = np.concatenate([day.flow for day in fortnight])
    occupancy = np.concatenate([day.occupancy for day in fortnight])
    assert 0.0003 < (flow == 0).sum() / (flow >= 0).sum() < 0.003
    blind = {(d.day, e.arc) for d in published for e in d.stuck if e.kind == "no_flow"}
    for day in published:
        odd = (day.records.flow == 0) & (day.records.occupancy > 0)
        assert {(day.day, arc) for arc in day.records.arc[odd].tolist()} <= blind
    known = occupancy[occupancy >= 0]
    assert (known < 15 * GRID).mean() == pytest.approx(0.80, abs=0.06)
    assert 0.003 < (known >= 50 * GRID).mean() < 0.03
    assert known.max() <= 100 * GRID
    assert 0 < (occupancy[flow < 0] >= 0).mean() < 0.25


def test_availability_of_arcs(fortnight: list[Rows]) -> None:
    present = np.mean([(day.flow >= 0).reshape(24, -1).mean(axis=0) for day in fortnight], axis=0)
    assert (present < 0.1).mean() == pytest.approx(0.427, abs=0.03)
    assert (present > 0.9).mean() == pytest.approx(0.246, abs=0.04)


def test_daily_and_weekly_shape(fortnight: list[Rows]) -> None:
    hourly = np.array([_hourly_means(day) for day in fortnight])
    profile = hourly.mean(axis=0)
    assert int(profile.argmin()) in (3, 4)
    assert 140 < profile[3] < 230
    assert 720 < profile[9:20].mean() < 1000
    assert profile[9:20].min() > 0.8 * profile[9:20].max()
    weekend = np.array([5, 6, 12, 13])
    weekdays = np.setdiff1d(np.arange(14), weekend)
    night = hourly[weekend, :4].mean() / hourly[weekdays, :4].mean()
    assert night == pytest.approx(1.6, abs=0.2)
    assert hourly[weekend].sum() / 4 < hourly[weekdays].sum() / 10


def _hourly_means(day: Rows) -> list[float]:
    flow = day.flow.reshape(24, -1)
    return [float(hour[hour >= 0].mean()) for hour in flow]


def _mean_flow(feed: Feed, first: date, last: date) -> float:
    flows = [feed.publish(day).records.flow for day in days(first, last)]
    return float(np.mean([flow[flow >= 0].mean() for flow in flows]))


def test_august_holidays_and_june() -> None:
    feed = Feed.of(build_city(1, 400), NEVER_MISSING)
    year = _mean_flow(feed, date(2025, 1, 1), date(2025, 12, 31))
    august = _mean_flow(feed, date(2025, 8, 1), date(2025, 8, 31))
    june = _mean_flow(feed, date(2025, 6, 1), date(2025, 6, 30))
    assert august / year == pytest.approx(0.81, abs=0.03)
    assert june / year == pytest.approx(1.08, abs=0.03)
    holiday = _mean_flow(feed, date(2025, 11, 11), date(2025, 11, 11))
    assert holiday < 0.95 * _mean_flow(feed, date(2025, 11, 18), date(2025, 11, 18))


def test_occupancy_follows_flow(fortnight: list[Rows]) -> None:
    day = fortnight[1]
    for arc in np.flatnonzero((day.flow >= 0).reshape(24, -1).all(axis=0))[:40].tolist():
        flow = day.flow.reshape(24, -1)[:, arc]
        occupancy = day.occupancy.reshape(24, -1)[:, arc]
        both = occupancy >= 0
        if both.sum() > 20 and flow.min() > 0:
            assert np.corrcoef(flow[both], occupancy[both])[0, 1] > 0.4


def test_silent_arcs_are_silent_and_roles_hold(feed: Feed, fortnight: list[Rows]) -> None:
    roles = feed.city.roles
    for day in fortnight:
        assert (day.flow[roles[day.arc] == Role.SILENT] < 0).all()
        assert (day.occupancy[roles[day.arc] == Role.SILENT] < 0).all()
        assert (day.flow[roles[day.arc] == Role.OCCUPANCY_ONLY] < 0).all()
        assert (day.occupancy[roles[day.arc] == Role.FLOW_ONLY] < 0).all()


def test_invalid_arcs_still_count(fortnight: list[Rows]) -> None:
    invalid = fortnight[0].status == 1
    assert 0.2 < invalid.mean() < 0.35
    assert (fortnight[0].flow[invalid] >= 0).any()


@pytest.mark.parametrize(
    ("day", "hours", "third"),
    [
        (date(2025, 3, 29), 24, "03:00:00+01:00"),
        (date(2025, 3, 30), 23, "04:00:00+02:00"),
        (date(2025, 10, 26), 24, "03:00:00+01:00"),
        (date(2024, 10, 27), 24, "03:00:00+01:00"),
    ],
)
def test_hours_of_clock_change_days(feed: Feed, day: date, hours: int, third: str) -> None:
    stamps = published_stamps(day)
    assert len(stamps) == hours
    assert stamps[2].isoformat().endswith(third)
    assert {service_day(stamp) for stamp in stamps} == {day}
    assert len(feed.publish(day).records) == hours * 3000


def test_the_first_of_the_two_autumn_hours_is_lost() -> None:
    stamps = [stamp.isoformat() for stamp in published_stamps(date(2025, 10, 26))]
    assert "2025-10-26T02:00:00+01:00" in stamps
    assert "2025-10-26T02:00:00+02:00" not in stamps
    assert stamps[-1] == "2025-10-27T00:00:00+01:00"


def test_missing_days_come_in_runs_at_the_rate_asked_for() -> None:
    missing = [is_missing(7, date(2015, 1, 1) + timedelta(n), 0.09) for n in range(4000)]
    assert np.mean(missing) == pytest.approx(0.085, abs=0.02)
    runs = sum(now and not before for before, now in pairwise(missing))
    assert sum(missing) / runs > 1.5
    assert not any(is_missing(7, date(2015, 1, 1) + timedelta(n), 0.0) for n in range(400))


def test_copies_are_counted_and_poorer(feed: Feed) -> None:
    rates = replace(NEVER_MISSING, duplicates=0.01, conflicts=0.01, phantoms=4)
    day = replace(feed, rates=rates, order="time").publish(date(2025, 9, 17))
    assert len(day.rows) == 72_000 + day.duplicates + day.conflicts + 4
    assert 719 <= day.duplicates <= 721 and 719 <= day.conflicts <= 721
    key = day.rows.hour * 3001 + day.rows.arc
    original = _by_key(day.records)
    differing = 0
    for index, k in enumerate(key.tolist()):
        if day.rows.arc[index] == 3000:
            continue
        flow, occupancy = original[k]
        seen = int(day.rows.flow[index]), int(day.rows.occupancy[index])
        if seen != (flow, occupancy):
            differing += 1
            assert seen[0] <= flow and seen[1] <= occupancy
    assert differing == day.conflicts
    assert (np.diff(day.rows.hour) >= 0).all()


def _by_key(rows: Rows) -> dict[int, tuple[int, int]]:
    key = (rows.hour * 3001 + rows.arc).tolist()
    return dict(
        zip(key, zip(rows.flow.tolist(), rows.occupancy.tolist(), strict=True), strict=True)
    )


def test_loops_out_of_order_publish_what_their_kind_says(feed: Feed) -> None:
    seen = set()
    for date_ in days(date(2025, 9, 1), date(2025, 9, 14)):
        day = feed.publish(date_)
        flow = day.records.flow.reshape(24, -1)
        occupancy = day.records.occupancy.reshape(24, -1)
        for episode in day.stuck:
            seen.add(episode.kind)
            stuck_flow = flow[episode.span, episode.arc]
            stuck_occupancy = occupancy[episode.span, episode.arc]
            assert len(stuck_flow) == episode.hours
            if episode.kind in ("zero", "no_flow"):
                assert (stuck_flow == 0).all()
            if episode.kind in ("zero", "no_occupancy"):
                assert (stuck_occupancy == 0).all()
            if episode.kind in ("constant", "high"):
                assert len(set(stuck_occupancy.tolist())) == 1
            if episode.kind == "constant":
                assert len(set(stuck_flow.tolist())) == 1
            if episode.kind == "high":
                assert (stuck_occupancy == int(episode.size * GRID)).all()
    assert seen == set(STUCK_KINDS)


def test_what_happens_on_the_streets_has_every_size(feed: Feed, published: list[Day]) -> None:
    calm = replace(feed, events=_Nothing(feed.city, feed.traffic))
    left: dict[str, list[float]] = {}
    for day in published[:7]:
        usual = calm.publish(day.day).records.flow.reshape(24, -1)
        flow = day.records.flow.reshape(24, -1)
        alone = Counter(change.arc for change in day.changes)
        broken = {episode.arc for episode in day.stuck}
        for change in day.changes:
            left.setdefault(change.kind, []).append(change.flow_left)
            if alone[change.arc] > 1 or change.arc in broken:
                continue
            span = slice(change.first, change.first + change.hours)
            before, after = usual[span, change.arc], flow[span, change.arc]
            known = (before > 0) & (after > 0)
            assert (after[known] == np.rint(before[known] * change.flow_left)).all()
    assert set(left) >= {"incident", "closure", "march", "crowd"}
    assert 1.0 < np.median(left["crowd"]) < 1.6
    for kind in ("closure", "march"):
        assert min(left[kind]) < 0.1 and max(left[kind]) > 0.4
    assert min(left["crowd"]) < 1.2 and max(left["crowd"]) > 1.8


class _Nothing(Events):
    def of(self, day: date, hours: int) -> list[Change]:
        return []


def test_a_strike_fills_the_rush_hours_of_many_arcs(feed: Feed) -> None:
    every = [feed.events.of(day, 24) for day in days(date(2025, 1, 1), date(2025, 3, 31))]
    strikes = [[one for one in found if one.kind == "strike"] for found in every]
    on_strike = [found for found in strikes if found]
    assert 1 <= len(on_strike) <= 12
    assert {one.first for found in on_strike for one in found} == {5, 7, 16, 18, 20}
    assert all(len({one.arc for one in found}) > 100 for found in on_strike)
