"""The kinds of values a setting takes; a value of another kind is a validation error in words."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _mongodb_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("should start with mongodb:// or mongodb+srv://")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("should start with http:// or https://")
    return value.rstrip("/")


def _source_url(value: str) -> str:
    parts = urlsplit(_http_url(value))
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("should be an address such as https://host/path, without ? and #")
    if "@" in parts.netloc:
        raise ValueError("should hold no user name and no password")
    return value.rstrip("/")


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _token(value: SecretStr) -> SecretStr:
    # A header of other characters would be refused by the HTTP library, in words that hold it.
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("should be printable ASCII without blanks")
    return value


Database = Literal["sqlite", "mongodb", "dynamodb"]
ObjectStore = Literal["local", "s3"]

DatabaseName = Annotated[Database, BeforeValidator(_lower)]
Engine = Annotated[Literal["local", "dask"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0.1, le=3600)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
MongodbUrl = Annotated[SecretStr, AfterValidator(_mongodb_url)]
SourceUrl = Annotated[str, AfterValidator(_source_url)]
SourceUrls = Annotated[tuple[SourceUrl, ...], BeforeValidator(_listed), Field(min_length=1)]
Token = Annotated[SecretStr, AfterValidator(_token)]
