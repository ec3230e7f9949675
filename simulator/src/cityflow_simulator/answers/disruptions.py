"""The disruptions as PRIM publishes them in bulk: times are local to Paris and have no zone."""

from datetime import datetime, timedelta
from typing import Any

from cityflow.calendar import PARIS
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.transit import Disruption, Period, Stop, Transit, TransitLine

COMPACT = "%Y%m%dT%H%M%S"


def document(transit: Transit, now: datetime) -> dict[str, Any]:
    """Everything the feed holds at an instant."""
    listed = transit.listed(now)
    by_line: dict[int, list[Disruption]] = {}
    for one in listed:
        by_line.setdefault(one.line, []).append(one)
    regenerated = now - timedelta(seconds=30)
    return {
        "disruptions": [_disruption(one, transit.lines[one.line], now) for one in listed],
        "lines": [_line(line, by_line.get(i, [])) for i, line in enumerate(transit.lines)],
        "lastUpdatedDate": regenerated.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _disruption(one: Disruption, line: TransitLine, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.disruption_id,
        "applicationPeriods": [_period(period) for period in one.periods_at(now)],
        "lastUpdate": one.updated(now).astimezone(PARIS).strftime(COMPACT),
        "cause": one.cause,
        "severity": one.severity,
        "tags": [],
        "title": f"{SYNTHETIC_PREFIX}{line.mode} {line.short_name} : {_effect(one)}",
        "message": f"<p>La ligne {line.short_name} est perturb&eacute;e : {_effect(one)}. "
        f"Raison : {one.reason}.<br><a href='http://www.example.org'>Plus d'informations</a></p>",
    }
    if one.short:
        told["shortMessage"] = _effect(one)
    if one.section is not None:
        start, end = (line.stops[index] for index in one.section)
        told["impactedSections"] = [
            {"lineId": line.line_id, "from": _area(start), "to": _area(end)}
        ]
    return told


def _effect(one: Disruption) -> str:
    if one.severity == "BLOQUANTE":
        return "Arrêt(s) non desservi(s)"
    return "Trafic perturbé" if one.severity == "PERTURBEE" else "Information voyageurs"


def _period(period: Period) -> dict[str, str]:
    return {"begin": period.begin.strftime(COMPACT), "end": period.end.strftime(COMPACT)}


def _stop(stop: Stop) -> dict[str, str]:
    return {"type": "stop_point", "id": stop.stop_id, "name": stop.name}


def _area(stop: Stop) -> dict[str, str]:
    return {"type": "stop_area", "id": stop.area_id, "name": stop.name}


def _line(line: TransitLine, disruptions: list[Disruption]) -> dict[str, Any]:
    """A line with what is disrupted on it: itself, or its stops."""
    whole = [one.disruption_id for one in disruptions if one.section is None]
    objects = [{"type": "line", "id": line.line_id, "name": line.name, "disruptionIds": whole}]
    for one in disruptions:
        if one.section is not None:
            first, last = one.section
            objects += [
                {**_stop(stop), "disruptionIds": [one.disruption_id]}
                for stop in line.stops[first : last + 1]
            ]
    return {
        "id": line.line_id,
        "name": line.name,
        "shortName": line.short_name,
        "mode": line.mode,
        "networkId": line.network_id,
        "impactedObjects": [one for one in objects if one["disruptionIds"]],
    }
