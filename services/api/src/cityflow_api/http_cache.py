"""Caching rests on editions: same edition and same form, same bytes, so the ETag is strong.

The JSON of an edition has the edition itself as ETag; other forms add their name, and
flask-compress adds the content coding.
"""

from collections.abc import Callable

from flask import Response, request

from cityflow.storage.canonical import digest

CURRENT = "public, max-age=300, stale-while-revalidate=3600"
FOREVER = "public, max-age=31536000, immutable"
NEVER = "no-store"


def tag(edition: str, form: str = "json") -> str:
    """The ETag of an edition in a form."""
    return edition if form == "json" else f"{edition}.{form}"


def tag_of(*parts: str) -> str:
    """The ETag of an answer made of several editions."""
    return digest("\n".join(parts))[:20]


def revalidated(etag: str, make: Callable[[], Response], *, forever: bool) -> Response:
    """A 304 without making the answer if the client holds this ETag, else the answer.

    `forever`: the request names an edition, so the answer never changes.
    """
    response = Response(status=304) if _held(etag) else make()
    response.set_etag(etag)
    response.headers["Cache-Control"] = FOREVER if forever else CURRENT
    return response


def _held(etag: str) -> bool:
    """Whether the client names this ETag, in whatever content coding."""
    wanted = request.if_none_match
    names = {value.partition(":")[0] for value in wanted.as_set(include_weak=True)}
    return wanted.star_tag or etag in names
