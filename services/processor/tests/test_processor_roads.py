"""The road analysis: golden days against a slow implementation, real loops, properties, order."""

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import processor_roads_slow as slow
import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from processor_house import a_house, row, stamps, text_of

from cityflow.calendar import days, hour_ends, hour_of_day, service_day
from cityflow.contracts.roads import HEALTH
from cityflow.settings import Settings
from cityflow_processor.analysis.replay import replay
from cityflow_processor.asked import Asked
from cityflow_processor.datasets import process
from cityflow_processor.roads.before import Before, nothing_before
from cityflow_processor.roads.calibration import DAY, calibrate, no_calibration, window
from cityflow_processor.roads.down import no_past
from cityflow_processor.roads.grid import grid
from cityflow_processor.roads.health import statuses
from cityflow_processor.roads.index import clean_table, index_table, network
from cityflow_processor.roads.measure import Analysed, Counts, analyse
from cityflow_processor.roads.thresholds import reference_of

ORDINARY, SPRING, AUTUMN = date(2025, 10, 7), date(2025, 3, 30), date(2025, 10, 26)
SPEED = ("speed_est_kmh", "index_hours")
Arc = dict[str, Any]


def starts_of(day: date) -> list[int]:
    return [hour_of_day(end) for end in hour_ends(day)]


def invented(day: date, count: int, seed: int) -> list[Arc]:
    """Arcs of every kind: sound, silent, stuck, without length, on the ring road."""
    chance, arcs = random.Random(seed), []
    hours = len(hour_ends(day))
    for number in range(count):
        flow: list[int | None] = [chance.randint(5, 1500) for _ in range(hours)]
        occupancy: list[float | None] = [round(chance.uniform(0.1, 70), 5) for _ in range(hours)]
        kind = number % 8
        if kind in (1, 2):
            flow = [None if kind == 1 or chance.random() < 0.7 else q for q in flow]
        if kind in (1, 3):
            occupancy = [None if kind == 1 or chance.random() < 0.7 else k for k in occupancy]
        if kind == 4:
            flow[8:12] = [0] * 4
        if kind == 5:
            occupancy[3:7] = [chance.choice([97.0, 12.5])] * 4
        if kind == 6:
            flow[10] = 5000
        arcs.append(
            {
                "id": f"{number:04d}",
                "label": f"PE_{number}" if number % 3 == 0 else f"Rue_{number}",
                "zone": str(1 + number % 20),
                "length_m": None if number % 7 == 3 else chance.uniform(50, 900),
                "flow": flow,
                "occupancy": occupancy,
            }
        )
    return arcs


def counts(day: date, arcs: list[Arc]) -> Counts:
    """The arcs as the counts publish them."""
    ends = hour_ends(day)
    rows = [
        (arc["id"], end, flow, occupancy)
        for arc in arcs
        for end, flow, occupancy in zip(ends, arc["flow"], arc["occupancy"], strict=True)
    ]
    types = {
        "arc_id": pl.String,
        "hour_end": pl.Datetime("us", "UTC"),
        "flow_veh": pl.Int64,
        "occupancy_pct": pl.Float64,
    }
    flows = [[q for q in arc["flow"] if q is not None] for arc in arcs]
    table = pl.DataFrame(
        {
            "arc_id": pl.Series([arc["id"] for arc in arcs], dtype=pl.String),
            "label": pl.Series([arc["label"] for arc in arcs], dtype=pl.String),
            "arrondissement": pl.Series([arc["zone"] for arc in arcs], dtype=pl.String),
            "length_m": pl.Series([arc["length_m"] for arc in arcs], dtype=pl.Float64),
            "arc_status": pl.Series(["open"] * len(arcs), dtype=pl.String),
            "node_from_id": pl.Series([arc.get("from") for arc in arcs], dtype=pl.String),
            "node_to_id": pl.Series([arc.get("to") for arc in arcs], dtype=pl.String),
            "flow_hours": pl.Series([len(flow) for flow in flows], dtype=pl.Int64),
            "occupancy_hours": pl.Series(
                [sum(k is not None for k in arc["occupancy"]) for arc in arcs], dtype=pl.Int64
            ),
            "flow_veh": pl.Series([sum(f) if f else None for f in flows], dtype=pl.Int64),
        }
    )
    total = sum(map(sum, flows))
    return Counts(table, pl.DataFrame(rows, schema=types, orient="row"), len(ends), total)


