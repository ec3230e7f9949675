"""How AWS is reached: one session, clients that are quick at first and patient from then on.

A first contact fails in under 5 seconds, so that a wrong address or name is said at once. From then
on botocore's adaptive mode retries what passes: cut connections, 5xx answers and throttling.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionError, HTTPClientError

from cityflow.settings import Settings
from cityflow.storage.per_process import PerProcess

T = TypeVar("T")

_QUICK_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.3
_FIRST_BACKOFF_SECONDS: Final = 0.05
_RETRIES_A_SECOND: Final = 1.5
_CONNECTIONS: Final = 32
_SESSION: Final = PerProcess(lambda: (boto3.session.Session(), threading.Lock()))


@dataclass(frozen=True)
class Aws:
    """Where AWS is, how patient to be with it, and what may be made there.

    `endpoint_url` is a stand-in's address. `create_missing` makes tables and buckets that are
    missing; on a stand-in of this machine they always are.
    """

    region: str
    endpoint_url: str | None = None
    create_missing: bool = False
    patience_seconds: float = 30.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(
            settings.aws_region,
            settings.aws_endpoint_url,
            settings.aws_create_missing,
            settings.store_patience_seconds,
        )

    @property
    def creates(self) -> bool:
        """Whether a missing table or bucket is made."""
        return self.create_missing or _is_loopback(self.endpoint_url)

    @property
    def place(self) -> str:
        """Where, in messages."""
        host = urlsplit(self.endpoint_url).netloc.rpartition("@")[2] if self.endpoint_url else ""
        return f"{self.region} at {host}" if host else self.region

    def quick(self) -> Config:
        """For the first contact: it answers, or fails, in under 5 seconds."""
        return self._config(connect=2.0, answer=min(3.5, self.patience_seconds), attempts=1)

    def patient(self) -> Config:
        """For all that follows: botocore doubles its pauses, so n attempts take about patience.

        Throttled, it begins with twenty times the pause: fewer attempts where patience is short.
        """
        doublings = int(math.log2(1 + self.patience_seconds / _FIRST_BACKOFF_SECONDS))
        most = max(1, int(_RETRIES_A_SECOND * self.patience_seconds))
        return self._config(connect=3.0, answer=30.0, attempts=1 + min(doublings, most))

    def _config(self, connect: float, answer: float, attempts: int) -> Config:
        return Config(
            region_name=self.region,
            connect_timeout=connect,
            read_timeout=answer,
            retries={"mode": "adaptive", "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            user_agent_extra="cityflow",
            # What is written carries our own SHA-256, and what is read is checked by it.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # A stand-in's host name holds no bucket names.
            s3={"addressing_style": "path" if self.endpoint_url else "auto"},
        )


def connect(make: Callable[[boto3.session.Session], T]) -> T:
    """A client made by this process's one session, which holds what all clients share."""
    session, lock = _SESSION.get()
    with lock:  # a session is not for several threads at once, its clients are
        return make(session)


def contact(ask: Callable[[], T]) -> T:
    """What a quick client is asked; asked once more if the connection fails at once."""
    started = time.monotonic()
    try:
        return ask()
    except (ConnectionError, HTTPClientError):
        if time.monotonic() - started > _QUICK_SECONDS:
            raise
    time.sleep(_PAUSE_SECONDS)
    return ask()


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url).hostname if url else None
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
