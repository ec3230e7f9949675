"""A city is a file: which feeds it publishes, on which sources, and how they are asked for."""

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Annotated, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cityflow.contracts import Dataset
from cityflow.errors import BadArguments
from cityflow.settings import Settings, SourceUrl

Adapter = Literal["opendatasoft", "open_meteo", "document"]
Positive = Annotated[float, Field(gt=0)]
Whole = Annotated[int, Field(ge=1)]

UrlSetting = Literal[
    "OPENDATASOFT_HOSTS",
    "PRIM_URL",
    "IDFM_URL",
    "OPEN_METEO_URL",
    "OPEN_METEO_ARCHIVE_URL",
    "GBFS_URL",
    "CALENDAR_URL",
    "SCHOOL_CALENDAR_URL",
]

_PLACES: Final = frozenset({"day", "day_before", "year", "next_year"})
_ALIAS: Final = re.compile(r"(\w+)(?:\s+as\s+(\w+))?", re.IGNORECASE)


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Politeness(_Config):
    """How long and how often a source is asked."""

    connect_seconds: Positive = 10
    read_seconds: Positive = 60
    answer_seconds: Positive = 900
    attempts: Whole = 6
    backoff_seconds: float = Field(default=1, ge=0)
    longest_wait_seconds: Positive = 120


class SourceSpec(_Config):
    """Where a source is, what it speaks, and which header carries its key."""

    adapter: Adapter
    setting: UrlSetting
    hosts: tuple[SourceUrl, ...] = ()
    key_header: str | None = Field(default=None, pattern=r"^[A-Za-z-]+$")
    key_setting: Literal["PRIM_API_KEY"] | None = None


class Days(_Config):
    """A feed with history, asked for day by day.

    `changing`: the newest days, which may still change; `first_after`: the days the source is
    behind; `window`: the days it holds. `stamp`: whether the time names the start of an hour or
    its end, which puts the stamp 00:00 into the day before.
    """

    time_field: str = ""
    stamp: Literal["start", "end"] = "start"
    changing: Whole
    first_after: int = Field(ge=0)
    window: Whole


class Feed(_Config):
    """One thing a source publishes. Columns `sometimes_published` are neither new nor missed.

    `is_list`: it says what there is and where, and holds no figure: alone it is nothing of its
    dataset.
    """

    name: str
    dataset: Dataset
    source: str
    every_minutes: Positive
    is_list: bool = False
    fresh_hours: Positive | None = None
    max_mb: Positive = 16
    max_unpacked_mb: Positive = 64
    id: str = ""
    form: Literal["csv", "geojson"] = "csv"
    select: tuple[Annotated[str, Field(pattern=rf"^{_ALIAS.pattern}$")], ...] = ()
    also_published: tuple[str, ...] = ()
    sometimes_published: tuple[str, ...] = ()
    required: tuple[str, ...] = Field(min_length=1)
    where: str = ""
    order_by: str = ""
    path: str = ""
    query: dict[str, str] = Field(default_factory=dict)
    days: Days | None = None

    @property
    def published(self) -> str:
        """Its identifier at the source."""
        return self.id or self.name

    @property
    def selected(self) -> dict[str, str]:
        """Field of the source by the name it arrives under."""
        matches = [_ALIAS.fullmatch(text) for text in self.select]
        return {match[2] or match[1]: match[1] for match in matches if match}

    @model_validator(mode="after")
    def _places(self) -> Self:
        texts = (self.path, *self.query.values())
        named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        if unknown := named - _PLACES:
            raise ValueError(f"{{{min(unknown)}}} is not one of {', '.join(sorted(_PLACES))}")
        return self


class Tenant(_Config):
    """A city: its sources and feeds, by name."""

    city: str
    required: tuple[Dataset, ...] = (Dataset.COMPTAGES,)
    catch_up_days: Whole = 31
    politeness: Politeness = Politeness()
    sources: dict[str, SourceSpec]
    feeds: dict[str, Feed]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for feed in self.feeds.values():
            spec = self.sources.get(feed.source)
            if spec is None:
                raise ValueError(f"feed {feed.name}: there is no source {feed.source}")
            _check(feed, spec.adapter)
        if unserved := set(self.required) - {feed.dataset for feed in self.feeds.values()}:
            raise ValueError(f"required {min(unserved)}: no feed gives it")
        return self

    def feeds_of(self, dataset: Dataset | None) -> Iterator[Feed]:
        """The feeds of a dataset, or all, in the order of the file."""
        return (feed for feed in self.feeds.values() if dataset in (None, feed.dataset))

    def addresses(self, source: str, settings: Settings) -> tuple[str, ...]:
        """Where a source is: its setting if that is given, else its own hosts, else the default."""
        spec = self.sources[source]
        field = spec.setting.lower()
        if spec.hosts and field not in settings.model_fields_set:
            return spec.hosts
        value = getattr(settings, field)
        return (value,) if isinstance(value, str) else tuple(value)

    def refuse_told_time(self, settings: Settings) -> None:
        """Raise BadArguments if CITYFLOW_NOW is set and a source in use is a published one."""
        if settings.now is None:
            return
        own = {_host(url) for spec in self.sources.values() for url in spec.hosts}
        published = {_host(url) for url in _defaults()} | own
        for name in sorted({feed.source for feed in self.feeds.values()}):
            for url in self.addresses(name, settings):
                if _host(url) in published - _LOOPBACK:
                    setting = self.sources[name].setting
                    raise BadArguments(
                        f"CITYFLOW_NOW is for stand-ins, and the source {name} is {url}; unset "
                        f"CITYFLOW_NOW, or set {setting} to a stand-in"
                    )


_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return _host(url) in _LOOPBACK


def load_tenant(name: str) -> Tenant:
    """The city of CITYFLOW_TENANT: a shipped one, or a TOML file. Raises BadArguments."""
    text = _text(name)
    try:
        document = tomllib.loads(text)
        feeds = {key: {"name": key, **value} for key, value in document["feeds"].items()}
        return Tenant.model_validate({**document, "feeds": feeds})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadArguments(
            f"CITYFLOW_TENANT={name}: {where or 'the file'}: {first['msg']}"
        ) from None
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
        raise BadArguments(
            f"CITYFLOW_TENANT={name}: no configuration of a city ({error})"
        ) from None


def _text(name: str) -> str:
    shipped = resources.files("cityflow_ingest.tenants")
    names = sorted(one.name[:-5] for one in shipped.iterdir() if one.name.endswith(".toml"))
    if name in names:
        return (shipped / f"{name}.toml").read_text("utf-8")
    try:
        return Path(name).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadArguments(
            f"CITYFLOW_TENANT={name}: cannot be read ({why}); give {' or '.join(names)}, or the "
            "path of a TOML file"
        ) from error


def _check(feed: Feed, adapter: Adapter) -> None:
    if adapter == "opendatasoft":
        if feed.path or feed.query:
            raise ValueError(f"feed {feed.name}: path and query are not for opendatasoft")
        if feed.days and not feed.days.time_field:
            raise ValueError(f"feed {feed.name}: days need a time_field")
    elif not feed.path:
        raise ValueError(f"feed {feed.name}: it needs a path")
    if feed.select and (lost := set(feed.required) - feed.selected.keys()):
        raise ValueError(f"feed {feed.name}: {min(lost)} is required and not in select")


def _defaults() -> Iterator[str]:
    settings = Settings()
    for name in get_args(UrlSetting):
        value = getattr(settings, name.lower())
        yield from (value,) if isinstance(value, str) else value


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
