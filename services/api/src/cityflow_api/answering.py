"""How an answer leaves: its media type, its links, and the credit every answer carries."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from flask import Flask, Response, request
from pydantic import BaseModel

from cityflow.attribution import attribution_for
from cityflow.contracts import Attribution, Dataset
from cityflow_api.negotiation import MEDIA

CREDIT: Final = "X-Attribution"
ROADS: Final = attribution_for(Dataset.COMPTAGES, synthetic=False)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_PAGE_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


def json_answer(
    model: BaseModel, attributions: Sequence[Attribution], form: str = "json"
) -> Response:
    """The model as JSON, with its credit."""
    text = model.model_dump_json(by_alias=True)
    return credited(Response(text, content_type=MEDIA[form]), attributions)


def csv_answer(data: str | bytes, name: str, attributions: Sequence[Attribution]) -> Response:
    """CSV text to be saved under `name`, with its credit in the headers."""
    response = Response(data, content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return credited(response, attributions)


def credited(response: Response, attributions: Sequence[Attribution]) -> Response:
    """Name licence and attribution in the headers (percent-encoded where not ASCII)."""
    for url in dict.fromkeys(found.licence_url for found in attributions):
        link(response, url, "license")
    texts = dict.fromkeys(found.attribution for found in attributions)
    response.headers[CREDIT] = quote("; ".join(texts), safe=" /,;:.'()-")
    return response


def here(**changed: str) -> str:
    """The path and query of this request, with some parameters changed."""
    query = urlencode({**request.args.to_dict(), **changed})
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def link(response: Response, address: str, relation: str) -> None:
    """Add a Link header (RFC 8288)."""
    response.headers.add("Link", f'<{address}>; rel="{relation}"')


def page_links(response: Response, next_cursor: str | None) -> Response:
    """Link the page to itself and to the next one, if there is one."""
    link(response, here(), "self")
    if next_cursor is not None:
        link(response, here(cursor=next_cursor), "next")
    return response


def register(app: Flask) -> None:
    """Give every answer, errors included, its security headers and a credit."""
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
    if CREDIT not in response.headers:
        credited(response, (ROADS,))
    if request.path.startswith("/v1/"):
        response.vary.add("Accept")
    return response
