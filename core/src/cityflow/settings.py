"""Settings come from the environment only, are read once, and never print a secret.

A name or value that cannot be used stops the service at start with one clear line (BadArguments).
`Settings(...)` itself reads nothing: tests and tools build one from values; services `load()` it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cityflow._backends import Backends, choose_backends
from cityflow._environment import PREFIX, Given, Misspelt, Origin, read_environment, read_file
from cityflow._setting_types import (
    Count,
    Database,
    DatabaseName,
    Engine,
    Folder,
    HttpUrl,
    LogFormat,
    LogLevel,
    MongodbUrl,
    ObjectStore,
    Port,
    Seconds,
    SourceUrl,
    SourceUrls,
    Token,
)
from cityflow.errors import BadArguments

__all__ = [
    "Backends",
    "Database",
    "ObjectStore",
    "Settings",
    "SourceUrl",
    "choose_backends",
    "default_text",
    "env_name",
    "meaning",
    "table_markdown",
    "value_text",
]

# A password pasted into the wrong variable is still a secret.
_CREDENTIALS: Final = re.compile(r"://[^/@\s]+@")

SECRETS: Final = frozenset({"mongodb_url", "prim_api_key"})

_PREFIXED: Final = frozenset({"log_level", "log_format", "now", "tenant"})
_OPEN_METEO: Final = "https://api.open-meteo.com"
_OPEN_METEO_ARCHIVE: Final = "https://archive-api.open-meteo.com"
_COMPUTED: Final = {
    "data_dir_raw": "`<OUTPUT_DIR>/raw`",
    "open_meteo_archive_url": f"`{_OPEN_METEO_ARCHIVE}`, or OPEN_METEO_URL if that is set",
}


class Settings(BaseModel):
    """Every setting of every service. Immutable; its environment name is in `env_name`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_type: DatabaseName | None = Field(
        default=None, description="`sqlite`, `mongodb` or `dynamodb`; unset: chosen by the rule"
    )
    mongodb_url: MongodbUrl | None = Field(
        default=None, description="Address of MongoDB, with its credentials"
    )
    mongodb_database: str = Field(default="cityflow", description="Database name in MongoDB")
    use_dynamodb: bool = Field(default=False, description="Keep documents in DynamoDB")
    use_s3: bool = Field(default=False, description="Keep objects in S3")
    aws_execution_env: str | None = Field(
        default=None, description="Set by AWS; any value selects DynamoDB and S3"
    )
    aws_region: str = Field(default="eu-west-3", description="Region of DynamoDB and S3")
    aws_endpoint_url: HttpUrl | None = Field(
        default=None, description="Address of a stand-in of DynamoDB and S3; unset: AWS itself"
    )
    aws_create_missing: bool = Field(
        default=False,
        description="Create tables and buckets that are missing, as on a loopback stand-in always",
    )
    dynamodb_table_metrics: str = Field(
        default="cityflow-metrics", description="DynamoDB table of metrics documents"
    )
    dynamodb_table_reports: str = Field(
        default="cityflow-reports", description="DynamoDB table of reports"
    )
    dynamodb_table_runs: str = Field(
        default="cityflow-runs", description="DynamoDB table of the run ledger"
    )
    s3_bucket_raw: str | None = Field(default=None, description="S3 bucket of the raw zone")
    s3_bucket_reports: str = Field(
        default="cityflow-reports-paris", description="S3 bucket of everything published"
    )
    s3_kms_key_id: str | None = Field(
        default=None, description="KMS key that encrypts what is put in S3; unset: S3's own keys"
    )
    runs_ttl_days: Count | None = Field(
        default=None,
        description="Days after which MongoDB and DynamoDB drop a run; unset: kept for ever",
    )
    store_patience_seconds: Seconds = Field(
        default=30.0,
        description="How long a call waits for a store that is away or busy, before it gives up",
    )
    output_dir: Folder = Field(
        default=Path("output"), description="Root of the local object store and of SQLite"
    )
    data_dir_raw: Folder = Field(
        default_factory=lambda data: data["output_dir"] / "raw",
        description="Folder where files are picked up from locally",
    )
    max_file_size_mb: Count = Field(
        default=500, description="Size in MB above which EC2_CHUNK_SIZE applies"
    )
    ec2_chunk_size: Count = Field(
        default=100_000, description="Rows of a chunk in larger files, and always on AWS"
    )
    engine: Engine = Field(
        default="local", description="`local` or `dask`: where chunks and days are computed"
    )
    dask_scheduler_address: str | None = Field(
        default=None, description="Address of the Dask scheduler, `tcp://host:port`"
    )
    tenant: str = Field(
        default="paris",
        description="The city: one that is shipped, or the path of its TOML file",
    )
    opendatasoft_hosts: SourceUrls = Field(
        default=("https://opendata.paris.fr", "https://parisdata.opendatasoft.com"),
        description="Addresses of the open-data portal, in order of preference, with commas",
    )
    prim_url: SourceUrl = Field(
        default="https://prim.iledefrance-mobilites.fr",
        description="Address of the disruptions of public transport",
    )
    prim_api_key: Token | None = Field(
        default=None, description="Key of PRIM; without it disruptions are not fetched"
    )
    idfm_url: SourceUrl = Field(
        default="https://data.iledefrance-mobilites.fr",
        description="Portal that holds the stops of public transport",
    )
    open_meteo_url: SourceUrl = Field(
        default=_OPEN_METEO, description="Address of the weather forecast"
    )
    open_meteo_archive_url: SourceUrl = Field(
        default_factory=lambda data: _weather_archive(data.get("open_meteo_url", _OPEN_METEO)),
        description="Address of the weather archive",
    )
    gbfs_url: SourceUrl = Field(
        default="https://velib-metropole-opendata.smovengo.cloud/opendata/Velib_Metropole",
        description="Address of the bike-share feed (GBFS)",
    )
    calendar_url: SourceUrl = Field(
        default="https://calendrier.api.gouv.fr", description="Address of the public holidays"
    )
    school_calendar_url: SourceUrl = Field(
        default="https://data.education.gouv.fr",
        description="Portal that holds the school holidays",
    )
    now: AwareDatetime | None = Field(
        default=None,
        description="The instant at which the clock of ingest starts; with stand-ins only",
    )
    api_host: str = Field(default="127.0.0.1", description="Address the API listens on")
    api_port: Port = Field(default=8000, description="Port the API listens on")
    api_url: HttpUrl = Field(
        default="http://127.0.0.1:8000", description="Where the dashboard finds the API"
    )
    dashboard_host: str = Field(default="127.0.0.1", description="Address the dashboard listens on")
    dashboard_port: Port = Field(default=8501, description="Port the dashboard listens on")
    heartbeat_file: Folder | None = Field(
        default=None,
        description="File where a command notes that it works, and with --watch how it goes",
    )
    log_level: LogLevel = Field(
        default="INFO", description="`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`"
    )
    log_format: LogFormat = Field(
        default="text", description="`text` for people, `json` for machines"
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings of this process: its environment and, off AWS, `.env` beside it.

        A given `environ` is taken alone. Names that look misspelt are logged as warnings.
        Raises BadArguments for an unknown CITYFLOW_* name, an unusable value, or a secret given
        twice.
        """
        return cls.load_with_origins(environ)[0]

    @classmethod
    def load_file(cls, path: Path) -> Self:
        """The settings that a file in the form of `.env` gives, and nothing else does."""
        return cls.load(read_file(path))

    @classmethod
    def load_with_origins(
        cls, environ: Mapping[str, str] | None = None
    ) -> tuple[Self, dict[str, Origin]]:
        """As `load`, with the origin of each field, by environment name."""
        names = {env_name(field): field in SECRETS for field in cls.model_fields}
        given, misspelt = read_environment(names, environ)
        settings = cls._from(given)
        _warn(settings, misspelt)
        origins = {name: each.origin for name, each in given.items()}
        return settings, {name: origins.get(name, "default") for name in names}

    @classmethod
    def _from(cls, given: Mapping[str, Given]) -> Self:
        fields = {env_name(field): field for field in cls.model_fields}
        try:
            return cls.model_validate({fields[name]: each.text for name, each in given.items()})
        except ValidationError as error:
            raise BadArguments("; ".join(_complaints(error, given))) from None


def env_name(field: str) -> str:
    """The environment name of a field: its own in capitals, some of them with CITYFLOW_."""
    return f"{PREFIX}{field.upper()}" if field in _PREFIXED else field.upper()


def default_text(field: str) -> str:
    """The default of a field in Markdown; `—` where there is none."""
    if field in _COMPUTED:
        return _COMPUTED[field]
    default = Settings.model_fields[field].default
    return "—" if default is None else f"`{value_text(default)}`"


def value_text(value: object) -> str:
    """A value as it would stand in the environment; `***` for secrets, empty for None."""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(value_text, value))
    return "" if value is None else _CREDENTIALS.sub("://***@", str(value))


def meaning(field: str) -> str:
    """What a field is for, and how else it may be given."""
    text = Settings.model_fields[field].description or ""
    return f"{text} (secret; also as {env_name(field)}_FILE)" if field in SECRETS else text


def table_markdown() -> str:
    """All settings as a Markdown table (name, default, meaning), for the documentation."""
    rows = [
        f"| `{env_name(field)}` | {default_text(field)} | {meaning(field)} |"
        for field in Settings.model_fields
    ]
    return "\n".join(["| name | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _weather_archive(forecast: str) -> str:
    """Beside a forecast that is not the published one stands its archive."""
    return _OPEN_METEO_ARCHIVE if forecast == _OPEN_METEO else forecast


def _complaints(error: ValidationError, given: Mapping[str, Given]) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(fault["loc"][0])
        name = env_name(field)
        if name not in given:  # a default that was not computed because of another fault
            continue
        shown = name if field in SECRETS else f"{name}={value_text(given[name].text)!r}"
        why = fault["msg"].removeprefix("Value error, ")
        yield f"{shown} ({given[name].origin}) cannot be used: {why}"


def _warn(settings: Settings, misspelt: list[Misspelt]) -> None:
    if not misspelt:
        return
    from cityflow import telemetry

    if not telemetry.is_configured():
        telemetry.configure_logging(settings)
    log = telemetry.get_logger(__name__)
    for name, known in misspelt:
        log.warning("no setting has this name; it is ignored", name=name, did_you_mean=known)
