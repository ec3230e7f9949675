"""A report as rows: tidy ones a section, and one long list of figures. Null stays null."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from cityflow.contracts import ComptagesSummary, Dataset
from cityflow.contracts.across import AcrossSummary, AcrossTransit, AcrossWeather
from cityflow.contracts.base import Model, PublishedDocument
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.daily import DaySummary
from cityflow.contracts.register import RegisterSummary
from cityflow.contracts.report import DailyReport, SourceState
from cityflow.contracts.report_coverage import COVERAGE
from cityflow.contracts.report_tables import SECTIONS
from cityflow.contracts.roads import RoadsSummary
from cityflow.contracts.tables import Table
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary

Row = dict[str, Any]
"""A cell is text, a number or None; instants are ISO 8601 in UTC."""

_READ = (
    "rows_in",
    "published",
    "rejected",
    "duplicates",
    "conflicts",
    "withdrawn_values",
    "state_mismatches",
)
_CREDIT = ("source", "licence", "attribution")


def section_rows(report: DailyReport) -> dict[str, list[Row]]:
    """The rows of every section by its name; a section without figures is an empty list."""
    roads = _roads(report.comptages) if report.comptages else {}
    carried = (report.bikes, report.velib, report.traffic, report.chantiers, report.weather)
    small = [one for one in carried if one is not None]
    derived = (report.roads_analysis, report.across, report.confirmed)
    made = [one for one in derived if one is not None]
    gated = (*made, *small)
    own = {
        **roads,
        **(_analysis(report.roads_analysis) if report.roads_analysis else {}),
        **(_bikes(report.bikes) if report.bikes else {}),
        **(_velib(report.velib) if report.velib else {}),
        **(_traffic(report.traffic) if report.traffic else {}),
        **(_chantiers(report.chantiers) if report.chantiers else {}),
        **(_weather(report.weather) if report.weather else {}),
        **(_across(report.across) if report.across else {}),
        **(_register(report.confirmed) if report.confirmed else {}),
        "quality": [*roads.get("quality", ()), *chain.from_iterable(map(_quality, small))],
        "checks": [*roads.get("checks", ()), *chain.from_iterable(map(_checks, gated))],
        "missing": [_flat(missing) for missing in report.missing],
        "sources": [_flat(source) for source in report.sources],
    }
    credits = {source.dataset.value: _credit(source) for source in report.sources}
    return {
        table.name: [_complete(table, report, credits, row) for row in own.get(table.name, [])]
        for table in SECTIONS
    }


def figures(report: DailyReport) -> list[Row]:
    """All sections as one long list: one row a figure, its coverage beside it."""
    rows = section_rows(report)
    return [
        figure for table in SECTIONS for row in rows[table.name] for figure in _measures(table, row)
    ]


def _roads(summary: ComptagesSummary) -> dict[str, list[Row]]:
    quality = summary.quality
    return {
        "totals": [_flat(summary.totals) | _scalars(summary)],
        "hourly": [_flat(hour) for hour in summary.hourly],
        "arrondissements": [_flat(area) for area in summary.arrondissements],
        "top_arcs_by_flow": [_flat(arc) for arc in summary.top_arcs_by_flow],
        "top_arcs_by_saturated_hours": [_flat(arc) for arc in summary.top_arcs_by_saturated_hours],
        "alerts": [_flat(alert) for alert in summary.alerts],
        "quality": [
            *_counts("read", {name: getattr(quality, name) for name in _READ}),
            *_counts("rejected", quality.rejected_by_reason),
            *_counts("arc_status", quality.arc_status_hours),
        ],
        "checks": [_flat(check) for check in quality.checks],
    }


def _analysis(summary: RoadsSummary) -> dict[str, list[Row]]:
    return _named(
        summary,
        roads_totals=[_flat(summary.totals) | _scalars(summary)],
        roads_hourly=map(_flat, summary.hourly),
        roads_arrondissements=map(_flat, summary.arrondissements),
        roads_speeds=map(_flat, summary.speeds),
        roads_comparisons=map(_flat, summary.comparisons),
        roads_anomalies=map(_flat, summary.anomalies),
        roads_bottlenecks=map(_flat, summary.bottlenecks),
        roads_health=map(_flat, summary.health),
        roads_repairs=map(_flat, summary.repairs),
    )


def _bikes(summary: BikesSummary) -> dict[str, list[Row]]:
    year = {f"year_{name}": value for name, value in _flat(summary.year).items()}
    return _named(
        summary,
        bikes_totals=[_flat(summary.totals) | year],
        bikes_hourly=map(_flat, summary.hourly),
        bikes_arrondissements=map(_flat, summary.arrondissements),
        bikes_top_counters=map(_flat, summary.top_counters),
        bikes_findings=map(_flat, summary.findings),
    )


def _velib(summary: VelibSummary) -> dict[str, list[Row]]:
    return _named(
        summary,
        velib_totals=[_flat(summary.totals)],
        velib_arrondissements=map(_flat, summary.arrondissements),
    )


def _traffic(summary: TrafficSummary) -> dict[str, list[Row]]:
    return _named(
        summary,
        traffic_totals=[_flat(summary.totals)],
        traffic_modes=map(_flat, summary.modes),
        traffic_moments=map(_flat, summary.moments),
        traffic_top_lines=map(_flat, summary.top_lines),
        traffic_stops=[_flat(summary.stops)] if summary.stops else [],
        traffic_arrondissements=map(_flat, summary.arrondissements),
    )


def _chantiers(summary: ChantiersSummary) -> dict[str, list[Row]]:
    return _named(
        summary,
        chantiers_totals=[_flat(summary.totals)],
        chantiers_arrondissements=map(_flat, summary.arrondissements),
        chantiers_top_works=map(_flat, summary.top_works),
    )


def _weather(summary: WeatherSummary) -> dict[str, list[Row]]:
    reference = [] if summary.reference is None else [_flat(summary.reference)]
    return _named(summary, weather=reference, weather_hourly=map(_flat, summary.hourly))


def _across(summary: AcrossSummary) -> dict[str, list[Row]]:
    beside = (
        ("transit", AcrossTransit, summary.transit),
        ("weather", AcrossWeather, summary.weather),
    )
    told = {
        f"{name}_{field}": None if block is None else _flat(block)[field]
        for name, model, block in beside
        for field in model.model_fields
    }
    return _named(
        summary,
        across_city=[_flat(summary.city) | told],
        across_arrondissements=map(_flat, summary.arrondissements),
        across_works=map(_flat, summary.works),
    )


def _register(summary: RegisterSummary) -> dict[str, list[Row]]:
    """Each row speaks of the dataset of its sensors."""
    return {
        "register_ranges": [_flat(one) for one in summary.ranges],
        "register_views": [_flat(view) for view in summary.views],
    }


def _named(summary: PublishedDocument, **sections: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of sections, each with the dataset it speaks of."""
    dataset = {"dataset": summary.dataset.value}
    return {name: [row | dataset for row in rows] for name, rows in sections.items()}