def calibration_of(free: dict[str, float]) -> pl.DataFrame:
    rows = [(arc, pace, "90_days", 500, None, None) for arc, pace in sorted(free.items())]
    return pl.DataFrame(rows, schema=no_calibration().schema, orient="row")


def analysed(day: date, arcs: list[Arc], free: dict[str, float]) -> Analysed:
    return analyse(day, counts(day, arcs), calibration_of(free), nothing_before(len(arcs)))


def after(health: pl.DataFrame, arcs: int) -> Before:
    return replace(nothing_before(arcs), health=health)


@pytest.mark.parametrize("day", [ORDINARY, SPRING, AUTUMN], ids=["24h", "23h", "25h"])
def test_a_golden_day_agrees_with_the_slow_way(day: date) -> None:
    arcs = invented(day, 80, seed=day.toordinal())
    free = {arc["id"]: 0.004 + 0.001 * (at % 30) for at, arc in enumerate(arcs) if at % 5}
    found, starts = analysed(day, arcs, free), starts_of(day)
    for seen, arc in zip(found.tables["health"].to_dicts(), arcs, strict=True):
        expected = slow.reasons(arc, starts)
        assert seen["status"] == (expected or ["good"])[0]
        assert seen["reasons"] == "; ".join(expected)
    same(found.blocks["totals"].model_dump(), slow.totals(arcs, free, starts))
    for at, hour in enumerate(found.blocks["hourly"]):
        same(hour.model_dump(), slow.totals(arcs, free, starts, at))
    for area in found.blocks["arrondissements"]:
        own = [arc for arc in arcs if arc["zone"] == area.arrondissement]
        same(area.model_dump(), slow.totals(own, free, starts))
    for speed in found.blocks["speeds"]:
        on_ring = speed.network == "ring"
        own = [arc for arc in arcs if arc["label"].startswith(("PE_", "PI_")) is on_ring]
        of_these = slow.totals(own, free, starts)
        assert {name: of_these[name] for name in SPEED} == pytest.approx(
            {name: getattr(speed, name) for name in SPEED}, rel=1e-9
        )
    assert {row["status"] for row in found.tables["health"].to_dicts()} > {
        "good",
        "silent",
        "stuck_zero",
    }


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=1e-9), name
        else:
            assert found[name] == value, name


def test_the_free_pace_is_the_linear_percentile_of_ninety_days() -> None:
    month, chance = date(2025, 7, 1), random.Random(3)
    hours = [
        (day, arc, chance.randint(30, 900), chance.uniform(0.001, 0.1))
        for arc, length, a_day in (("long", 90, 12), ("short", 28, 5), ("few", 4, 5))
        for day in (month - timedelta(days=back) for back in range(1, length + 1))
        for _ in range(a_day)
    ]
    types = {DAY: pl.Date, "arc_id": pl.String, "flow_veh": pl.Int64, "pace": pl.Float64}
    found = {
        one["arc_id"]: one
        for one in calibrate(month, pl.DataFrame(hours, schema=types, orient="row")).to_dicts()
    }
    assert {arc: row["window"] for arc, row in found.items()} == {
        "long": "90_days",
        "short": "28_days",
        "few": "none",
    }
    for arc in ("long", "short"):
        paces = [pace for _, name, _, pace in hours if name == arc]
        assert found[arc]["pace_free"] == pytest.approx(slow.percentile(paces, 0.15), rel=1e-9)
    flows = [flow for _, name, flow, _ in hours if name == "long"]
    assert found["long"]["flow_low_veh"] == pytest.approx(slow.percentile(flows, 0.1), rel=1e-9)
    assert found["long"]["flow_high_veh"] == pytest.approx(slow.percentile(flows, 0.999), rel=1e-9)
    assert found["short"]["flow_low_veh"] is not None
    assert found["short"]["flow_high_veh"] is None  # 140 hours have no 99.9th percentile
    assert found["few"]["pace_free"] is None
    assert window(month) == (date(2025, 4, 2), date(2025, 6, 30))


