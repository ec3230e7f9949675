"""One JSON text for one value: the same body gives the same bytes and the same digest."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def dumps(body: Mapping[str, Any]) -> str:
    """Canonical JSON: sorted keys, no spaces, unicode as it is, floats by repr.

    NaN and infinities raise ValueError, other types than JSON's TypeError.
    """
    return _ENCODER.encode(dict(body))


def loads(text: str | bytes) -> dict[str, Any]:
    """The body of a canonical text; ValueError if it is not a JSON object."""
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError(f"expected a JSON object, found {type(body).__name__}")
    return body


def digest(content: str | bytes) -> str:
    """SHA-256 in hex of bytes, or of a text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
