"""A small published city: two days with data, one without, an earlier edition, one report."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from cityflow.attribution import attribution_for
from cityflow.calendar import hour_ends, hour_of_day
from cityflow.contracts import ComptagesSummary
from cityflow.contracts.bikes import BikesSummary, BikesTotals, BikesYear
from cityflow.contracts.bikes_tables import BIKES_COUNTER_HOURS
from cityflow.contracts.daily import DayContext, DayQuality
from cityflow.contracts.reference import ReferenceVersion
from cityflow.contracts.register import (
    AnomalousRange,
    RegisterContext,
    RegisterQuality,
    RegisterSummary,
)
from cityflow.contracts.register_tables import REGISTER_ARC_HOURS, REGISTER_COUNTER_HOURS
from cityflow.contracts.report import MEASURED, DailyReport
from cityflow.contracts.report_tables import SECTIONS
from cityflow.contracts.roads import (
    RoadsContext,
    RoadsQuality,
    RoadsSummary,
    RoadsTotals,
    RoadsTypical,
)
from cityflow.contracts.roads_tables import ROADS_HOURS
from cityflow.contracts.tables import COMPTAGES_ARC_HOURS, COMPTAGES_ARCS, Table
from cityflow.settings import Settings
from cityflow.storage import Candidate, Editions, Store, layout, open_store
from cityflow_api.app import create_app

MONDAY, TUESDAY, SILENT = date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 6)
ANALYSED = "7" * 20
EARLIER, MONDAYS, TUESDAYS, NOTHING, REPORTED, FIRST_REPORT, BIKED = (
    digit * 20 for digit in "1234569"
)
ARCS = 230
ROADS = attribution_for("comptages", synthetic=True)
POLYGONS = attribution_for("arrondissements", synthetic=True)
LINES = attribution_for("referentiel", synthetic=True)
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "int": pl.Int64,
    "float": pl.Float64,
    "instant": pl.Datetime("us", "UTC"),
    "date": pl.Date,
}


@dataclass(frozen=True)
class City:
    """What was published, for tests to compare answers with."""

    settings: Settings
    store: Store
    tables: dict[tuple[date, str], pl.DataFrame]
    monday: date = MONDAY
    tuesday: date = TUESDAY
    silent: date = SILENT
    earlier: str = EARLIER
    mondays: str = MONDAYS
    tuesdays: str = TUESDAYS
    reported: str = REPORTED
    first_report: str = FIRST_REPORT


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    settings = Settings(output_dir=tmp_path_factory.mktemp("city"))
    with open_store(settings) as store:
        yield City(settings, store, _publish_all(store))


@pytest.fixture(scope="session")
def app(city: City) -> OpenAPI:
    return create_app(city.settings, city.store, rate_limit="1000000 per minute")


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


@dataclass(frozen=True)
class Filtering:
    """A city of its own, whose register an entry can be made in."""

    client: FlaskClient
    store: Store
    edition: str = "8" * 20

    def confirm(self, arc_id: str) -> None:
        """Publish the views of Tuesday without any flow of an arc, and without any bike."""
        of_arc = pl.col("arc_id") == arc_id
        arcs = _frame(REGISTER_ARC_HOURS, _hours(TUESDAY)).with_columns(
            pl.when(~of_arc).then(pl.col("flow_veh")).alias("flow_veh")
        )
        bikes = _frame(REGISTER_COUNTER_HOURS, _bike_hours(TUESDAY))
        nothing = bikes.with_columns(pl.lit(None, pl.Int64).alias("bikes"))
        for table, frame in ((REGISTER_ARC_HOURS, arcs), (REGISTER_COUNTER_HOURS, nothing)):
            key = layout.table("register", TUESDAY, self.edition, table.name)
            self.store.objects.put(key, _parquet(frame))
        one = AnomalousRange(
            dataset="comptages", sensor=arc_id, measure="flow_veh", start=datetime(2024, 3, 1,
            tzinfo=UTC), end=None, problem="cut", who="anna", noted_at=datetime(2024, 3, 7,
            tzinfo=UTC),
        )  # fmt: skip
        summary = RegisterSummary(
            day=TUESDAY, edition=self.edition, attribution=ROADS, status="published",
            method_version="1", writer_version="1", ranges_total=1, ranges=(one,), views=(),
            context=RegisterContext(comptages=TUESDAYS, bikes=BIKED),
            quality=RegisterQuality(checks=()),
        )  # fmt: skip
        _publish(self.store, "register", TUESDAY, self.edition, summary)


@pytest.fixture
def filtering(tmp_path: Path) -> Iterator[Filtering]:
    settings = Settings(output_dir=tmp_path)
    with open_store(settings) as store:
        _publish_all(store)
        app = create_app(settings, store, rate_limit="1000000 per minute")
        yield Filtering(app.test_client(), store)


def _publish_all(store: Store) -> dict[tuple[date, str], pl.DataFrame]:
    tables = {}
    for day, edition, arcs in (
        (MONDAY, EARLIER, 7),
        (MONDAY, MONDAYS, ARCS),
        (TUESDAY, TUESDAYS, ARCS - 1),
    ):
        for table, rows in ((COMPTAGES_ARCS, _arcs(day, arcs)), (COMPTAGES_ARC_HOURS, _hours(day))):
            frame = _frame(table, rows)
            store.objects.put(layout.table("comptages", day, edition, table.name), _parquet(frame))
            tables[day, table.name] = frame
        _publish(store, "comptages", day, edition, _summary(day, edition, "published", arcs))
    store.objects.put(
        layout.table("roads_analysis", MONDAY, ANALYSED, "hours"),
        _parquet(_frame(ROADS_HOURS, _profile(MONDAY))),
    )
    _publish(store, "roads_analysis", MONDAY, ANALYSED, _analysis(MONDAY, ANALYSED))
    store.objects.put(
        layout.table("bikes", TUESDAY, BIKED, BIKES_COUNTER_HOURS.name),
        _parquet(_frame(BIKES_COUNTER_HOURS, _bike_hours(TUESDAY))),
    )
    _publish(store, "bikes", TUESDAY, BIKED, _bikes(TUESDAY, BIKED))
    lines = ReferenceVersion(
        dataset="referentiel", day=MONDAY, edition="a" * 20, attribution=LINES,
        table=layout.clean("referentiel", MONDAY, "a" * 20), rows=3, without_geometry=1,
    )  # fmt: skip
    _publish(store, "referentiel", MONDAY, "a" * 20, lines)
    _publish(store, "comptages", SILENT, NOTHING, _summary(SILENT, NOTHING, "no_data", 0))
    for edition in (FIRST_REPORT, REPORTED):
        _publish(store, "report", TUESDAY, edition, _report(TUESDAY, edition))
        for section in SECTIONS:
            key = layout.report_section(TUESDAY, edition, section.name)
            store.objects.put(key, f"day,{section.name}\n2024-03-05,1\n".encode())
    store.objects.put(layout.report_file(TUESDAY, "csv"), b"day,figure\n2024-03-05,arcs\n")
    return tables


def _publish(store: Store, dataset: str, day: date, edition: str, document: Any) -> None:
    editions = Editions(store)
    body = document.model_dump(mode="json")
    candidate = Candidate(
        dataset=dataset,
        day=day,
        edition=edition,
        document=body,
        status=body.get("status", "published"),
        records=48,
        run_id=f"run-{edition}",
        now=datetime(2024, 3, 8, 4, tzinfo=UTC),
        expected=editions.current_version(dataset, day),
    )
    assert editions.publish(candidate) == "new"


def _frame(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {column.name: _TYPES[column.kind] for column in table.columns}
    return pl.DataFrame(rows, schema=schema).sort(table.key)


def _parquet(frame: pl.DataFrame) -> bytes:
    data = BytesIO()
    frame.write_parquet(data)
    return data.getvalue()


def _arcs(day: date, count: int) -> list[dict[str, Any]]:
    return [_arc(day, number) for number in range(1, count + 1)]


def _arc(day: date, number: int) -> dict[str, Any]:
    """Every third arc counts nothing, every fifth has no geometry."""
    silent, lost = number % 3 == 0, number % 5 == 0
    lon, lat = 2.25 + number / 2000, 48.82 + number / 4000
    line = {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.001, lat + 0.001]]}
    return {
        "arc_id": str(number),
        "label": None if number == 8 else f'Rue de l\'Été, n° {number} "bis"',
        "node_from_id": f"n{number}",
        "node_to_id": f"n{number + 1}",
        "arrondissement": "unknown" if lost else str(number % 20 + 1),
        "length_m": None if lost else 133.7 + number,
        "geometry_source": "none" if lost else "counts",
        "geometry": None if lost else json.dumps(line),
        "flow_veh": None if silent else number * 10 + day.day,
        "flow_hours": 0 if silent else 23,
        "occupancy_hours": 24,
        "expected_hours": 24,
        "flow_coverage": 0.0 if silent else 23 / 24,
        "occupancy_coverage": 1.0,
        "occupancy_mean_pct": 7.123456789 + number,
        "peak_hour": None if silent else 17,
        "peak_hour_end": None if silent else datetime(2024, 3, day.day, 17, tzinfo=UTC),
        "peak_flow_veh": None if silent else number,
        "vkt_veh_km": None if silent or lost else number * 1.5,
        "saturated_hours": number % 4,
        "blocked_hours": 0,
        "arc_status": "open",
        "available_from": date(1996, 10, 10),
        "available_to": None,
    }


def _hours(day: date) -> list[dict[str, Any]]:
    return [
        {
            "arc_id": arc,
            "hour_end": end,
            "hour_of_day": hour_of_day(end),
            "flow_veh": None if arc == "3" else 100 + index,
            "occupancy_pct": None if index == 5 else index * 2.5,
            "state": "unknown" if index == 5 else "fluid",
        }
        for arc in ("1", "10", "3")
        for index, end in enumerate(hour_ends(day))
    ]


def _bike_hours(day: date) -> list[dict[str, Any]]:
    """Two counters; the second has a typical hour, a spike and a hole."""
    return [
        {
            "counter_id": counter,
            "mode": "bike",
            "hour_start": end - timedelta(hours=1),
            "hour_of_day": hour_of_day(end),
            "bikes": None if counter == "20" and at == 3 else 10 + at,
            "typical_bikes": 12.5 if counter == "20" else None,
            "deviation": -0.5 if counter == "20" else None,
            "band": "usual" if counter == "20" else None,
            "is_spike": int(counter == "20" and at == 4),
        }
        for counter in ("10", "20")
        for at, end in enumerate(hour_ends(day))
    ]


def _bikes(day: date, edition: str) -> BikesSummary:
    observed = {"hours": 47, "expected_hours": 48, "coverage": 47 / 48, "compared_bikes": None,
                "typical_bikes": None, "ratio": None}  # fmt: skip
    counts = dict.fromkeys(("rows_in", "published", "values"), 48)
    nothing = dict.fromkeys(("rejected", "duplicates", "conflicts", "withdrawn_values"), 0)
    return BikesSummary(
        day=day, edition=edition, attribution=ROADS,
        context_attributions=(POLYGONS,), status="published", hours_in_day=24,
        **dict.fromkeys(("method_version", "thresholds_version", "writer_version"), "1"),
        context=DayContext(arrondissements=None, listed=None, past=None), baseline="none",
        totals=BikesTotals(bikes=1003, **observed, counters=2, counters_counting=2, sites=1),
        year=BikesYear(panel_counters=0, bikes=None, bikes_before=None, change=None),
        hourly=(), arrondissements=(), top_counters=(), findings_total=0, findings=(),
        quality=DayQuality(**counts, **nothing, rejected_by_reason={}, checks=()),
    )  # fmt: skip


def _profile(day: date) -> list[dict[str, Any]]:
    """The first three hours have no typical flow."""
    return [
        {
            "arc_id": "10",
            "hour_end": end,
            "hour_of_day": hour_of_day(end),
            "flow_veh": 100 + at,
            "typical_flow_veh": None if at < 3 else 90.5,
            "spread_veh": None if at < 3 else 7.4,
            "typical_days": 2 if at < 3 else 8,
            "typical_from": "none" if at < 3 else "day_type",
            "deviation": None if at < 3 else 1.25,
            "band": None if at < 3 else "usual",
            "is_anomaly": 0,
        }
        for at, end in enumerate(hour_ends(day))
    ]


def _analysis(day: date, edition: str) -> RoadsSummary:
    index = dict.fromkeys(("index_hours", "expected_hours", "capped_hours", "dpn_hours"), 0)
    nothing = {
        name: None for name in RoadsTotals.model_fields if name not in RoadsTypical.model_fields
    }
    return RoadsSummary(
        day=day,
        edition=edition,
        attribution=ROADS,
        context_attributions=(POLYGONS,),
        status="published",
        **dict.fromkeys(("method_version", "thresholds_version", "writer_version"), "2"),
        context=RoadsContext(
            comptages=MONDAYS, calibration=None, past=None, health_digest="h", clean_digest="c"
        ),
        arcs_known=1,
        arcs_calibrated=0,
        health=(),
        totals=RoadsTotals(**{**nothing, **index, "congested_hours": 0}),
        hourly=(),
        arrondissements=(),
        repairs_total=0,
        repairs=(),
        quality=RoadsQuality(checks=()),
    )


def _observed(arcs: int) -> dict[str, Any]:
    return {
        "arcs": arcs,
        "expected_hours": arcs * 24,
        "flow_veh": arcs or None,
        "flow_hours": arcs,
        "flow_coverage": 1 / 24 if arcs else None,
        "occupancy_mean_pct": None,
        "occupancy_hours": 0,
        "occupancy_coverage": 0.0 if arcs else None,
        "saturated_hours": 0,
        "blocked_hours": 0,
    }


def _summary(day: date, edition: str, status: str, arcs: int) -> ComptagesSummary:
    kinds = {"arcs_with_flow": arcs, "arcs_occupancy_only": 0, "arcs_silent": 0}
    counts = dict.fromkeys(("rows_in", "published", "rejected", "duplicates"), 0)
    more = dict.fromkeys(("conflicts", "withdrawn_values", "state_mismatches"), 0)
    by_name: dict[str, Any] = {"rejected_by_reason": {}, "arc_status_hours": {}, "checks": ()}
    return ComptagesSummary.model_validate(
        {
            "day": day,
            "edition": edition,
            "attribution": ROADS,
            "context_attributions": (POLYGONS,),
            "status": status,
            **dict.fromkeys(("method_version", "thresholds_version", "writer_version"), "1"),
            **dict.fromkeys(("hours_in_day", "hours_expected"), 24),
            "context": {"referentiel": None, "arrondissements": None, "lengths_from": "none"},
            "totals": {**_observed(arcs), **kinds, "vkt_veh_km": None, "vkt_flow_share": None},
            **dict.fromkeys(("hourly", "top_arcs_by_flow", "top_arcs_by_saturated_hours"), ()),
            **dict.fromkeys(("arrondissements", "alerts"), ()),
            "alerts_total": 0,
            "quality": {**counts, **more, **by_name},
        }
    )


def _report(day: date, edition: str) -> DailyReport:
    source = {"status": "never_processed", "edition": None, "records": None, "note": None}
    return DailyReport.model_validate(
        {
            "day": day,
            "edition": edition,
            "editions": {"comptages": TUESDAYS},
            "method_version": "1",
            "attributions": (ROADS, POLYGONS),
            "sources": [{"dataset": name, "attribution": ROADS, **source} for name in MEASURED],
            "missing": (),
            "comptages": _summary(day, TUESDAYS, "published", ARCS),
        }
    )
