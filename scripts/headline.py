"""A day's headline figures in words; none stands without what it rests on."""

from cityflow.contracts import ComptagesSummary


def figures(day: ComptagesSummary) -> list[tuple[str, str, str]]:
    """Name, figure and what it rests on, ready to print; what is not observed is a dash."""
    totals = day.totals
    busiest = max(day.hourly, key=lambda hour: hour.flow_veh or 0)
    return [
        ("vehicles counted", _count(totals.flow_veh), _observed(totals.flow_coverage)),
        (
            f"busiest hour, {busiest.hour_of_day} h",
            _count(busiest.flow_veh),
            _observed(busiest.flow_coverage),
        ),
        (
            "mean occupancy",
            "–" if totals.occupancy_mean_pct is None else f"{totals.occupancy_mean_pct:.1f} %",
            _observed(totals.occupancy_coverage),
        ),
        ("saturated", f"{_count(totals.saturated_hours)} arc-hours", "occupancy of 30 % or more"),
        ("congestion alerts", _count(day.alerts_total), "two or more such hours in a row"),
    ]


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _observed(share: float | None) -> str:
    return "not observed" if share is None else f"on the {share:.0%} of arc-hours observed"
