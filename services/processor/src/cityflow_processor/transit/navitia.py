"""Navitia line_reports, one page of an answer: which line and stops each disruption touches."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cityflow_processor.transit.lines import Lines, Scope, items
from cityflow_processor.transit.stops import STOP_KINDS, Stops

_WHOLE: Final = ("line", "network", "route")
_OF_LINE: Final = "report"
_SECTIONS: Final = ("impacted_section", "impacted_rail_section")


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
                part = any(name in impacted for name in _SECTIONS)
                found[name].add(_about(held.get("line")), "section" if part else "line")
            elif kind in _WHOLE:
                widest[name] = "line"
    for report in items(answer, "line_reports"):
        about = _about(report.get("line"))
        for name, holder, _ in _linked(report):
            if name in widest:
                named = about.get("id") in found[name].found
                whole = holder == _OF_LINE and not named
                found[name].add(about, "line" if whole else widest[name])
    return found


def stops_of(answer: dict[str, Any]) -> dict[str, Stops]:
    """Stops by disruption: those it names, and those of a line report that link to it, which
    are all those of a section.
    """
    found: dict[str, Stops] = defaultdict(Stops)
    for one in items(answer, "disruptions"):
        of_one = found[str(one.get("id"))]
        for impacted in items(one, "impacted_objects"):
            kind, held = _held(impacted.get("pt_object"))
            if kind in STOP_KINDS:
                of_one.add(held)
            for end in _ends(impacted):
                of_one.add(end, is_end=True)
    for report in items(answer, "line_reports"):
        for name, holder, held in _linked(report):
            if holder in STOP_KINDS and name in found:
                found[name].add(held)
    return found


def _ends(impacted: dict[str, Any]) -> Iterator[Any]:
    """The two stops that a section lies between."""
    for name in _SECTIONS:
        section = impacted.get(name)
        if isinstance(section, dict):
            yield from (_held(section.get(end))[1] for end in ("from", "to"))


def _linked(report: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Disruptions that a line report points to, and what from: the line itself, else the kind
    of what belongs to it.
    """
    holders = [(_OF_LINE, report.get("line")), *map(_held, items(report, "pt_objects"))]
    for kind, holder in holders:
        for link in items(holder, "links"):
            if link.get("type") == "disruption":
                yield str(link.get("id")), kind, holder


def _held(found: Any) -> tuple[str, Any]:
    """Kind of an object of public transport, and the object."""
    if not isinstance(found, dict):
        return "", None
    kind = str(found.get("embedded_type"))
    return kind, found.get(kind)


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
