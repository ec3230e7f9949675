"""Sources of a city, ready to be asked: adapter, client and key of each, from the settings."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from cityflow.settings import Settings
from cityflow.watching import Clock
from cityflow_ingest.sources.document import Document
from cityflow_ingest.sources.open_meteo import OpenMeteo
from cityflow_ingest.sources.opendatasoft import Opendatasoft
from cityflow_ingest.sources.port import Source
from cityflow_ingest.tenant import Adapter, SourceSpec, Tenant
from cityflow_ingest.wire.client import Client
from cityflow_ingest.wire.faults import Scrubber
from cityflow_ingest.wire.host import Host

_ADAPTERS: Final[Mapping[Adapter, Callable[[], Source]]] = {
    "opendatasoft": Opendatasoft,
    "open_meteo": OpenMeteo,
    "document": Document,
}


@dataclass(frozen=True)
class Connected:
    """A source that can be asked; `lacks` names the setting without which it cannot."""

    source: Source
    client: Client
    scrubber: Scrubber
    lacks: str | None


@contextmanager
def connected(
    tenant: Tenant,
    settings: Settings,
    clock: Clock,
    resting: Mapping[str, Mapping[str, datetime]],
) -> Iterator[dict[str, Connected]]:
    """All sources of a city by name; `resting`: of each the hosts that may not be asked yet.

    Raises BadArguments if the clock is told a time and a published source is in use.
    """
    tenant.refuse_told_time(settings)
    sources = {name: _connect(name, tenant, settings, clock) for name in tenant.sources}
    for name, one in sources.items():
        one.client.rest(resting.get(name, {}))
    try:
        yield sources
    finally:
        for one in sources.values():
            one.client.close()


def _connect(name: str, tenant: Tenant, settings: Settings, clock: Clock) -> Connected:
    spec = tenant.sources[name]
    key = _key(spec, settings)
    keys = {spec.key_header: key} if spec.key_header and key else {}
    scrubber = Scrubber(keys.values())
    hosts = [
        Host(url, tenant.politeness, clock, scrubber, keys)
        for url in tenant.addresses(name, settings)
    ]
    lacks = spec.key_setting if spec.key_setting and not key else None
    client = Client(name, hosts, tenant.politeness)
    return Connected(_ADAPTERS[spec.adapter](), client, scrubber, lacks)


def _key(spec: SourceSpec, settings: Settings) -> SecretStr | None:
    key: SecretStr | None = (
        getattr(settings, spec.key_setting.lower()) if spec.key_setting else None
    )
    return key
