"""What a run of the reporter did, for machines (one JSON document) and for people (a table)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from cityflow.contracts.report import Missing
from cityflow_reporter.publish import Reported

TABLE_DAYS = 40


def as_json(done: Sequence[Reported]) -> dict[str, Any]:
    """`{"datasets": {"report": {days, editions, missing, reports}}}`, one report a day."""
    outcomes = Counter(item.outcome for item in done)
    return {
        "datasets": {
            "report": {
                "days": len(done),
                "editions": {"new": outcomes["new"], "unchanged": outcomes["unchanged"], "red": 0},
                "missing": _missing(done),
                "reports": [_report(item) for item in done],
            }
        }
    }


def as_table(done: Sequence[Reported]) -> Table:
    """The last days with their headline figures; what is not observed is a dash."""
    table = Table(title="Daily reports", caption=_caption(done), caption_justify="left")
    table.add_column("Day", no_wrap=True)
    table.add_column("Edition", no_wrap=True)
    for name in ("Vehicles", "Flow coverage", "Occupancy", "Saturated arc·h", "Alerts"):
        table.add_column(name, justify="right")
    table.add_column("Missing")
    for item in done[-TABLE_DAYS:]:
        table.add_row(*_cells(item))
    return table


def _missing(done: Sequence[Reported]) -> dict[str, dict[str, int]]:
    """Days each dataset is missing, by reason."""
    counts: dict[str, Counter[str]] = {}
    for item in done:
        for missing in item.report.missing:
            counts.setdefault(missing.dataset.value, Counter())[missing.reason] += 1
    return {dataset: dict(reasons) for dataset, reasons in counts.items()}


def _report(item: Reported) -> dict[str, Any]:
    return {
        "day": item.report.day.isoformat(),
        "edition": item.report.edition,
        "outcome": item.outcome,
        "missing": {missing.dataset.value: missing.reason for missing in item.report.missing},
        "files": dict(item.files),
    }


def _cells(item: Reported) -> list[str]:
    report = item.report
    totals = report.comptages.totals if report.comptages else None
    figures = ["–"] * 5
    if report.comptages and totals:
        figures = [
            _number(totals.flow_veh, ",d"),
            _number(totals.flow_coverage, ".0%"),
            _number(totals.occupancy_mean_pct, ".1f", " %"),
            _number(totals.saturated_hours, ",d"),
            _number(report.comptages.alerts_total, ",d"),
        ]
    return [report.day.isoformat(), item.outcome, *figures, _gaps(report.missing)]


def _gaps(missing: Sequence[Missing]) -> str:
    """`never processed: bikes, velib; gate red: comptages`, or `none`."""
    by_reason: dict[str, list[str]] = {}
    for item in missing:
        by_reason.setdefault(item.reason.replace("_", " "), []).append(item.dataset.value)
    return "; ".join(f"{why}: {', '.join(names)}" for why, names in by_reason.items()) or "none"


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}}{unit}"


def _caption(done: Sequence[Reported]) -> str:
    if not done:
        return "nothing to report"
    earlier, last = len(done) - TABLE_DAYS, done[-1]
    lines = [f"and {earlier} days before; --json lists all"] if earlier > 0 else []
    lines += [f"{name}: {uri}" for name, uri in last.files.items()]
    lines += [a.attribution for a in last.report.attributions if last.report.editions]
    return "\n".join(lines)
