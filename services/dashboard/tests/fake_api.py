"""An API of test data: `python fake_api.py` prints its address and serves until it is ended.

Every world has a path of its own, so one process serves all tests: /full, /no_arcs and /no_summary
(the same, but for one route), /rejects (its day without data holds rejects), /empty (no day is
published), /broken (every answer a problem), /other (another program), /odd (another version).
"""

import sys
from datetime import UTC, date, datetime
from functools import cache

from flask import Flask, Response, request
from invented_day import ATTRIBUTION, CLOCK_CHANGE, DAYS, NEWEST, NO_DATA, Day, edition, nothing
from invented_others import OTHERS
from pydantic import BaseModel
from werkzeug.serving import make_server

from cityflow.calendar import days as days_between
from cityflow.contracts.api import (
    ArcDay,
    ArcDays,
    ArcFigures,
    ArcHourPage,
    ArcPage,
    DatasetDay,
    DayEntry,
    DayList,
    Problem,
)

ALL_DAYS = [*DAYS, CLOCK_CHANGE]
WHEN = datetime(2026, 6, 22, 5, 0, tzinfo=UTC)

api = Flask(__name__)
day_of = cache(Day)


def answer(body: BaseModel, status: int = 200) -> Response:
    kind = "application/json" if status == 200 else "application/problem+json"
    return Response(body.model_dump_json(by_alias=True), status, content_type=kind)


def problem(status: int, title: str, detail: str) -> Response:
    body = Problem(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        instance=request.path,
        request_id="r-123",
    )
    return answer(body, status)


FAILING = {"no_arcs": "/arcs", "no_summary": "/metrics/comptages"}


@api.url_value_preprocessor
def forget_world(endpoint: str | None, values: dict[str, str] | None) -> None:
    if values:
        values.pop("world", None)


@api.before_request
def worlds() -> Response | None:
    world = request.path.split("/")[1]
    if world == "broken" or request.path.endswith(FAILING.get(world, "no such end")):
        return problem(503, "Store unavailable", "The store does not answer; try again")
    if world == "other":
        return Response("<html>hello</html>", content_type="text/html")
    if world == "odd":
        return Response('{"days": "many"}', content_type="application/json")
    if world == "empty" and request.path.endswith("/v1/days"):
        return answer(DayList(attributions=(), days=(), next_cursor=None))
    return None


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days")
def list_days() -> Response:
    """Two days a page, so that cursors are followed."""
    start = int(request.args.get("cursor", "0"))
    page = ALL_DAYS[start : start + 2]
    following = str(start + 2) if start + 2 < len(ALL_DAYS) else None
    entries = tuple(DayEntry(day=day, datasets=datasets(day), report=None) for day in page)
    return answer(DayList(attributions=(ATTRIBUTION,), days=entries, next_cursor=following))


def datasets(day: date) -> tuple[DatasetDay, ...]:
    """The roads on every day, all others on the newest."""
    return tuple(dataset(day, name) for name in ("comptages", *(OTHERS if day == NEWEST else ())))


def dataset(day: date, name: str) -> DatasetDay:
    return DatasetDay(
        dataset=name,
        edition=edition(day),
        status="no_data" if day == NO_DATA else "published",
        records=0 if day == NO_DATA else 7200,
        published_at=WHEN,
    )


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days/<day>/metrics/comptages")
def metrics(day: str) -> Response:
    asked = date.fromisoformat(day)
    rejects = 1900 if request.path.startswith("/rejects") else 0
    return answer(nothing(asked, rejects) if asked == NO_DATA else day_of(asked).summary())


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days/<day>/metrics/<name>")
def other_metrics(day: str, name: str) -> Response:
    return answer(OTHERS[name])


def envelope(day: Day, rows: int) -> dict[str, object]:
    return {
        "attribution": ATTRIBUTION,
        "day": day.day,
        "edition": request.args["edition"],
        "status": "published",
        "matched": rows,
    }


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days/<day>/arcs")
def arcs(day: str) -> Response:
    """Half of the arcs a page, whatever the limit."""
    found = day_of(date.fromisoformat(day))
    start = int(request.args.get("cursor", "0"))
    page = tuple(found.arcs[start : start + 150])
    following = "150" if start == 0 else None
    return answer(ArcPage(**envelope(found, len(found.arcs)), arcs=page, next_cursor=following))


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days/<day>/arc-hours")
def arc_hours(day: str) -> Response:
    found = day_of(date.fromisoformat(day))
    rows = tuple(r for r in found.hours if r.hour_of_day == int(request.args["hour_of_day"]))
    return answer(ArcHourPage(**envelope(found, len(rows)), hours=rows, next_cursor=None))


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/days/<day>/arcs/<arc_id>/hours")
def hours_of_arc(day: str, arc_id: str) -> Response:
    found = day_of(date.fromisoformat(day))
    rows = tuple(found.by_arc.get(arc_id, ()))
    if not rows:
        return problem(404, "Unknown arc", f"No arc {arc_id} has a row on {day}")
    return answer(ArcHourPage(**envelope(found, len(rows)), hours=rows, next_cursor=None))


@api.get("/<any(full, rejects, no_arcs, no_summary):world>/v1/arcs/<arc_id>/days")
def days_of_arc(arc_id: str) -> Response:
    first, last = (date.fromisoformat(request.args[name]) for name in ("from", "to"))
    published = [day for day in days_between(first, last) if day in ALL_DAYS]
    found = tuple(arc_day(arc_id, day) for day in published)
    body = ArcDays(attribution=ATTRIBUTION, arc_id=arc_id, first=first, last=last, days=found)
    return answer(body)


def arc_day(arc_id: str, day: date) -> ArcDay:
    if day == NO_DATA:
        return ArcDay(day=day, edition=edition(day), status="no_data", figures=None)
    arc = next(arc for arc in day_of(day).arcs if arc.arc_id == arc_id)
    figures = ArcFigures(**arc.model_dump(exclude={"geometry"}))
    return ArcDay(day=day, edition=edition(day), status="observed", figures=figures)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, api, threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()
