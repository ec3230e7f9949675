"""PRIM disruptions_bulk: only its list of lines says which line and stops a disruption touches."""

from collections import defaultdict
from typing import Any

from cityflow_processor.transit.lines import Lines, items
from cityflow_processor.transit.stops import STOP_KINDS, Stops


def stated(answer: dict[str, Any]) -> Any:
    """When the feed says that it was made."""
    return answer.get("lastUpdatedDate")


def lines_of(answer: dict[str, Any]) -> dict[str, Lines]:
    """Lines by disruption."""
    found: dict[str, Lines] = defaultdict(Lines)
    known: dict[str, dict[str, Any]] = {}
    sections = {
        (str(one.get("id")), str(section.get("lineId")))
        for one in items(answer, "disruptions")
        for section in items(one, "impactedSections")
    }
    for line in items(answer, "lines"):
        about = {
            "id": line.get("id"),
            "name": line.get("name") or line.get("shortName"),
            "mode": line.get("mode"),
            "network": line.get("networkId"),
        }
        known[str(about["id"])] = about
        for impacted in items(line, "impactedObjects"):
            for name in impacted.get("disruptionIds") or ():
                of_line = impacted.get("type") == "line" and (str(name), str(about["id"])) not in (
                    sections
                )
                found[str(name)].add(about, "line" if of_line else "stop")
    for name, line_id in sections:
        found[name].add(known.get(line_id, {"id": line_id}), "section")
    return found


def stops_of(answer: dict[str, Any]) -> dict[str, Stops]:
    """Stops by disruption; the feed does not say where they are."""
    found: dict[str, Stops] = defaultdict(Stops)
    for line in items(answer, "lines"):
        for impacted in items(line, "impactedObjects"):
            if impacted.get("type") in STOP_KINDS:
                for name in impacted.get("disruptionIds") or ():
                    found[str(name)].add(impacted)
    for one in items(answer, "disruptions"):
        for section in items(one, "impactedSections"):
            for end in ("from", "to"):
                found[str(one.get("id"))].add(section.get(end), is_end=True)
    return found
