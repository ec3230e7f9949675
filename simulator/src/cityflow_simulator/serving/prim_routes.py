"""Disruptions as PRIM publishes them in bulk: a key in the header, a quota for each day UTC."""

from datetime import UTC, datetime, time, timedelta
from hmac import compare_digest
from typing import Any

from flask import Blueprint, Response, request

from cityflow.calendar import PARIS
from cityflow.contracts.synthetic import SYNTHETIC_PREFIX
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.world import DISRUPTIONS_PATH, World
from cityflow_simulator.transit import Disruption, Period, Transit, TransitLine

COMPACT = "%Y%m%dT%H%M%S"


def prim_routes(world: World) -> Blueprint:
    """The route of the disruptions; parameters are not looked at."""
    routes = Blueprint("prim", __name__)

    @routes.get(DISRUPTIONS_PATH)
    def disruptions() -> Response:
        refused = _refusal(world)
        if refused is not None:
            return refused
        return _counted(world)

    return routes


def _json(body: object, status: int = 200) -> Response:
    return Response(dumped(body), status, content_type="application/json")


def _refusal(world: World) -> Response | None:
    key = request.headers.get("apikey")
    if not key:
        return _json({"message": "No API key found in request"}, 401)
    wanted = world.prim.key
    if wanted is not None and not compare_digest(key.encode(), wanted.encode()):
        return _json({"message": "Unauthorized"}, 401)
    return None


def _counted(world: World) -> Response:
    """The answer with what is left of the day's quota."""
    now, prim = world.clock.now(), world.prim
    day = now.date()
    used = prim.used[day] = prim.used.get(day, 0) + 1
    left = max(0, prim.quota - used)
    if used > prim.quota:
        response = _json({"message": "API rate limit exceeded"}, 429)
    else:
        response = _published(world, now)
    midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
    response.headers["ratelimit-limit"] = str(prim.quota)
    response.headers["ratelimit-remaining"] = str(left)
    response.headers["ratelimit-reset"] = str(int((midnight - now).total_seconds()))
    response.headers["x-ratelimit-limit-day"] = str(prim.quota)
    response.headers["x-ratelimit-remaining-day"] = str(left)
    return response


def _published(world: World, now: datetime) -> Response:
    if DISRUPTIONS_PATH in world.saved:
        return Response(world.saved[DISRUPTIONS_PATH], content_type="application/json")
    if world.transit is None:
        return _json({"message": "no Route matched with those values"}, 404)
    return _json(document(world.transit, now))


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
            {"lineId": line.line_id, "from": _stop(start), "to": _stop(end)}
        ]
    return told


def _effect(one: Disruption) -> str:
    if one.severity == "BLOQUANTE":
        return "Arrêt(s) non desservi(s)"
    return "Trafic perturbé" if one.severity == "PERTURBEE" else "Information voyageurs"


def _period(period: Period) -> dict[str, str]:
    return {"begin": period.begin.strftime(COMPACT), "end": period.end.strftime(COMPACT)}


def _stop(stop: tuple[str, str]) -> dict[str, str]:
    return {"type": "stop_area", "id": stop[0], "name": stop[1]}


def _line(line: TransitLine, disruptions: list[Disruption]) -> dict[str, Any]:
    """A line with what is disrupted on it: itself, or its stops."""
    whole = [one.disruption_id for one in disruptions if one.section is None]
    objects = [{"type": "line", "id": line.line_id, "name": line.name, "disruptionIds": whole}]
    for one in disruptions:
        for index in one.section or ():
            stop = {**_stop(line.stops[index]), "disruptionIds": [one.disruption_id]}
            objects.append(stop)
    return {
        "id": line.line_id,
        "name": line.name,
        "shortName": line.short_name,
        "mode": line.mode,
        "networkId": line.network_id,
        "impactedObjects": [one for one in objects if one["disruptionIds"]],
    }
