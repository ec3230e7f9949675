"""What the HTTP libraries raise, in plain words: the innermost cause of a failed request."""

from collections.abc import Iterator
from http.client import IncompleteRead as CutShort
from http.client import RemoteDisconnected
from typing import Final

import requests
import urllib3.exceptions as raised

from cityflow_ingest.wire.faults import Fault

FAILURES: Final = (requests.RequestException, raised.HTTPError, OSError)
"""All that a request or the reading of its answer may raise."""

# The first that fits, from the more to the less special.
_KINDS: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    ((raised.NameResolutionError,), "no such host"),
    ((raised.SSLError, requests.exceptions.SSLError), "no secure connection"),
    ((raised.NewConnectionError,), "no connection"),
    ((raised.ConnectTimeoutError,), "no connection in time"),
    ((raised.ReadTimeoutError, TimeoutError), "no answer in time"),
    ((CutShort, raised.IncompleteRead, raised.InvalidChunkLength), "cut short"),
    ((RemoteDisconnected, ConnectionResetError, BrokenPipeError), "connection reset"),
    ((ConnectionError,), "no connection"),
    ((raised.ProtocolError,), "broken answer"),
)


def fault_of(error: BaseException) -> Fault:
    """The fault behind an exception of the HTTP libraries."""
    causes = list(_causes(error))
    for types, kind in _KINDS:
        if any(isinstance(cause, types) for cause in causes):
            return Fault(kind)
    return Fault("broken answer", type(causes[-1]).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
