"""Line-seconds of a day: of each line the union of the periods of what disrupts it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from cityflow_processor.transit.disruptions import STOP, Disruption, LineFacts
from cityflow_processor.transit.periods import Span, union

Row = dict[str, Any]
_CLASSES: Final[dict[str, Callable[[Disruption, str], bool]]] = {
    "disrupted_s": lambda one, scope: one.disrupts,
    "blocked_s": lambda one, scope: one.severity == "blocking" and scope != STOP,
    "whole_line_blocked_s": lambda one, scope: one.severity == "blocking" and scope == "line",
    "stop_blocked_s": lambda one, scope: one.severity == "blocking" and scope == STOP,
    "planned_s": lambda one, scope: one.disrupts and one.cause == "works",
    "unplanned_s": lambda one, scope: one.disrupts and one.cause == "incident",
    "information_s": lambda one, scope: not one.disrupts,
}


def line_rows(disruptions: Sequence[Disruption], within: Span) -> list[Row]:
    """One row a line that any of the disruptions names, by line."""
    of_line: dict[str, list[tuple[Disruption, LineFacts]]] = defaultdict(list)
    for one in disruptions:
        for line in one.lines:
            of_line[line[0]].append((one, line))
    return [_line(of_line[name], within) for name in sorted(of_line)]


def _line(found: Sequence[tuple[Disruption, LineFacts]], within: Span) -> Row:
    name, label, mode, network, _ = found[-1][1]
    seconds = {
        column: union((s for one, line in found if belongs(one, line[4]) for s in one.spans),
                      within)
        for column, belongs in _CLASSES.items()
    }  # fmt: skip
    return {
        "line_id": name,
        "line_name": label,
        "mode": mode,
        "network_id": network,
        "disruptions": sum(one.seconds(within) > 0 for one, _ in found),
        **seconds,
        **_available(seconds["blocked_s"], within[1] - within[0]),
    }


def mode_rows(lines: Sequence[Row], disruptions: Sequence[Disruption], within: Span) -> list[Row]:
    """Sums over the lines of each mode, by mode."""
    of_day = [one for one in disruptions if one.seconds(within)]
    mode_of = {row["line_id"]: row["mode"] for row in lines}
    rows = []
    for mode in sorted(set(mode_of.values())):
        own = [row for row in lines if row["mode"] == mode]
        seconds = {name: sum(row[name] for row in own) for name in (*_CLASSES, "day_s")}
        touching = [one for one in of_day if any(mode_of[li[0]] == mode for li in one.lines)]
        rows.append(
            {"mode": mode, "lines": len(own), "disruptions": len(touching)}
            | seconds
            | _available(seconds["blocked_s"], seconds["day_s"])
        )
    return rows


def sums(rows: Sequence[Row], lines: int, disruptions: int) -> Row:
    """The figures of a summary, in hours, from rows of lines or modes: sums before ratios."""
    total = {name: sum(row[name] for row in rows) for name in (*_CLASSES, "day_s")}
    known = _available(total["blocked_s"], total["day_s"]) if total["day_s"] else {}
    hours = ("disrupted", "blocked", "stop_blocked", "planned", "unplanned", "information")
    return {
        "lines": lines,
        "disruptions": disruptions,
        **{f"{name}_line_h": total[f"{name}_s"] / 3600 for name in hours},
        "line_h": total["day_s"] / 3600,
        "availability": known.get("availability"),
    }


def _available(blocked_s: int, day_s: int) -> Row:
    return {"day_s": day_s, "availability": (day_s - blocked_s) / day_s}
