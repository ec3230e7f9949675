"""The rules of the two ports, in one place: every adapter refuses the same things."""

import base64
import binascii
import json
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from cityflow.contracts.base import SCHEMA_VERSION, DocumentBase
from cityflow.errors import BadArguments, DocumentTooLarge, StoreUnavailable, UnknownSchemaVersion
from cityflow.storage import canonical
from cityflow.storage.ports import Document, DocumentId, Json

DOCUMENT_LIMIT = 256 * 1024
KEY_LIMIT = 1024
SEGMENT_LIMIT = 255
ID_LIMIT = 512

M = TypeVar("M", bound=DocumentBase)


def encode_body(id: DocumentId, body: Json) -> str:
    """The canonical text to store.

    Raises ValueError (NaN, infinity, lone surrogate, no integer `schema_version`, unusable id)
    and DocumentTooLarge.
    """
    check_name("document type", id.type)
    check_name("document key", id.key)
    version = body.get("schema_version")
    if type(version) is not int or version < 1:
        raise ValueError(f"{name_of(id)}: the body has no integer schema_version of 1 or more")
    text = canonical.dumps(body)
    if (size := len(text.encode())) > DOCUMENT_LIMIT:
        raise DocumentTooLarge(
            f"{name_of(id)}: {size:,} bytes of JSON, at most {DOCUMENT_LIMIT:,} are allowed; "
            "put large content in an object and its key in the document"
        )
    return text


def encode_restored(document: Document) -> str:
    """As `encode_body`, for a document that is restored; ValueError for a version below 1."""
    if document.version < 1:
        raise ValueError(f"{name_of(document.id)}: version {document.version} is below 1")
    return encode_body(document.id, document.body)


def decode_body(where: str, text: str | bytes) -> dict[str, Any]:
    """The body of a stored text; raises UnknownSchemaVersion if a newer CityFlow wrote it."""
    try:
        body = canonical.loads(text)
        version = body["schema_version"]
    except (ValueError, KeyError) as error:
        raise StoreUnavailable(
            f"{where}: not a CityFlow document ({error!r}); restore it from a backup"
        ) from error
    if version > SCHEMA_VERSION:
        raise UnknownSchemaVersion(
            f"{where}: schema_version {version} is newer than {SCHEMA_VERSION}, the newest this "
            "program knows; upgrade CityFlow"
        )
    return body


def parse(model: type[M], where: str, body: Json) -> M:
    """The body of a stored document as its model; StoreUnavailable if it is damaged."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise StoreUnavailable(
            f"{where}: not a CityFlow document ({field}: {first['msg']}); restore it from a backup"
        ) from error


def encode_cursor(id: DocumentId) -> str:
    """An opaque cursor that continues a query after this document."""
    text = json.dumps([id.day.isoformat(), id.key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[date, str]:
    """The (day, key) a query continues after; BadArguments if no query gave this cursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        day, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        check_name("document key", key)
        return date.fromisoformat(day), key
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise BadArguments(
            f"cursor {cursor[:80]!r}: not one that a query returned; start again without it"
        ) from error


def check_name(what: str, name: str) -> None:
    """Refuse (ValueError) a document type or key that some backend could not hold."""
    if not name or not name.isprintable() or len(name.encode()) > ID_LIMIT:
        raise ValueError(f"{what} {name[:80]!r}: expected 1 to {ID_LIMIT} printable bytes of UTF-8")


def check_limit(limit: int) -> None:
    """Refuse (ValueError) a page of less than one document."""
    if limit < 1:
        raise ValueError(f"limit {limit}: a page holds at least one document")


def check_key(key: str) -> None:
    """Refuse (ValueError) an object key that some backend could not hold."""
    if reason := _fault(key):
        raise ValueError(f"object key {key[:80]!r}: {reason}")


def check_prefix(prefix: str) -> None:
    """Refuse (ValueError) a prefix no object key can start with."""
    if prefix and (reason := _fault(f"{prefix}x/x")):
        raise ValueError(f"object prefix {prefix[:80]!r}: {reason}")


def is_key(key: str) -> bool:
    """Whether this may be the key of an object."""
    return _fault(key) is None


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; ValueError for a naive one, which would take the machine's zone."""
    if instant.tzinfo is None:
        raise ValueError(f"instant {instant}: expected one with a time zone")
    return instant.astimezone(UTC)


def name_of(id: DocumentId) -> str:
    """A document's name in messages."""
    return f"document {id.type} {id.day} {id.key}"


def _fault(key: str) -> str | None:
    segments = key.split("/")
    # The top folder holds other things than objects (the database); S3 splits buckets by it.
    if len(segments) < 2:
        return "expected a folder and a name, separated by /"
    if not key.isprintable() or "\\" in key:
        return "control characters and backslashes are not allowed"
    if any(not segment or segment.startswith(".") for segment in segments):
        return "no part of it may be empty or start with a dot"
    if len(key.encode()) > KEY_LIMIT or any(len(s.encode()) > SEGMENT_LIMIT for s in segments):
        return f"longer than {KEY_LIMIT} bytes of UTF-8, or {SEGMENT_LIMIT} in one part"
    return None
