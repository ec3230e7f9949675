"""The public holidays of metropolitan France, a year at a time, twenty years back and five on."""

from datetime import date

from flask import Blueprint, Response

from cityflow.calendar import days, public_holiday_name
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.world import World


def calendar_routes(world: World) -> Blueprint:
    """The route of the holidays."""
    routes = Blueprint("calendar", __name__)

    @routes.get("/jours-feries/metropole/<int:year>.json")
    def holidays(year: int) -> Response:
        this = world.clock.now().year
        if not this - 20 <= year <= this + 5:
            return Response("Not Found", 404, content_type="text/plain")
        named = {str(day): public_holiday_name(day)
                 for day in days(date(year, 1, 1), date(year, 12, 31))}  # fmt: skip
        found = {day: name for day, name in named.items() if name is not None}
        return Response(dumped(found), content_type="application/json; charset=utf-8")

    return routes
