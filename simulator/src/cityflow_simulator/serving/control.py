"""The control interface: clock, faults, listeners, requests so far, and the truth."""

import json
from collections.abc import Sequence
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


def control_routes(world: World, book: Book, log: Log, hosts: Sequence[Listener]) -> Blueprint:
    """The routes of the control interface; every change answers with the whole state."""
    routes = Blueprint("control", __name__, url_prefix=CONTROL)

    def state() -> dict[str, Any]:
        return {
            "now": world.clock.now().isoformat(),
            "fixed": world.clock.fixed,
            "hosts": [{"url": host.url, "open": host.is_open} for host in hosts],
            "datasets": sorted(world.datasets),
            "faults": [
                {**tally.fault.model_dump(exclude_defaults=True), "seen": tally.seen,
                 "hit": tally.hit}
                for tally in book.tallies
            ],
        }  # fmt: skip

    @routes.errorhandler(BadArguments)
    def refused(error: BadArguments) -> Response:
        return _json({"error": str(error)}, 400)

    @routes.get("")
    def show() -> Response:
        return _json(state())

    @routes.put("/now")
    def set_now() -> Response:
        wanted = _body().get("now")
        world.clock.set(None if wanted is None else instant_of(str(wanted)))
        return _json(state())

    @routes.route("/faults", methods=["PUT", "POST", "DELETE"])
    def change_faults() -> Response:
        wanted = [] if request.method == "DELETE" else faults_of(_body().get("faults"))
        (book.add if request.method == "POST" else book.replace)(wanted)
        return _json(state())

    @routes.put("/hosts/<int:number>")
    def change_host(number: int) -> Response:
        if number >= len(hosts):
            raise BadArguments(f"host {number}: there are {len(hosts)}, counted from 0")
        (hosts[number].open if _body().get("open") else hosts[number].close)()
        return _json(state())

    @routes.route("/requests", methods=["GET", "DELETE"])
    def requests() -> Response:
        if request.method == "DELETE":
            log.clear()
        return _json(log.entries())

    @routes.get("/truth/<dataset_id>")
    def truth(dataset_id: str) -> Response:
        return _json(truth_of(world, dataset_id, _day("from"), _day("to"), _now(world)))

    @routes.get("/truth/<dataset_id>/records")
    def records(dataset_id: str) -> Response:
        lines = truth_records(world, dataset_id, _day("day"), _now(world))
        text = "".join(dumped(line) + "\n" for line in lines)
        return Response(text, content_type="application/jsonl; charset=utf-8")

    return routes


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


def _now(world: World) -> datetime:
    text = request.args.get("now")
    return instant_of(text) if text else world.clock.now()
