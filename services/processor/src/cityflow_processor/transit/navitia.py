"""Navitia line_reports, one page of an answer: which line each disruption touches."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cityflow_processor.transit.lines import Lines, Scope, items

_WHOLE: Final = ("line", "network", "route")


def stated(answer: dict[str, Any]) -> Any:
    """When the service says that it answered."""
    context = answer.get("context")
    return context.get("current_datetime") if isinstance(context, dict) else None


def page(answer: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Number of the page, line reports on it, line reports of all pages."""
    found = answer.get("pagination")
    numbers = found if isinstance(found, dict) else {}
    names = ("start_page", "items_on_page", "total_result")
    first, second, third = (numbers.get(name) for name in names)
    return _whole(first), _whole(second), _whole(third)


def lines_of(answer: dict[str, Any]) -> dict[str, Lines]:
    """Lines by disruption: those it names, and those whose report links to it.

    A link of the line itself is of the line, unless the disruption names a section of it.
    """
    found: dict[str, Lines] = defaultdict(Lines)
    widest: dict[str, Scope] = {}
    for one in items(answer, "disruptions"):
        name = str(one.get("id"))
        widest[name] = "stop"
        for impacted in items(one, "impacted_objects"):
            held = impacted.get("pt_object")
            if not isinstance(held, dict):
                continue
            kind = held.get("embedded_type")
            if kind == "line":
                part = "impacted_section" in impacted or "impacted_rail_section" in impacted
                found[name].add(_about(held.get("line")), "section" if part else "line")
            elif kind in _WHOLE:
                widest[name] = "line"
    for report in items(answer, "line_reports"):
        about = _about(report.get("line"))
        for name, of_line in _linked(report):
            if name in widest:
                named = about.get("id") in found[name].found
                found[name].add(about, "line" if of_line and not named else widest[name])
    return found


def _linked(report: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Disruptions that a line report points to: from the line itself, else what belongs to it."""
    held: list[Any] = [report.get("line")]
    for one in items(report, "pt_objects"):
        held.append(one.get(str(one.get("embedded_type"))))
    for at, one in enumerate(held):
        for link in items(one, "links"):
            if link.get("type") == "disruption":
                yield str(link.get("id")), at == 0


def _about(line: Any) -> dict[str, Any]:
    if not isinstance(line, dict):
        return {}
    modes = [*items(line, "physical_modes"), {}]
    mode = str(modes[0].get("id") or "").removeprefix("physical_mode:")
    network = line.get("network")
    return {
        "id": line.get("id"),
        "name": line.get("code") or line.get("name"),
        "mode": mode,
        "network": network.get("id") if isinstance(network, dict) else None,
    }


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
