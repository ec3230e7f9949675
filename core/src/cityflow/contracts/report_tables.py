"""Columns of the report's CSV files, derived from the models whose figures they carry.

Every file is comma separated UTF-8 with LF; an empty cell is a null, never zero. A text that a
spreadsheet would take for a formula has an apostrophe before it.
"""

from cityflow.contracts.across import (
    AcrossCity,
    AcrossTransit,
    AcrossWeather,
    AcrossZone,
    WorkEffect,
)
from cityflow.contracts.base import Attribution, Check
from cityflow.contracts.bikes import (
    BikesArea,
    BikesCounterRank,
    BikesFinding,
    BikesHour,
    BikesTotals,
    BikesYear,
)
from cityflow.contracts.chantiers import WorkRank, WorksTotals, WorksZone
from cityflow.contracts.comptages import ArcRank, AreaTotals, CongestionAlert, DayTotals, Hour
from cityflow.contracts.register import AnomalousRange, FilteredView
from cityflow.contracts.report import Missing, SourceState
from cityflow.contracts.report_columns import CREDIT, columns_of, nullable, section
from cityflow.contracts.roads import (
    Bottleneck,
    HealthCount,
    Repair,
    RoadsAnomaly,
    RoadsArea,
    RoadsComparison,
    RoadsHour,
    RoadsSpeed,
    RoadsTotals,
)
from cityflow.contracts.tables import Column, Table
from cityflow.contracts.traffic import (
    TransitLineRank,
    TransitMode,
    TransitMoment,
    TransitStops,
    TransitTotals,
    TransitZone,
)
from cityflow.contracts.velib import VelibArea, VelibTotals
from cityflow.contracts.weather import WeatherDay, WeatherHour