def test_the_champs_elysees_have_a_steady_free_pace_and_slow_evenings(real_data: Path) -> None:
    (file,) = (real_data / "comptages").glob("*champs-elysees*.csv")
    held = _days_of(file)
    clean, found = [], defaultdict[int, list[float]](list)
    free: dict[date, float | None] = {}
    calibration = no_calibration()
    for day in sorted(held):
        if (month := day.replace(day=1)) not in free:
            past = pl.concat(clean) if clean else pl.DataFrame()
            first, last = window(month)
            if past.height:
                calibration = calibrate(month, past.filter(pl.col(DAY).is_between(first, last)))
            free[month] = calibration["pace_free"].to_list()[0] if calibration.height else None
        read = counts(day, [held[day]])
        matrix = grid(day, read.arcs, read.arc_hours)
        unknown = np.full(matrix.flow.shape, np.nan)
        roads = network(matrix, statuses(matrix, calibration, unknown)["status"], calibration)
        clean.append(
            clean_table(roads).select(pl.lit(day).alias(DAY), "arc_id", "flow_veh", "pace")
        )
        for start, tti in index_table(roads).select("hour_of_day", "tti").iter_rows():
            found[(start + 1) % 24].append(tti)
    assert free.pop(date(2024, 10, 1)) is None
    assert len(free) == 12
    assert all(pace is not None and 0.0115 <= pace <= 0.0125 for pace in free.values()), free
    medians = {stamp: slow.percentile(values, 0.5) for stamp, values in found.items()}
    assert all(1.00 <= medians[stamp] <= 1.10 for stamp in range(3, 9)), medians
    assert 2.05 <= medians[18] <= 2.20, medians


def _days_of(file: Path) -> dict[date, Arc]:
    """The arc of a file by service day; an hour without a row has no value."""
    rows = pl.read_csv(file, separator=";", infer_schema=False)
    cells = rows.select(
        "Date et heure de comptage", "Débit horaire", "Taux d'occupation", "Libelle"
    ).iter_rows()
    found: dict[date, Arc] = {}
    for stamp, flow, occupancy, label in cells:
        end = datetime.fromisoformat(stamp)
        day = service_day(end)
        empty: list[None] = [None] * len(hour_ends(day))
        new = {"id": "4264", "label": label, "zone": "8", "length_m": 120.0}
        arc = found.setdefault(day, new | {"flow": [*empty], "occupancy": [*empty]})
        at = hour_ends(day).index(end)
        arc["flow"][at] = int(float(flow)) if flow else None
        arc["occupancy"][at] = float(occupancy) if occupancy else None
    return found


