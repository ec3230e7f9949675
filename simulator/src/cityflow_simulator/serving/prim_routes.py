"""Disruptions as PRIM publishes them in bulk: a key in the header, a quota for each day UTC."""

from datetime import UTC, datetime, time, timedelta
from hmac import compare_digest

from flask import Blueprint, Response, request

from cityflow_simulator.answers.disruptions import document
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.world import DISRUPTIONS_PATH, World


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
    used = prim.count(day)
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
