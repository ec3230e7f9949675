"""Weather over HTTP; answers and errors in the form of Open-Meteo."""

from flask import Blueprint, Response, request

from cityflow_simulator.answers.weather import Kind, WeatherError, answer, understand
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.world import World


def weather_routes(world: World) -> Blueprint:
    """The routes of forecast and archive."""
    routes = Blueprint("weather", __name__, url_prefix="/v1")

    @routes.get("/forecast")
    def forecast() -> Response:
        return _answer(world, "forecast")

    @routes.get("/archive")
    def archive() -> Response:
        return _answer(world, "archive")

    return routes


def _answer(world: World, kind: Kind) -> Response:
    if world.weather_seed is None:
        return _json({"error": True, "reason": "Not Found"}, 404)
    now = world.clock.now()
    try:
        return _json(answer(understand(kind, request.args, now), world.weather_seed, now))
    except WeatherError as error:
        return _json({"error": True, "reason": str(error)}, 400)


def _json(body: object, status: int = 200) -> Response:
    return Response(dumped(body), status, content_type="application/json; charset=utf-8")
