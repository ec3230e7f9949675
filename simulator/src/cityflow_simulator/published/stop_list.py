"""The stops of the lines as the portal of public transport holds them: a row a line and stop."""

from datetime import UTC, datetime

from cityflow_simulator.published.catalogue import STOPS, STOPS_ID
from cityflow_simulator.published.dataset import About
from cityflow_simulator.published.fields import frame_of
from cityflow_simulator.published.fixed import Fixed
from cityflow_simulator.transit import Transit

SINCE = datetime(2024, 12, 10, 9, tzinfo=UTC)


def stop_list(transit: Transit) -> Fixed:
    """Where every stop is; identifiers without the prefixes that the disruptions have."""
    rows = [(line, stop) for line in transit.lines for stop in line.stops]
    columns: dict[str, object] = {
        "id": [line.line_id.removeprefix("line:") for line, _ in rows],
        "route_long_name": [line.name for line, _ in rows],
        "stop_id": [stop.stop_id.removeprefix("stop_point:") for _, stop in rows],
        "stop_name": [stop.name for _, stop in rows],
        "stop_lon": [str(stop.place[0]) for _, stop in rows],
        "stop_lat": [str(stop.place[1]) for _, stop in rows],
        "operatorname": [line.network_id.rpartition(":")[2] for line, _ in rows],
        "shortname": [line.short_name for line, _ in rows],
        "mode": [line.mode for line, _ in rows],
        "pointgeo": [{"lon": stop.place[0], "lat": stop.place[1]} for _, stop in rows],
    }
    return Fixed(
        About(STOPS_ID, "Arrêts et lignes associées", STOPS), frame_of(STOPS, columns), SINCE
    )
