"""What a report carries of the small datasets: their documents, tidy sections, whom to name."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cityflow.attribution import attribution_for
from cityflow.contracts import Check, Dataset, Pointer
from cityflow.contracts.across import (
    AcrossCity,
    AcrossContext,
    AcrossQuality,
    AcrossSummary,
    AcrossTransit,
    AcrossZone,
    WorkEffect,
)
from cityflow.contracts.bikes import BikesHour, BikesSummary, BikesTotals, BikesYear
from cityflow.contracts.chantiers import ChantiersSummary, WorkRank, WorksTotals
from cityflow.contracts.daily import DayContext, DayQuality, DaySummary
from cityflow.contracts.register import (
    AnomalousRange,
    FilteredView,
    RegisterContext,
    RegisterQuality,
    RegisterSummary,
)
from cityflow.contracts.report import DailyReport
from cityflow.contracts.traffic import TrafficSummary, TransitMoment, TransitTotals
from cityflow.contracts.weather import WeatherDay, WeatherSummary
from cityflow_reporter.compose import Evidence, compose
from cityflow_reporter.sections import figures, section_rows

DAY = date(2025, 3, 30)
NOON = datetime(2025, 3, 30, 10, tzinfo=UTC)


def common(dataset: Dataset) -> dict[str, object]:
    check = Check(name="volume", severity="green", message="24 records")
    quality = DayQuality(
        rows_in=25, published=24, rejected=1, rejected_by_reason={"bad_time": 1}, duplicates=0,
        conflicts=0, withdrawn_values=0, values=23, checks=(check,),
    )  # fmt: skip
    return {
        "day": DAY, "edition": "b" * 20, "attribution": attribution_for(dataset, synthetic=False),
        "status": "published", "method_version": "1", "thresholds_version": "1",
        "writer_version": "2", "quality": quality,
        "context": DayContext(arrondissements=None, listed=None, past=None),
    }  # fmt: skip


OBSERVED = {
    "bikes": 230, "hours": 23, "expected_hours": 46, "coverage": 0.5, "compared_bikes": None,
    "typical_bikes": None, "ratio": None,
}  # fmt: skip


def bikes() -> BikesSummary:
    hour = BikesHour(**OBSERVED, mode="bike", hour_start=NOON, hour_of_day=12)
    return BikesSummary(
        **common(Dataset.BIKES), hours_in_day=23, baseline="none",
        totals=BikesTotals(**OBSERVED, counters=2, counters_counting=1, sites=1),
        year=BikesYear(panel_counters=0, bikes=None, bikes_before=None, change=None),
        hourly=(hour,), arrondissements=(), top_counters=(), findings_total=0, findings=(),
    )  # fmt: skip


def transit() -> TrafficSummary:
    hours = {
        "disrupted_line_h": 30.5, "blocked_line_h": 11.5, "planned_line_h": 20.0,
        "stop_blocked_line_h": 7.5, "unplanned_line_h": 10.5,
        "information_line_h": 0.0, "line_h": 46.0,
    }  # fmt: skip
    totals = TransitTotals(
        lines=2, disruptions=3, **hours, availability=0.75, coverage=0.5, planned=2, unplanned=1,
        without_line=0,
    )  # fmt: skip
    moment = TransitMoment(
        local_time="08:30", at=NOON, snapshot_at=None, snapshot_age_min=None, blocking=None,
        disrupted=None, information=None, lines_blocked=None, lines_disrupted=None,
    )  # fmt: skip
    return TrafficSummary(
        **common(Dataset.TRAFFIC), hours_in_day=23, snapshots=4, snapshot_at=NOON,
        snapshot_later=False, totals=totals, modes=(), moments=(moment,), top_lines=(),
    )  # fmt: skip


def works() -> ChantiersSummary:
    weighed = {"impact_weight": 1.0, "impact_share": 0.5, "area_m2": 90.5, "geometry_share": 1.0}
    totals = WorksTotals(
        active=2, severe=1, closed=1, dead_end=0, one_way=0, restricted=0, unknown_impact=1,
        **weighed, exposed_arcs=4, listed=5, announced=1, suspended=1, finished=0, ended=1,
        overdue=1, starting=0, ending=1,
    )  # fmt: skip
    top = WorkRank(
        rank=1, work_id="CP1", street="rue de Rivoli", arrondissement="4", start=DAY, end=DAY,
        impact="closed", impact_weight=1.0, level=2, area_m2=90.5, exposed_arcs=4,
    )  # fmt: skip
    return ChantiersSummary(
        **common(Dataset.CHANTIERS), snapshot_at=NOON, snapshot_later=False, snapshot_age_h=12.0,
        totals=totals, arrondissements=(), top_works=(top,),
    )  # fmt: skip


def weather() -> WeatherSummary:
    place = WeatherDay(
        place="48.86,2.34", place_name=None, provider="open-meteo", period="hour", hours=23,
        temperature_c=9.5, temperature_min_c=4.0, temperature_max_c=14.0, precipitation_mm=0.0,
        snowfall_cm=None, rain_hours=0, wind_kmh=10.0, gust_kmh=None, weather_code=3,
        category="fair", mobility_impact="none",
    )  # fmt: skip
    return WeatherSummary(
        **common(Dataset.WEATHER), hours_in_day=23, coverage=1.0, places=1, reference=place,
        hourly=(),
    )  # fmt: skip


def across() -> AcrossSummary:
    shared = {"volume_arcs": 8, "compared_arcs": 6, "compared_share": 0.75, "compared_veh": 600,
              "similar_veh": 750.0, "like_ratio": 0.8, "works_active": 2, "exposed_arcs": 4,
              "tti_area": 1.5, "index_coverage": 0.5}  # fmt: skip
    work = WorkEffect(
        work_id="CP1", arc_id="7", label="Rivoli", arrondissement="4", start=DAY, impact="closed",
        before_days=20, during_days=9, before_veh=100.0, during_veh=50.0, work_ratio=0.5,
        control_arcs=12, control_ratio=0.8, work_change=-0.375,
    )  # fmt: skip
    same = common(Dataset.ACROSS)
    return AcrossSummary(
        **same | {
            "context": AcrossContext(roads_analysis="c" * 20, chantiers=None, traffic=None,
                                     weather=None, earlier=None),
            "quality": AcrossQuality(checks=same["quality"].checks),  # type: ignore[attr-defined]
        },
        weather=None, transit=AcrossTransit(availability=0.9, disrupted_line_h=30.5, coverage=0.25),
        similar=(DAY - timedelta(days=7),), city=AcrossCity(**shared, similar_days=1,
        works_compared=1), works=(work,), arrondissements=(AcrossZone(**shared, arrondissement="4",
        impact_weight=1.3),),
    )  # fmt: skip


def register() -> RegisterSummary:
    half = {"start": NOON - timedelta(days=9), "problem": "cut", "who": "anna", "noted_at": NOON}
    view = FilteredView(
        dataset="bikes", measure="bikes", sensors=1, raw_values=40, filtered_values=30,
        filtered_share=0.75, raw_sum=230, filtered_sum=200,
    )  # fmt: skip
    return RegisterSummary(
        day=DAY, edition="d" * 20, attribution=attribution_for(Dataset.BIKES, synthetic=False),
        status="published", method_version="1", writer_version="1", ranges_total=2,
        ranges=(
            AnomalousRange(dataset="bikes", sensor="7", measure="bikes", end=NOON, **half),
            AnomalousRange(dataset="comptages", sensor=None, measure=None, end=None, **half),
        ),
        views=(view,), context=RegisterContext(comptages=None, bikes="b" * 20),
        quality=RegisterQuality(checks=(Check(name="sensors of bikes", severity="yellow",
        message="1 sensors without a row: 7"),)),
    )  # fmt: skip


def evidence(summary: DaySummary | AcrossSummary | RegisterSummary) -> Evidence:
    pointer = Pointer(
        dataset=summary.dataset.value, day=DAY, edition=summary.edition, run_id="r",
        published_at=NOON + timedelta(days=1), status="published", records=24,
    )  # fmt: skip
    return Evidence(summary.dataset, pointer, summary, None)


@pytest.fixture
def report() -> DailyReport:
    roads = Evidence(Dataset.COMPTAGES, None, None, None)
    return compose(DAY, [roads, *map(evidence, (bikes(), transit(), works(), weather()))])


def test_the_documents_of_published_datasets_are_carried_whole(report: DailyReport) -> None:
    assert (report.bikes, report.weather, report.velib) == (bikes(), weather(), None)
    assert (report.traffic, report.chantiers) == (transit(), works())
    assert [missing.dataset for missing in report.missing] == ["comptages"]
    assert DailyReport.model_validate_json(report.model_dump_json()) == report
    named = [credit.source.rpartition(" / ")[2] for credit in report.attributions]
    assert named == [
        "comptage-velo-donnees-compteurs",
        "disruptions_bulk",
        "chantiers-perturbants",
        "weather",
    ]


def test_each_section_has_its_rows_and_credits_its_own_source(report: DailyReport) -> None:
    rows = section_rows(report)
    (totals,) = rows["bikes_totals"]
    assert (totals["bikes"], totals["year_change"], totals["dataset"]) == (230, None, "bikes")
    assert "comptage-velo" in totals["source"]
    (place,) = rows["weather"]
    assert (place["category"], place["dataset"]) == ("fair", "weather")
    assert len(rows["bikes_hourly"]) == 1 and rows["velib_totals"] == []
    checks = [(row["dataset"], row["name"]) for row in rows["checks"]]
    assert checks == [(name, "volume") for name in ("bikes", "traffic", "chantiers", "weather")]
    assert [row["work_id"] for row in rows["chantiers_top_works"]] == ["CP1"]
    read = {(r["dataset"], r["kind"], r["name"]): r["rows"] for r in rows["quality"]}
    assert read["bikes", "read", "rows_in"] == 25
    assert read["weather", "rejected", "bad_time"] == 1


def test_coverage_stands_beside_every_count(report: DailyReport) -> None:
    found = {(f["section"], f["measure"]): f for f in figures(report)}
    assert found["bikes_totals", "bikes"]["coverage"] == 0.5
    assert found["bikes_hourly", "bikes"]["coverage"] == 0.5
    assert found["weather", "temperature_c"]["value"] == 9.5
    blocked = found["traffic_totals", "blocked_line_h"]
    assert (blocked["value"], blocked["unit"], blocked["coverage"]) == (11.5, "line·h", 0.5)
    assert found["traffic_moments", "blocking"]["value"] is None
    area = found["chantiers_totals", "area_m2"]
    assert (area["value"], area["unit"], area["coverage"]) == (90.5, "m²", 1.0)
    assert found["chantiers_totals", "impact_weight"]["coverage"] == 0.5


def test_the_look_across_datasets_is_carried_where_it_is_published(report: DailyReport) -> None:
    assert report.across is None
    assert "across" not in [source.dataset for source in report.sources]
    roads = Evidence(Dataset.COMPTAGES, None, None, None)
    found = compose(DAY, [roads, evidence(across())])
    assert found.across == across()
    rows = section_rows(found)
    (city,) = rows["across_city"]
    assert (city["like_ratio"], city["transit_coverage"], city["weather_category"]) == (
        0.8, 0.25, None,
    )  # fmt: skip
    assert [row["arrondissement"] for row in rows["across_arrondissements"]] == ["4"]
    assert [row["work_change"] for row in rows["across_works"]] == [-0.375]
    assert ("across", "volume") in [(row["dataset"], row["name"]) for row in rows["checks"]]
    told = {(f["section"], f["measure"]): f for f in figures(found)}
    assert told["across_city", "like_ratio"]["coverage"] == 0.75
    assert told["across_city", "transit_disrupted_line_h"]["coverage"] == 0.25


def test_confirmed_ranges_of_the_register_stand_apart_from_the_flags(report: DailyReport) -> None:
    assert report.confirmed is None and section_rows(report)["register_ranges"] == []
    roads = Evidence(Dataset.COMPTAGES, None, None, None)
    found = compose(DAY, [roads, evidence(bikes()), evidence(register())])
    assert found.confirmed == register() and found.bikes == bikes()
    assert DailyReport.model_validate_json(found.model_dump_json()) == found
    assert found.edition != compose(DAY, [roads, evidence(bikes())]).edition
    rows = section_rows(found)
    ranges = [(r["dataset"], r["sensor"], r["measure"], r["end"]) for r in rows["register_ranges"]]
    assert ranges == [
        ("bikes", "7", "bikes", "2025-03-30T10:00:00Z"), ("comptages", None, None, None),
    ]  # fmt: skip
    assert {(r["problem"], r["who"]) for r in rows["register_ranges"]} == {("cut", "anna")}
    (view,) = rows["register_views"]
    assert (view["filtered_share"], view["raw_sum"], view["dataset"]) == (0.75, 230, "bikes")
    assert ("register", "sensors of bikes") in [(r["dataset"], r["name"]) for r in rows["checks"]]
    items = {f["item"] for f in figures(found) if f["section"] == "register_ranges"}
    assert items == {"7 bikes 2025-03-21T10:00:00Z 2025-03-30T10:00:00Z", "2025-03-21T10:00:00Z"}