def test_a_dead_loop_rises_in_the_repair_list_with_its_typical_flow() -> None:
    """Three sound days, then one arc silent, one gone, and on the last day no feed at all."""
    arcs = [
        one
        for one in invented(ORDINARY, 16, seed=1)
        if slow.reasons(one, starts_of(ORDINARY)) == []
    ]
    sound, first = arcs[:4], ORDINARY
    nothing: list[None] = [None] * 24
    silent = [sound[0] | {"flow": nothing, "occupancy": nothing}, *sound[2:]]
    history, past = [], no_past()
    for at, today in enumerate((sound, sound, sound, silent, silent, [])):
        day = first + timedelta(days=at)
        found = analyse(day, counts(day, today), no_calibration(), after(past, len(today)))
        past = pl.concat([past, found.tables["health"].select(pl.lit(day).alias(DAY), pl.all())])
        history.append(found)
    rows = {row["arc_id"]: row for row in history[4].tables["health"].to_dicts()}
    flows = [sum(arc["flow"]) for arc in sound]
    dead, gone = rows[sound[0]["id"]], rows[sound[1]["id"]]
    assert (dead["status"], dead["days_down"], dead["flow_lost_veh"]) == ("silent", 2, flows[0])
    assert (gone["status"], gone["days_down"], gone["flow_lost_veh"]) == ("no_rows", 2, flows[1])
    assert dead["last_good"] == first + timedelta(days=2)
    repairs = history[4].blocks["repairs"]
    assert [one.flow_lost_veh for one in repairs] == sorted(flows[:2], reverse=True)
    without_feed = {row["arc_id"]: row for row in history[5].tables["health"].to_dicts()}
    assert {row["status"] for row in without_feed.values()} == {"feed_down"}
    assert without_feed[sound[0]["id"]]["days_down"] == 2
    assert history[5].blocks["repairs"] == []


def test_a_zone_or_an_axis_that_fails_as_a_whole_is_named() -> None:
    base = next(a for a in invented(ORDINARY, 9, 1) if not slow.reasons(a, starts_of(ORDINARY)))
    nothing: list[None] = [None] * 24
    places = [("a", "Rue_1", "1"), ("b", "Rue_1", "1"), ("c", "Rue_2", "2"), ("d", "Rue_2", "2"),
              ("e", "Rue_3", "2"), ("f", "Rue_3", "2")]  # fmt: skip
    sound = [base | {"id": name, "label": label, "zone": zone} for name, label, zone in places]
    before = analysed(ORDINARY, sound, {}).tables["health"]
    past = before.select(pl.lit(ORDINARY).alias(DAY), pl.all())
    silent = {"flow": nothing, "occupancy": nothing}
    today = [arc | silent if arc["id"] in "abcde" else arc for arc in sound]
    day = ORDINARY + timedelta(days=1)
    found = analyse(day, counts(day, today), no_calibration(), after(past, len(today)))
    health = found.tables["health"]
    levels = dict(health.select("arc_id", "failure_level").iter_rows())
    assert levels == {"a": "zone", "b": "zone", "c": "axis", "d": "axis", "e": "arc", "f": None}


_VALUES = st.lists(st.one_of(st.none(), st.integers(0, 6000)), min_size=24, max_size=24)
_SHARES = st.lists(st.one_of(st.none(), st.integers(0, 10_000_000)), min_size=24, max_size=24)


@of_hypothesis(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_VALUES, _SHARES, st.integers(1, 3)), min_size=1, max_size=6))
def test_sums_add_up_and_silent_arcs_change_nothing(
    drawn: Sequence[tuple[list[int | None], list[int | None], int]],
) -> None:
    arcs: list[Arc] = [
        {
            "id": f"{at:03d}", "label": "Rue", "zone": str(zone), "length_m": 100.0 * (at + 1),
            "flow": flow, "occupancy": [None if k is None else k / 100_000 for k in occupancy],
        }
        for at, (flow, occupancy, zone) in enumerate(drawn)
    ]  # fmt: skip
    free = {arc["id"]: 0.01 for arc in arcs}
    blocks = analysed(ORDINARY, arcs, free).blocks
    totals = blocks["totals"]
    for parts in (blocks["hourly"], blocks["arrondissements"]):
        for name in ("index_hours", "capped_hours", "dpn_hours", "congested_hours"):
            assert sum(getattr(part, name) for part in parts) == getattr(totals, name)
        for name in ("index_vkt_veh_km", "index_vht_veh_h", "delay_ref_veh_h", "delay_60_veh_h"):
            summed = math.fsum(getattr(part, name) or 0.0 for part in parts)
            assert summed == pytest.approx(getattr(totals, name) or 0.0)
    assert all(0 <= (part.index_coverage or 0) <= 1 for part in (totals, *blocks["hourly"]))
    assert sum(one.arcs for one in blocks["health"]) == len(arcs)
    nothing: list[None] = [None] * 24
    silent = [arcs[0] | {"id": f"s{n}", "flow": nothing, "occupancy": nothing} for n in range(3)]
    with_silent = analysed(ORDINARY, [*arcs, *silent], free).blocks["totals"].model_dump()
    coverage = {"expected_hours", "index_coverage"}
    for name, value in totals.model_dump().items():
        if name not in coverage:
            assert with_silent[name] == value, name


