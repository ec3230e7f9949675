"""Faults on order: which requests they hit, how often, and what they do.

A fault names requests by host, dataset, path or query, lets the first `skip` of them pass, then
hits `times` of them (all if null), each with `chance`, drawn from the seed and its own count alone.
"""

import json
import random
import threading
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cityflow.errors import BadArguments

Kind = Literal[
    "status", "slow", "cut", "reset", "truncated_gzip", "html", "empty", "oversize", "gzip_bomb",
    "redirect", "header", "rename_field", "drop_field", "add_field", "stale", "forbidden",
]  # fmt: skip
Whole = Annotated[int, Field(ge=0)]


class Fault(BaseModel):
    """One fault; the fields a kind does not use are ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    path: str = Field(default="*", description="Glob on the path, e.g. */exports/csv")
    query: str = Field(default="*", description="Glob on the decoded query, e.g. *2025-11-04T*")
    dataset: str | None = Field(default=None, description="Only requests for this dataset")
    host: Whole | None = Field(default=None, description="Only on this listener, from 0")
    times: Whole | None = Field(default=None, description="How many requests; null: all")
    skip: Whole = Field(default=0, description="Matching requests that pass first")
    chance: float = Field(default=1.0, ge=0, le=1, description="Share of the others that it hits")
    status: int = Field(default=503, ge=300, le=599, description="status: the answer's status")
    reset_seconds: Whole = Field(default=60, description="status 429: seconds to the reset")
    at: Whole = Field(default=1000, description="cut, reset: bytes that still arrive")
    clean: bool = Field(default=False, description="cut: end as if the answer were complete")
    delay: float = Field(default=0.0, ge=0, description="slow: seconds before the answer")
    bytes_per_second: int = Field(default=1000, ge=1, description="slow: rate of the body")
    bytes: Whole = Field(default=300_000_000, description="oversize, gzip_bomb: size unpacked")
    to: str = Field(default="http://elsewhere.invalid/", description="redirect: the address")
    field: str | None = Field(default=None, description="…_field: technical name of the field")
    days: Whole = Field(default=1, description="stale: days since the last renewal")
    text: str = Field(default="renamed", description="header: the line; rename/add: new name")

    @model_validator(mode="after")
    def _names_its_field(self) -> Self:
        if self.kind in ("rename_field", "drop_field") and self.field is None:
            raise ValueError(f"{self.kind} needs `field`, a technical name")
        return self

    def hits(self, host: int, path: str, query: str) -> bool:
        """Whether a request is one that it names."""
        if self.host is not None and self.host != host:
            return False
        named = self.dataset is None or self.dataset in path.split("/")
        return named and fnmatchcase(path, self.path) and fnmatchcase(query, self.query)


_FAULTS = TypeAdapter(list[Fault])


def faults_of(document: object) -> list[Fault]:
    """Faults from JSON values: a list of them. Raises BadArguments."""
    try:
        return _FAULTS.validate_python(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise BadArguments(f"faults: {where}: {found['msg']}") from error


def read_faults(path: Path | None, texts: list[str]) -> list[Fault]:
    """Faults from a JSON or TOML file and from single JSON texts. Raises BadArguments."""
    found: list[object] = []
    try:
        if path is not None:
            content = path.read_text("utf-8")
            document = tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
            found += document["faults"]
        found += [json.loads(text) for text in texts]
    except (ValueError, LookupError, TypeError, OSError) as error:
        raise BadArguments(f"faults cannot be read: {error}") from error
    return faults_of(found)


@dataclass
class Tally:
    """A fault with how many requests it named and how many it hit."""

    fault: Fault
    number: int
    seen: int = 0
    hit: int = 0


@dataclass
class Book:
    """The faults in force, in order: of those that name a request, the first that hits it does."""

    seed: int
    tallies: list[Tally] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbered: int = 0

    def replace(self, faults: list[Fault]) -> None:
        """Put these faults in the place of all others, their counts at zero."""
        with self._lock:
            self.tallies.clear()
            self._numbered = 0
        self.add(faults)

    def add(self, faults: list[Fault]) -> None:
        """Put faults behind those in force."""
        with self._lock:
            for fault in faults:
                self.tallies.append(Tally(fault, self._numbered))
                self._numbered += 1

    def strike(self, host: int, path: str, query: str) -> Fault | None:
        """The fault that hits this request, counted."""
        with self._lock:
            for tally in self.tallies:
                if tally.fault.hits(host, path, query) and self._strikes(tally):
                    tally.hit += 1
                    return tally.fault
        return None

    def _strikes(self, tally: Tally) -> bool:
        fault = tally.fault
        tally.seen += 1
        if tally.seen <= fault.skip or (fault.times is not None and tally.hit >= fault.times):
            return False
        draw = random.Random(f"{self.seed}/{tally.number}/{tally.seen}").random()
        return draw < fault.chance