TOTALS = section(
    "totals",
    (),
    "Totals of the whole network on observed hours.",
    (
        *columns_of(DayTotals),
        Column("hours_in_day", "int", "h", "Hours of this local day: 23, 24 or 25"),
        Column("hours_expected", "int", "h", "Hours the source holds of them"),
        Column("alerts_total", "int", "", "Number of congestion alerts of the day"),
    ),
)
HOURLY = section(
    "hourly", ("hour_end",), "Profile of the day, in time order.", tuple(columns_of(Hour))
)
ARRONDISSEMENTS = section(
    "arrondissements",
    ("arrondissement",),
    "Totals by published polygon, with `outside` Paris and `unknown`.",
    tuple(columns_of(AreaTotals)),
)
TOP_ARCS_BY_FLOW = section(
    "top_arcs_by_flow", ("rank",), "Ten arcs with the largest flow.", tuple(columns_of(ArcRank))
)
TOP_ARCS_BY_SATURATED_HOURS = section(
    "top_arcs_by_saturated_hours",
    ("rank",),
    "Ten arcs with most hours at or above 30 % of occupancy.",
    tuple(columns_of(ArcRank)),
)
ALERTS = section(
    "alerts",
    ("arc_id", "start"),
    "Congestion alerts: the longest and heaviest, at most 100; `totals` has their number.",
    tuple(columns_of(CongestionAlert)),
)
ROADS_TOTALS = section(
    "roads_totals",
    (),
    "Congestion of the network, and its flow beside the typical day: estimates from sound loops.",
    (
        *columns_of(RoadsTotals),
        Column("day_type", "text", "", "Type of the day", nullable=True),
        Column("anomalies_total", "int", "", "Number of anomalies"),
        Column("bottlenecks_total", "int", "", "Number of bottlenecks"),
        Column("arcs_known", "int", "arcs", "Arcs with a row today or within a year"),
        Column("arcs_calibrated", "int", "arcs", "Arcs with a free-flow pace this month"),
        Column("repairs_total", "int", "arcs", "Arcs that are not sound"),
    ),
)
ROADS_HOURLY = section(
    "roads_hourly", ("hour_end",), "Congestion by hour.", tuple(columns_of(RoadsHour))
)
ROADS_ARRONDISSEMENTS = section(
    "roads_arrondissements",
    ("arrondissement",),
    "Congestion by published polygon.",
    tuple(columns_of(RoadsArea)),
)
ROADS_SPEEDS = section(
    "roads_speeds",
    ("network",),
    "Estimated speed beside the yearly means that the city measured: a bound of sanity.",
    tuple(columns_of(RoadsSpeed)),
)
ROADS_COMPARISONS = section(
    "roads_comparisons",
    ("basis",),
    "Flow against the same weekday of last week and last year, on the arcs that both have.",
    tuple(columns_of(RoadsComparison)),
)
ROADS_ANOMALIES = section(
    "roads_anomalies",
    ("arc_id", "start"),
    "Hours in a row of exceptional flow, by change, at most 50; `roads_totals` has their number.",
    tuple(columns_of(RoadsAnomaly)),
)
ROADS_BOTTLENECKS = section(
    "roads_bottlenecks",
    ("rank",),
    "Arcs at which congestion begins, at most 50; `roads_totals` has their number.",
    tuple(columns_of(Bottleneck)),
)
ROADS_HEALTH = section(
    "roads_health", ("status",), "Arcs by status of their loop.", tuple(columns_of(HealthCount))
)
ROADS_REPAIRS = section(
    "roads_repairs",
    ("rank",),
    "Loops that need a look, by typical flow lost, at most 50.",
    tuple(columns_of(Repair)),
)
BIKES_TOTALS = section(
    "bikes_totals",
    (),
    "Bikes of all counters on observed hours, beside what is typical of the same hours.",
    (*columns_of(BikesTotals), *columns_of(BikesYear, "year_")),
)
BIKES_HOURLY = section(
    "bikes_hourly",
    ("mode", "hour_start"),
    "Bikes by hour, in time order.",
    tuple(columns_of(BikesHour)),
)
BIKES_ARRONDISSEMENTS = section(
    "bikes_arrondissements",
    ("arrondissement", "mode"),
    "Bikes by arrondissement that has a counter.",
    tuple(columns_of(BikesArea)),
)
BIKES_TOP_COUNTERS = section(
    "bikes_top_counters",
    ("rank",),
    "Ten counters with most bikes.",
    tuple(columns_of(BikesCounterRank)),
)
BIKES_FINDINGS = section(
    "bikes_findings",
    ("counter_id", "mode"),
    "Counters that need a look, at most 50.",
    tuple(columns_of(BikesFinding)),
)
VELIB_TOTALS = section(
    "velib_totals",
    (),
    "Bike-share stations by their last report of the day.",
    tuple(columns_of(VelibTotals)),
)
VELIB_ARRONDISSEMENTS = section(
    "velib_arrondissements",
    ("arrondissement",),
    "Bike-share stations by arrondissement.",
    tuple(columns_of(VelibArea)),
)
TRAFFIC_TOTALS = section(
    "traffic_totals",
    (),
    "Disrupted line-hours of public transport.",
    tuple(columns_of(TransitTotals)),
)
TRAFFIC_MODES = section(
    "traffic_modes",
    ("mode",),
    "Disrupted line-hours by mode.",
    tuple(columns_of(TransitMode)),
)
TRAFFIC_MOMENTS = section(
    "traffic_moments",
    ("local_time",),
    "Disruptions active at 08:30 and 18:00, by the last snapshot before.",
    tuple(columns_of(TransitMoment)),
)
TRAFFIC_TOP_LINES = section(
    "traffic_top_lines",
    ("rank",),
    "Worst lines, at most 50.",
    tuple(columns_of(TransitLineRank)),
)
TRAFFIC_STOPS = section(
    "traffic_stops",
    (),
    "Stops that disruptions name, and how many of them are placed.",
    tuple(columns_of(TransitStops)),
)
TRAFFIC_ARRONDISSEMENTS = section(
    "traffic_arrondissements",
    ("arrondissement",),
    "Stops that disruptions name by published polygon, with `outside` Paris and `unknown`.",
    tuple(columns_of(TransitZone)),
)
CHANTIERS_TOTALS = section(
    "chantiers_totals",
    (),
    "Road works on the list of the day, and those that are active.",
    tuple(columns_of(WorksTotals)),
)
CHANTIERS_ARRONDISSEMENTS = section(
    "chantiers_arrondissements",
    ("arrondissement",),
    "Active road works by arrondissement.",
    tuple(columns_of(WorksZone)),
)
CHANTIERS_TOP_WORKS = section(
    "chantiers_top_works",
    ("rank",),
    "Heaviest active road works, at most 50.",
    tuple(columns_of(WorkRank)),
)
WEATHER = section(
    "weather",
    ("place",),
    "The weather of the day at the place of reference.",
    tuple(columns_of(WeatherDay)),
)
WEATHER_HOURLY = section(
    "weather_hourly",
    ("start",),
    "The weather by hour at the place of reference.",
    tuple(columns_of(WeatherHour)),
)
ACROSS_CITY = section(
    "across_city",
    (),
    "The whole city beside days of similar weather, its works, its transit, its weather.",
    (
        *columns_of(AcrossCity),
        *nullable(columns_of(AcrossTransit, "transit_")),
        *nullable(columns_of(AcrossWeather, "weather_")),
    ),
)
ACROSS_ARRONDISSEMENTS = section(
    "across_arrondissements",
    ("arrondissement",),
    "The same by arrondissement.",
    tuple(columns_of(AcrossZone)),
)
ACROSS_WORKS = section(
    "across_works",
    ("work_id", "arc_id"),
    "Arcs near works before and during, beside their arrondissement: the largest changes.",
    tuple(columns_of(WorkEffect)),
)
REGISTER_RANGES = section(
    "register_ranges",
    ("sensor", "measure", "start", "end"),
    "Ranges that people confirmed to be wrong, apart from what detectors flag; at most 50.",
    tuple(columns_of(AnomalousRange)),
)
REGISTER_VIEWS = section(
    "register_views",
    ("measure",),
    "What the filtered views leave out of these ranges; all other figures are raw.",
    tuple(columns_of(FilteredView)),
)
QUALITY = section(
    "quality",
    ("kind", "name"),
    "How the day's rows were read, in counts.",
    (
        Column("kind", "text", "", "read, rejected (by reason) or arc_status (as published)"),
        Column("name", "text", "", "What was counted"),
        Column("rows", "int", "rows", "Rows counted"),
    ),
)
CHECKS = section("checks", ("name",), "Quality gates of the day.", tuple(columns_of(Check)))
MISSING = section("missing", (), "Datasets without figures, and why.", tuple(columns_of(Missing)))
SOURCES = section(
    "sources",
    (),
    "The six measured datasets and the analysis of the roads: what the report holds of each, and "
    "whom to name.",
    (
        *(c for c in columns_of(SourceState) if "attribution" not in c.name),
        *columns_of(Attribution),
    ),
)