def test_reference_speeds_are_data() -> None:
    assert reference_of("PE_Bagnolet") == (50.0, True)
    assert reference_of("PI_Italie") == (50.0, True)
    assert reference_of("Av_Champs_Elysees") == (30.0, False)
    assert reference_of(None) == (30.0, False)


def test_every_status_is_in_the_contract() -> None:
    found = {
        name for arc in invented(ORDINARY, 64, 5) for name in slow.reasons(arc, starts_of(ORDINARY))
    }
    assert found <= set(HEALTH)


def test_a_cold_backfill_equals_daily_runs_in_order_over_the_turn_of_a_month() -> None:
    first, last = date(2025, 10, 24), date(2025, 11, 2)
    chance, rows = random.Random(9), []
    for day in days(first, last):
        for stamp in stamps(day, *range(24)):
            rows.append(row(t_1h=stamp, q=str(chance.randint(40, 900)), k=f"{chance.random():.5f}"))
    text = text_of(rows)
    with a_house() as cold, a_house() as daily:
        for house in (cold, daily):
            house.receive(text)
        for name in (house.dataset, "roads_analysis"):
            process(cold.store, Settings(output_dir=cold.folder), name, Asked())
        for day in days(first, last):
            for name in (house.dataset, "roads_analysis"):
                process(daily.store, Settings(output_dir=daily.folder), name, Asked(day, day))
        published = [of.objects("metrics/roads_", "clean/roads_") for of in (cold, daily)]
        assert published[0] == published[1]
        month = replace(cold, dataset="roads_calibration")
        (calibrated,) = month.table(date(2025, 11, 1), "clean")
        assert calibrated["window"] == "28_days"
        (volumes,) = replace(cold, dataset="roads_year").table(date(2025, 11, 1), "clean")
        # In autumn the feed lacks the hour from 01 to 02, so Sunday is not whole: 6 weekdays are.
        assert (volumes["flow_hours"], volumes["madt_weekdays"]) == (8 * 24 - 1, 6)
        november = replace(cold, dataset="roads_analysis")
        assert november.summary(last)["context"]["calibration"] == month.edition(date(2025, 11, 1))
        assert november.summary(last)["totals"]["index_hours"] == 24
        holidays = november.summary(date(2025, 10, 31))["totals"]
        assert (holidays["index_hours"], holidays["day_type_hours"]) == (0, 24)
        assert november.summary(last)["comparisons"] == []
        gates = {one["name"]: one["message"] for one in november.summary(last)["quality"]["checks"]}
        assert gates["history"] == "24 arc-hours, median of 1 like days 24"
        assert gates["identity"] == "1 arcs count, 1.0 on average before; silent: none"
        assert gates["coverage"] == "100.0% of the expected hours, median before 100.0%"
        again = process(cold.store, Settings(output_dir=cold.folder), "roads_analysis", Asked())
        assert {done.ending for done in again.days} == {"unchanged"}
        for key in published[0]:
            cold.store.objects.delete(key)
        given_back = replay(cold.store)
        assert given_back.failed == []
        assert cold.objects("metrics/roads_", "clean/roads_") == published[0]
