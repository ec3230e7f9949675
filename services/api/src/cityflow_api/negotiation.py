"""One answer, several forms: `format` decides, else Accept; what cannot be given is a 406."""

from typing import Final

from flask import request
from werkzeug.exceptions import NotAcceptable

MEDIA: Final = {"json": "application/json", "geojson": "application/geo+json", "csv": "text/csv"}


def form(asked: str | None, *offered: str) -> str:
    """The form to answer in; `offered` are keys of MEDIA, the first is the default.

    Raises NotAcceptable (406) if Accept names none of them.
    """
    if asked is not None:
        return asked
    if not request.accept_mimetypes:
        return offered[0]
    by_media = {MEDIA[name]: name for name in offered}
    best = request.accept_mimetypes.best_match(list(by_media))
    if best is None:
        raise NotAcceptable(
            f"Accept names no form of this answer; there are: {', '.join(by_media)}"
        )
    return by_media[best]
