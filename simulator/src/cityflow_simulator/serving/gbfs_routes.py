"""The bike-share feed in GBFS over HTTP."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from cityflow_simulator.answers.stations import station_information, station_status
from cityflow_simulator.bikeshare import Fleet
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.world import GBFS_BASE as BASE
from cityflow_simulator.serving.world import World

TTL_S = 3_600
FEEDS = ("gbfs", "system_information", "station_information", "station_status")


def gbfs_routes(world: World) -> Blueprint:
    """The routes of the feed."""
    routes = Blueprint("gbfs", __name__, url_prefix=BASE)

    @routes.get("/<name>.json")
    def feed(name: str) -> Response:
        saved = world.saved.get(f"{BASE}/{name}.json")
        if saved is not None:
            return Response(saved, content_type="application/json")
        if name not in FEEDS or world.fleet is None:
            return Response("Not Found", 404, content_type="text/plain")
        return _json(_document(name, world.fleet, world.clock.now()))

    return routes


def _json(body: object) -> Response:
    return Response(dumped(body), content_type="application/json")


def _document(name: str, fleet: Fleet, now: datetime) -> dict[str, Any]:
    data: dict[str, Any]
    match name:
        case "station_information":
            data = {"stations": station_information(fleet)}
        case "station_status":
            data = {"stations": station_status(fleet, now)}
        case "system_information":
            data = {
                "system_id": "synthetic",
                "language": "fr",
                "name": "Synthetic bike share",
                "timezone": "Europe/Paris",
            }
        case _:
            root = request.host_url.rstrip("/") + BASE
            feeds = [{"name": feed, "url": f"{root}/{feed}.json"} for feed in FEEDS]
            data = {"en": {"feeds": feeds}}
    return {"lastUpdatedOther": int(now.timestamp()), "ttl": TTL_S, "data": data}
