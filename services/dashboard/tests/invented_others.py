"""An invented day of every dataset beside the road traffic, small and made of the contracts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from invented_day import NEWEST, edition

from cityflow.attribution import attribution_for
from cityflow.contracts import Check, PublishedDocument, Severity
from cityflow.contracts.across import (
    AcrossCity,
    AcrossContext,
    AcrossQuality,
    AcrossSummary,
    AcrossTransit,
    AcrossWeather,
    AcrossZone,
    WorkEffect,
)
from cityflow.contracts.bikes import (
    BikesArea,
    BikesCounterRank,
    BikesFinding,
    BikesHour,
    BikesSummary,
    BikesTotals,
    BikesYear,
)
from cityflow.contracts.chantiers import ChantiersSummary, WorkRank, WorksTotals, WorksZone
from cityflow.contracts.daily import DayContext, DayQuality
from cityflow.contracts.register import (
    AnomalousRange,
    RegisterContext,
    RegisterQuality,
    RegisterSummary,
)
from cityflow.contracts.roads import (
    HEALTH,
    HealthCount,
    Repair,
    RoadsArea,
    RoadsContext,
    RoadsHour,
    RoadsQuality,
    RoadsSpeed,
    RoadsSummary,
    RoadsTotals,
)
from cityflow.contracts.traffic import (
    TrafficSummary,
    TransitLineRank,
    TransitMode,
    TransitMoment,
    TransitTotals,
)
from cityflow.contracts.velib import VelibArea, VelibSummary, VelibTotals
from cityflow.contracts.weather import WeatherDay, WeatherHour, WeatherSummary

MIDNIGHT = datetime(2026, 6, 20, 22, tzinfo=UTC)
STARTS = [MIDNIGHT + timedelta(hours=hour) for hour in range(24)]
GREEN = Check(name="volume", severity=Severity.GREEN, message="as on other days")
INDEX = {
    "index_hours": 30, "expected_hours": 80, "index_coverage": 0.375, "capped_hours": 1,
    "index_vkt_veh_km": 900.0, "index_vht_veh_h": 45.0, "speed_est_kmh": 20.0, "tti_area": 1.57,
    "delay_ref_veh_h": 1234.5, "delay_60_veh_h": 210.0, "dpn_veh": 410.0, "dpn_hours": 30,
    "congested_km": 11.4, "congested_hours": 9, "occupied_km": 190.0,
}  # fmt: skip
BIKES = {
    "bikes": 4321, "hours": 90, "expected_hours": 96, "coverage": 0.9375,
    "compared_bikes": 4000, "typical_bikes": 5000.0, "ratio": 0.8,
}  # fmt: skip
STATIONS = {
    "stations": 50, "live": 45, "live_share": 0.9, "bikes": 777, "docks": 888, "empty": 9,
    "full": 3, "empty_share": 0.2, "full_share": 0.0625,
}  # fmt: skip
LINES = {
    "lines": 12, "disruptions": 7, "disrupted_line_h": 96.0, "blocked_line_h": 36.0,
    "stop_blocked_line_h": 123.0, "planned_line_h": 60.0, "unplanned_line_h": 36.0,
    "information_line_h": 4.0, "line_h": 288.0,
    "availability": 0.875, "coverage": 0.25,
}  # fmt: skip
WORKS = {
    "active": 8, "severe": 2, "closed": 1, "dead_end": 1, "one_way": 2, "restricted": 3,
    "unknown_impact": 1, "impact_weight": 3.7, "impact_share": 0.875, "area_m2": 4567.0,
    "geometry_share": 0.75, "exposed_arcs": 14,
}  # fmt: skip


def common(dataset: str, day: date = NEWEST) -> dict[str, Any]:
    return {
        "day": day, "edition": edition(day), "status": "published", "method_version": "1",
        "attribution": attribution_for(dataset, synthetic=True), "thresholds_version": "1",
        "writer_version": "3",
    }  # fmt: skip


def small(dataset: str) -> dict[str, Any]:
    quality = DayQuality(
        rows_in=97, published=96, rejected=1, rejected_by_reason={"bad_time": 1}, duplicates=0,
        conflicts=0, withdrawn_values=0, values=96, checks=(GREEN,),
    )  # fmt: skip
    context = DayContext(arrondissements=None, listed=None, past=None)
    return common(dataset) | {"quality": quality, "context": context}


def loops() -> RoadsSummary:
    arcs = {"good": 60, "silent": 30, "stuck_zero": 7, "insufficient": 3}
    health = (
        HealthCount(status=name, arcs=arcs.get(name, 0), arcs_share=arcs.get(name, 0) / 100)
        for name in HEALTH
    )
    repair = Repair(
        rank=1, arc_id="1003", label="SYN_Rue_3", arrondissement="4", status="stuck_zero",
        reasons="stuck_zero", failure_level="axis", days_down=3, last_good=date(2026, 6, 18),
        typical_flow_veh=5555.0, flow_lost_veh=4444.0,
    )  # fmt: skip
    hours = (
        RoadsHour(**INDEX, hour_end=at + timedelta(hours=1), hour_of_day=hour)
        for hour, at in enumerate(STARTS)
    )
    return RoadsSummary(
        **common("roads_analysis"), arcs_known=100, arcs_calibrated=80, health=tuple(health),
        context=RoadsContext(comptages="a" * 20, calibration=None, past=None, health_digest="",
                             clean_digest=""),
        totals=RoadsTotals(**INDEX), hourly=tuple(hours),
        arrondissements=(RoadsArea(**INDEX, arrondissement="4"),), repairs_total=40,
        speeds=(RoadsSpeed(network="ring", speed_est_kmh=33.3, index_hours=10, expected_hours=20,
                           index_coverage=0.5, city_low_kmh=31.6, city_high_kmh=38.8,
                           city_years="2022–2024"),),
        repairs=(repair,) * 11, quality=RoadsQuality(checks=(GREEN,)),
    )  # fmt: skip


def bikes() -> BikesSummary:
    named = {"counter_id": "c-1", "mode": "bike", "counter_name": "SYN_Pont",
             "arrondissement": "7"}  # fmt: skip
    hours = (
        BikesHour(**BIKES, mode="bike", hour_start=at, hour_of_day=hour)
        for hour, at in enumerate(STARTS)
    )
    finding = BikesFinding(
        **named, status="no_rows", reasons="no_rows; direction_drift", outage_days=5,
        typical_bikes=321.0,
    )  # fmt: skip
    return BikesSummary(
        **small("bikes"), hours_in_day=24, baseline="day_type", hourly=tuple(hours),
        totals=BikesTotals(**BIKES, counters=4, counters_counting=3, sites=2),
        year=BikesYear(panel_counters=2, bikes=110, bikes_before=100, change=0.1),
        arrondissements=(BikesArea(**BIKES, arrondissement="7", mode="bike", counters=4),),
        top_counters=(BikesCounterRank(rank=1, **named, bikes=4321, coverage=1.0, ratio=1.25),),
        findings_total=1, findings=(finding,),
    )  # fmt: skip


def velib() -> VelibSummary:
    totals = VelibTotals(**STATIONS, stale=4, closed=1, mechanical=400, ebikes=377, reports=90)
    return VelibSummary(
        **small("velib"), newest_report_at=STARTS[18], totals=totals,
        arrondissements=(VelibArea(**STATIONS, arrondissement="outside"),),
    )  # fmt: skip


def transit() -> TrafficSummary:
    moments = (
        TransitMoment(local_time="08:30", at=STARTS[8], snapshot_at=None, snapshot_age_min=None,
                      blocking=None, disrupted=None, information=None, lines_blocked=None,
                      lines_disrupted=None),
        TransitMoment(local_time="18:00", at=STARTS[18], snapshot_at=STARTS[17],
                      snapshot_age_min=60.0, blocking=2, disrupted=3, information=1,
                      lines_blocked=2, lines_disrupted=5),
    )  # fmt: skip
    line = TransitLineRank(rank=1, line_id="line:1", line_name="SYN_B12", mode="Bus",
                           disrupted_h=12.5, blocked_h=6.5, availability=0.75)  # fmt: skip
    return TrafficSummary(
        **small("traffic"), hours_in_day=24, snapshots=6, snapshot_at=STARTS[17],
        snapshot_later=False, moments=moments, top_lines=(line,) * 12,
        totals=TransitTotals(**LINES, planned=4, unplanned=2, without_line=1),
        modes=(TransitMode(**LINES, mode="Bus"),),
    )  # fmt: skip


def works() -> ChantiersSummary:
    totals = WorksTotals(**WORKS, listed=20, announced=5, suspended=2, finished=1, ended=4,
                         overdue=1, starting=1, ending=2)  # fmt: skip
    work = WorkRank(rank=1, work_id="CP1", street="SYN_Bd Voltaire", arrondissement="11",
                    start=date(2026, 5, 1), end=date(2026, 7, 14), impact="closed",
                    impact_weight=1.0, level=2, area_m2=None, exposed_arcs=3)  # fmt: skip
    return ChantiersSummary(
        **small("chantiers"), snapshot_at=STARTS[9], snapshot_later=True, snapshot_age_h=None,
        totals=totals, arrondissements=(WorksZone(**WORKS, arrondissement="11"),),
        top_works=(work,) * 11,
    )  # fmt: skip


def weather() -> WeatherSummary:
    at = WeatherDay(
        place="48.86,2.35", place_name=None, provider="open-meteo", period="hour", hours=23,
        temperature_c=19.4, temperature_min_c=14.1, temperature_max_c=26.2, precipitation_mm=1.5,
        snowfall_cm=0.0, rain_hours=2, wind_kmh=11.0, gust_kmh=None, weather_code=61,
        category="rain", mobility_impact="low",
    )  # fmt: skip
    hours = (
        WeatherHour(start=start, hour_of_day=hour, temperature_c=15.0 + hour / 4,
                    precipitation_mm=None if hour == 3 else 0.1, wind_kmh=11.0, weather_code=3)
        for hour, start in enumerate(STARTS)
    )  # fmt: skip
    return WeatherSummary(
        **small("weather"), hours_in_day=24, coverage=23 / 24, places=1, reference=at,
        hourly=tuple(hours),
    )  # fmt: skip


def across() -> AcrossSummary:
    shared = {"volume_arcs": 80, "compared_arcs": 60, "compared_share": 0.75,
              "compared_veh": 90_000, "similar_veh": 100_000.0, "like_ratio": 0.9,
              "tti_area": 1.57, "index_coverage": 0.375, "works_active": 8,
              "exposed_arcs": 14}  # fmt: skip
    effect = WorkEffect(
        work_id="CP1", arc_id="1003", label="SYN_Rue_3", arrondissement="4",
        start=date(2026, 6, 1), impact="closed", before_days=20, during_days=14,
        before_veh=5000.0, during_veh=3000.0, work_ratio=0.6, control_arcs=12,
        control_ratio=0.96, work_change=-0.375,
    )  # fmt: skip
    return AcrossSummary(
        **common("across"),
        context=AcrossContext(roads_analysis="b" * 20, chantiers=None, traffic=None, weather=None,
                              earlier=None),
        weather=AcrossWeather(category="rain", mobility_impact="low", temperature_c=19.4,
                              precipitation_mm=1.5),
        transit=AcrossTransit(availability=0.875, disrupted_line_h=96.0, coverage=0.25),
        similar=(date(2026, 6, 8), date(2026, 6, 15)), works=(effect,),
        city=AcrossCity(**shared, similar_days=2, works_compared=1),
        arrondissements=(AcrossZone(**shared, arrondissement="4", impact_weight=3.7),),
        quality=AcrossQuality(checks=(GREEN,)),
    )  # fmt: skip


def register() -> RegisterSummary:
    noted = {"who": "Anna <b>", "noted_at": MIDNIGHT + timedelta(hours=9)}
    loop = AnomalousRange(
        dataset="comptages", sensor="4264", measure="occupancy_pct", start=MIDNIGHT, end=None,
        problem="câble coupé", **noted,
    )  # fmt: skip
    counters = AnomalousRange(
        dataset="bikes", sensor=None, measure=None, start=MIDNIGHT - timedelta(days=3),
        end=MIDNIGHT + timedelta(hours=6), problem="fleuve", **noted,
    )  # fmt: skip
    return RegisterSummary(
        day=NEWEST, edition="e" * 20, attribution=attribution_for("comptages", synthetic=True),
        status="published", method_version="1", writer_version="1", ranges_total=2,
        ranges=(counters, loop), views=(), quality=RegisterQuality(checks=(GREEN,)),
        context=RegisterContext(comptages=edition(NEWEST), bikes=edition(NEWEST)),
    )  # fmt: skip


OTHERS: dict[str, PublishedDocument] = {
    one.dataset.value: one
    for one in (loops(), bikes(), velib(), transit(), works(), weather(), across(), register())
}
"""By dataset; all of the newest day."""