def _quality(summary: DaySummary) -> list[Row]:
    quality = _flat(summary.quality)
    read = {name: quality[name] for name in (*_READ, "values") if name in quality}
    rejected = summary.quality.rejected_by_reason
    rows = [*_counts("read", read), *_counts("rejected", rejected)]
    return _named(summary, quality=rows)["quality"]


def _checks(summary: DaySummary | RoadsSummary | AcrossSummary | RegisterSummary) -> list[Row]:
    return _named(summary, checks=map(_flat, summary.quality.checks))["checks"]


def _counts(kind: str, counts: Mapping[str, int]) -> Iterator[Row]:
    for name, rows in counts.items():
        yield {"kind": kind, "name": name, "rows": rows}


def _scalars(summary: Model) -> Row:
    return {name: value for name, value in _flat(summary).items() if not isinstance(value, list)}


def _credit(source: SourceState) -> Row:
    """Whom to name for a dataset and the reference data it used, each word once."""
    every = [_flat(credit) for credit in source.attributions]
    texts = {name: "; ".join(dict.fromkeys(str(one[name]) for one in every)) for name in every[0]}
    return {**texts, "synthetic": source.is_synthetic}


def _flat(model: Model) -> Row:
    """Fields by name, those of a nested model as `<field>_<its field>`."""
    return dict(_flatten(model.model_dump(mode="json")))


def _flatten(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}_")
        else:
            yield prefix + name, value


def _complete(table: Table, report: DailyReport, credits: Mapping[str, Row], row: Row) -> Row:
    """The row in the columns of its table, with day, dataset and whom to name."""
    dataset = row.get("dataset", Dataset.COMPTAGES.value)
    whole = {**row, **credits[dataset], "day": report.day.isoformat(), "dataset": dataset}
    return {column.name: whole[column.name] for column in table.columns}


def _measures(table: Table, row: Row) -> Iterator[Row]:
    beside = {*table.key, *_CREDIT, *COVERAGE.values()}
    named = (row[name] for name in table.key[2:])
    item = " ".join(str(one) for one in named if one is not None) or row["dataset"]
    for column in table.columns:
        if column.name not in beside:
            yield {
                "day": row["day"],
                "section": table.name,
                "dataset": row["dataset"],
                "item": item,
                "measure": column.name,
                "value": row[column.name],
                "unit": column.unit,
                "coverage": row.get(COVERAGE.get(column.name, "")),
                **{name: row[name] for name in _CREDIT},
            }
