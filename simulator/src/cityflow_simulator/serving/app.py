"""The stand-ins put together: one application behind every listener."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, Response

from cityflow_simulator.serving.calendar_routes import calendar_routes
from cityflow_simulator.serving.control import Control
from cityflow_simulator.serving.explore_routes import explore_routes
from cityflow_simulator.serving.faults import Book, Fault
from cityflow_simulator.serving.gbfs_routes import gbfs_routes
from cityflow_simulator.serving.prim_routes import prim_routes
from cityflow_simulator.serving.server import Listener
from cityflow_simulator.serving.striking import Log, Striking
from cityflow_simulator.serving.weather_routes import weather_routes
from cityflow_simulator.serving.world import World


@dataclass
class StandIns:
    """Running stand-ins: their listeners, and the faults in force."""

    listeners: tuple[Listener, ...]
    book: Book

    def open(self) -> None:
        """Start to listen. Raises BadArguments if a port is taken."""
        for listener in self.listeners:
            listener.open()

    def close(self) -> None:
        """Stop to listen."""
        for listener in self.listeners:
            listener.close()


def stand_ins(
    world: World, host: str, ports: Sequence[int], faults: Sequence[Fault] = (), seed: int = 1
) -> StandIns:
    """Stand-ins of a world on several ports of a host, still closed."""
    book, log = Book(seed), Log()
    book.replace(list(faults))
    app = Flask(__name__, static_folder=None)
    striking = Striking(app.wsgi_app, book, world.clock, log)
    listeners = tuple(
        Listener(host, port, striking.on(number)) for number, port in enumerate(ports)
    )
    for routes in (explore_routes, prim_routes, gbfs_routes, weather_routes, calendar_routes):
        app.register_blueprint(routes(world))
    app.register_blueprint(Control(world, book, log, listeners).routes())

    @app.get("/healthz")
    def healthy() -> Response:
        return Response('{"status":"ok"}', mimetype="application/json")

    return StandIns(listeners, book)