SECTIONS = (
    TOTALS,
    HOURLY,
    ARRONDISSEMENTS,
    TOP_ARCS_BY_FLOW,
    TOP_ARCS_BY_SATURATED_HOURS,
    ALERTS,
    ROADS_TOTALS,
    ROADS_HOURLY,
    ROADS_ARRONDISSEMENTS,
    ROADS_SPEEDS,
    ROADS_COMPARISONS,
    ROADS_ANOMALIES,
    ROADS_BOTTLENECKS,
    ROADS_HEALTH,
    ROADS_REPAIRS,
    BIKES_TOTALS,
    BIKES_HOURLY,
    BIKES_ARRONDISSEMENTS,
    BIKES_TOP_COUNTERS,
    BIKES_FINDINGS,
    VELIB_TOTALS,
    VELIB_ARRONDISSEMENTS,
    TRAFFIC_TOTALS,
    TRAFFIC_MODES,
    TRAFFIC_MOMENTS,
    TRAFFIC_TOP_LINES,
    TRAFFIC_STOPS,
    TRAFFIC_ARRONDISSEMENTS,
    CHANTIERS_TOTALS,
    CHANTIERS_ARRONDISSEMENTS,
    CHANTIERS_TOP_WORKS,
    WEATHER,
    WEATHER_HOURLY,
    ACROSS_CITY,
    ACROSS_ARRONDISSEMENTS,
    ACROSS_WORKS,
    REGISTER_RANGES,
    REGISTER_VIEWS,
    QUALITY,
    CHECKS,
    MISSING,
    SOURCES,
)
"""The tidy files of a report edition, in the order of the daily file."""

FIGURES = Table(
    "daily_report",
    ("day", "section", "dataset", "item", "measure"),
    "All sections in one long file: one row per figure, coverage beside it.",
    (
        Column("day", "date", "", "Service day, a calendar day of Europe/Paris"),
        Column("section", "text", "", "Section, as the tidy files are named"),
        Column("dataset", "text", "", "Dataset the figure belongs to"),
        Column("item", "text", "", "Row of the section: its key, parts joined by a space"),
        Column("measure", "text", "", "Column of the section"),
        Column("value", "text", "", "The figure, at full precision", nullable=True),
        Column("unit", "text", "", "Unit of the figure"),
        Column("coverage", "float", "", "Observed ÷ expected hours behind it", nullable=True),
        *CREDIT,
    ),
)
