"""Is the process up, can it read the store: neither answer is ever cached."""

from importlib.metadata import version

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from cityflow.contracts import Dataset, Pointer
from cityflow.contracts.api import Health, NewestDay, Readiness
from cityflow_api.answering import ROADS, json_answer
from cityflow_api.documented import answers, operation_id
from cityflow_api.http_cache import NEVER
from cityflow_api.negotiation import form
from cityflow_api.params import NoQuery
from cityflow_api.routes.asked import reading

routes = APIBlueprint(
    "health", __name__, abp_tags=[Tag(name="health")], operation_id_callback=operation_id
)


@routes.get("/healthz", responses=answers(Health))
def healthz(query: NoQuery) -> Response:
    """The process is up; the store is not asked."""
    form(None, "json")
    health = Health(
        status="ok",
        service="cityflow-api",
        version=version("cityflow-api"),
        attributions=(ROADS,),
    )
    return _uncached(json_answer(health, (ROADS,)))


@routes.get("/readyz", responses=answers(Readiness, 503))
def readyz(query: NoQuery) -> Response:
    """The store can be read; says how new the data is. 503 if it cannot."""
    form(None, "json")
    newest = reading().newest_of_each()
    credits = reading().attributions(newest)
    readiness = Readiness(
        status="ready",
        newest_day=max((pointer.day for pointer in newest), default=None),
        newest=tuple(_newest(pointer) for pointer in newest),
        attributions=credits,
    )
    return _uncached(json_answer(readiness, credits))


def _newest(pointer: Pointer) -> NewestDay:
    return NewestDay(
        dataset=Dataset(pointer.dataset),
        day=pointer.day,
        edition=pointer.edition,
        status=pointer.status,
        records=pointer.records,
        published_at=pointer.published_at,
    )


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = NEVER
    return response
