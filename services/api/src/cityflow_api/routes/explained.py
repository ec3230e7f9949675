"""Pages for people: what each problem type means, and where the documentation is."""

from flask import Blueprint, Response, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from cityflow_api.problems import KINDS

routes = Blueprint("explained", __name__)


@routes.get("/")
def home() -> AnyResponse:
    """Lead to the documentation."""
    return redirect("/docs/swagger")


@routes.get("/problems/<string:kind>")
def explained(kind: str) -> Response:
    """The page a problem's `type` leads to."""
    known = KINDS.get(kind)
    if known is None:
        raise NotFound(f"There is no such kind of problem; there are: {', '.join(KINDS)}")
    text = f"{kind} ({known.status}): {known.title}.\n{known.advice}\n"
    return Response(text, content_type="text/plain; charset=utf-8")
