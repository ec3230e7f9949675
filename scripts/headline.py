"""A day's headline figures in words, a dataset after the other; none without what it rests on."""

from collections.abc import Iterator

from cityflow.contracts import ComptagesSummary
from cityflow.contracts.bikes import BikesSummary
from cityflow.contracts.chantiers import ChantiersSummary
from cityflow.contracts.report import DailyReport
from cityflow.contracts.roads import RoadsSummary
from cityflow.contracts.traffic import TrafficSummary
from cityflow.contracts.velib import VelibSummary
from cityflow.contracts.weather import WeatherSummary

Line = tuple[str, str, str]
SOUND = ("good", "occupancy_only", "flow_only")


def figures(report: DailyReport) -> list[Line]:
    """Name, figure and what it rests on, ready to print; what is not observed is a dash."""
    return list(_figures(report))


def _figures(report: DailyReport) -> Iterator[Line]:
    if report.comptages:
        yield from _roads(report.comptages)
    if report.roads_analysis:
        yield from _analysis(report.roads_analysis)
    if report.bikes:
        yield _bikes(report.bikes)
    if report.velib:
        yield _velib(report.velib)
    if report.traffic:
        yield _traffic(report.traffic)
    if report.chantiers:
        yield _works(report.chantiers)
    if report.weather:
        yield _weather(report.weather)
    for missing in report.missing:
        yield missing.dataset.value, "–", missing.explanation


def _roads(day: ComptagesSummary) -> Iterator[Line]:
    totals = day.totals
    yield "vehicles counted", _count(totals.flow_veh), _observed(totals.flow_coverage, "arc-hours")
    if day.hourly:
        busiest = max(day.hourly, key=lambda hour: hour.flow_veh or 0)
        yield (
            f"busiest hour, {busiest.hour_of_day} h",
            _count(busiest.flow_veh),
            _observed(busiest.flow_coverage, "arc-hours"),
        )
    occupancy = _observed(totals.occupancy_coverage, "arc-hours")
    yield "mean occupancy", _decimal(totals.occupancy_mean_pct, "%"), occupancy
    saturated = f"{_count(totals.saturated_hours)} arc-hours"
    yield "saturated", saturated, f"occupancy of 30 % or more, {occupancy}"
    yield "congestion alerts", _count(day.alerts_total), "two or more such hours in a row"


def _analysis(day: RoadsSummary) -> Iterator[Line]:
    sound = sum(count.arcs for count in day.health if count.status in SOUND)
    yield (
        "sound loops",
        f"{_count(sound)} of {_count(day.arcs_known)}",
        f"{_count(day.repairs_total)} on the repair list",
    )
    index = "–" if day.totals.tti_area is None else f"{day.totals.tti_area:.2f}"
    yield "congestion index", index, _observed(day.totals.index_coverage, "arc-hours, an estimate")


def _bikes(day: BikesSummary) -> Line:
    return (
        "bikes counted",
        _count(day.totals.bikes),
        _observed(day.totals.coverage, "counter-hours"),
    )


def _velib(day: VelibSummary) -> Line:
    totals = day.totals
    live = f"at the {_count(totals.live)} of {_count(totals.stations)} stations that are live"
    return "Vélib' bikes", _count(totals.bikes), live


def _traffic(day: TrafficSummary) -> Line:
    totals = day.totals
    return (
        "transit disrupted",
        f"{_count(round(totals.disrupted_line_h))} line-hours",
        f"of {_count(round(totals.line_h))}; snapshots in {totals.coverage:.0%} of the hours",
    )


def _works(day: ChantiersSummary) -> Line:
    totals = day.totals
    said = f"{_count(totals.closed)} close their street"
    if totals.impact_share is not None:
        said += f"; impact known for {totals.impact_share:.0%}"
    return "active road works", _count(totals.active), said


def _weather(day: WeatherSummary) -> Line:
    at = day.reference
    if at is None:
        return "weather", "–", "not observed"
    said = f"{_decimal(at.temperature_c, '°C')}, {_decimal(at.precipitation_mm, 'mm')}"
    observed = (
        "as its station published it"
        if at.period == "day"
        else f"{at.hours} of {day.hours_in_day} hours"
    )
    return "weather", said, f"{at.category.replace('_', ' ')}; {observed}"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _decimal(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.1f} {unit}"


def _observed(share: float | None, of_what: str) -> str:
    if share is None:
        return "not observed"
    what, _, more = of_what.partition(",")
    return f"on the {share:.0%} of {what} observed" + (f",{more}" if more else "")
