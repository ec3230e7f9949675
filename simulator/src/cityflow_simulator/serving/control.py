"""The control interface: clock, faults, listeners, requests so far, and the truth."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, request

from cityflow.errors import BadArguments
from cityflow_simulator.explore.json_rows import dumped
from cityflow_simulator.serving.clock import instant_of
from cityflow_simulator.serving.faults import Book, faults_of
from cityflow_simulator.serving.server import Listener
from cityflow_simulator.serving.striking import CONTROL, Log
from cityflow_simulator.serving.truths import truth_of, truth_records
from cityflow_simulator.serving.world import World


@dataclass(frozen=True)
class Control:
    """What can be looked at and changed while the stand-ins run."""

    world: World
    book: Book
    log: Log
    hosts: Sequence[Listener]

    def routes(self) -> Blueprint:
        """The routes of the control interface; every change answers with the whole state."""
        routes = Blueprint("control", __name__, url_prefix=CONTROL)
        routes.register_error_handler(BadArguments, _refused)
        rules: list[tuple[str, Callable[..., Response], list[str]]] = [
            ("", self.state, ["GET"]),
            ("/now", self.set_now, ["PUT"]),
            ("/faults", self.set_faults, ["PUT", "POST", "DELETE"]),
            ("/hosts/<int:number>", self.set_host, ["PUT"]),
            ("/requests", self.requests, ["GET", "DELETE"]),
            ("/truth/<dataset_id>", self.truth, ["GET"]),
            ("/truth/<dataset_id>/records", self.records, ["GET"]),
        ]
        for rule, view, methods in rules:
            routes.add_url_rule(rule, view.__name__, view, methods=methods)
        return routes

    def state(self) -> Response:
        """Clock, listeners, datasets, and the faults with their counts."""
        clock = self.world.clock
        return _json(
            {
                "now": clock.now().isoformat(),
                "fixed": clock.fixed,
                "hosts": [{"url": host.url, "open": host.is_open} for host in self.hosts],
                "datasets": sorted(self.world.datasets),
                "faults": [
                    {
                        **tally.fault.model_dump(exclude_defaults=True),
                        "seen": tally.seen,
                        "hit": tally.hit,
                    }
                    for tally in self.book.tallies
                ],
            }
        )

    def set_now(self) -> Response:
        """Stop the clock at `now`, or with null let it follow the real time."""
        wanted = _body().get("now")
        self.world.clock.set(None if wanted is None else instant_of(str(wanted)))
        return self.state()

    def set_faults(self) -> Response:
        """Replace (PUT), add to (POST) or take away (DELETE) the faults."""
        wanted = [] if request.method == "DELETE" else faults_of(_body().get("faults"))
        (self.book.add if request.method == "POST" else self.book.replace)(wanted)
        return self.state()

    def set_host(self, number: int) -> Response:
        """Open or close a listener."""
        if number >= len(self.hosts):
            raise BadArguments(f"host {number}: there are {len(self.hosts)}, counted from 0")
        host = self.hosts[number]
        (host.open if _body().get("open") else host.close)()
        return self.state()

    def requests(self) -> Response:
        """The requests so far, or with DELETE a new beginning."""
        if request.method == "DELETE":
            self.log.clear()
        return _json(self.log.entries())

    def truth(self, dataset_id: str) -> Response:
        """What is published of each day of a range."""
        return _json(truth_of(self.world, dataset_id, _day("from"), _day("to"), self._now()))

    def records(self, dataset_id: str) -> Response:
        """The distinct records of one day, one a line."""
        lines = truth_records(self.world, dataset_id, _day("day"), self._now())
        text = "".join(dumped(line) + "\n" for line in lines)
        return Response(text, content_type="application/jsonl; charset=utf-8")

    def _now(self) -> datetime:
        text = request.args.get("now")
        return instant_of(text) if text else self.world.clock.now()


def _refused(error: BadArguments) -> Response:
    return _json({"error": str(error)}, 400)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, indent=1), status, mimetype="application/json")


def _body() -> dict[str, Any]:
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise BadArguments("the body is no JSON object")
    return found


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError as error:
        raise BadArguments(f"{name}: give a day as ?{name}=2025-10-07") from error
