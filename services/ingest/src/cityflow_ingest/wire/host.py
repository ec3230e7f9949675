"""One host of a source: single requests, each answered in full, within its limits, or a Fault.

A redirect is followed on the same host only, and a key travels in a header, never in an address.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, BinaryIO, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from pydantic import SecretStr

from cityflow.errors import FileRefused, StoreUnavailable
from cityflow.packed import Limits, opened_first, packing_of
from cityflow.watching import Clock
from cityflow_ingest.tenant import Politeness, is_loopback
from cityflow_ingest.wire.causes import FAILURES, fault_of
from cityflow_ingest.wire.deadline import TimedAdapter, time_limit
from cityflow_ingest.wire.faults import Ask, Fault, Scrubber
from cityflow_ingest.wire.quota import asked_wait, used_up_for

MEGABYTE: Final = 1_000_000
_AGENT: Final = "cityflow-ingest (open data, archived once)"
_KEPT: Final = (
    "content-disposition", "content-encoding", "content-length", "content-type", "date", "etag",
    "last-modified", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
    "x-ratelimit-limit", "x-ratelimit-limit-day", "x-ratelimit-remaining",
    "x-ratelimit-remaining-day", "x-ratelimit-reset",
)  # fmt: skip
_BLOCK: Final = 64 * 1024
_SMALL: Final = 8 * MEGABYTE
_REFUSAL_SECONDS: Final = 10
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 3
_PASSING: Final = (408, 425, 429)


@dataclass(frozen=True)
class Answer:
    """What came with a body: the address, the status, and the headers worth keeping."""

    url: str
    status: int
    headers: Mapping[str, str]
    bytes: int


class Host:
    """Asks one host. `resting_until`: when its quota is renewed, if it is used up."""

    def __init__(
        self,
        url: str,
        politeness: Politeness,
        clock: Clock,
        scrubber: Scrubber,
        keys: Mapping[str, SecretStr],
    ) -> None:
        self.url = url
        self.name = urlsplit(url).netloc
        self.resting_until: datetime | None = None
        self._politeness, self._clock, self._scrubber = politeness, clock, scrubber
        self._keys = keys
        self._session = _session(url)

    def json(self, ask: Ask) -> Any:
        """A small answer, parsed. Raises Fault."""
        buffer = io.BytesIO()
        self.save(ask, buffer, _SMALL)
        buffer.seek(0)
        packing = packing_of(buffer.read(4))
        buffer.seek(0)
        try:
            with opened_first(buffer, packing, Limits(4 * _SMALL), self.name) as reader:
                return json.loads(reader.read())
        except FileRefused as refused:
            raise Fault("broken answer", refused.found) from None
        except (ValueError, RecursionError):
            raise Fault("broken answer", "no JSON") from None

    def save(self, ask: Ask, file: BinaryIO, most: int) -> Answer:
        """Write the body as it travels into a file, at most so many bytes. Raises Fault."""
        seconds = self._politeness.answer_seconds
        deadline = monotonic() + seconds
        with time_limit(seconds), self._answer(ask) as response, _faults():
            size = _copy(response, file, most, deadline)
            return Answer(
                self._scrubber.clean(response.url.partition("?")[0]),
                response.status_code,
                self._kept(response),
                size,
            )

    def rest(self, seconds: float) -> None:
        """Do not ask for so long."""
        self.resting_until = self.time_after(seconds)

    def time_after(self, seconds: float) -> datetime:
        """The time so many seconds from now."""
        return self._clock() + timedelta(seconds=seconds)

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    @contextmanager
    def _answer(self, ask: Ask) -> Iterator[requests.Response]:
        self._refuse_rest()
        with self._response(ask) as response:
            headers = {name.lower(): text for name, text in response.headers.items()}
            if (wait := used_up_for(headers, self._clock())) is not None:
                self.rest(wait)
            if response.status_code != requests.codes.ok:
                raise self._refused(response, headers)
            _refuse_form(headers)
            yield response

    def _response(self, ask: Ask) -> requests.Response:
        url, params = f"{self.url}/{ask.path}", dict(ask.params)
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._get(url, params, ask.packed)
            if response.status_code not in _REDIRECTS:
                return response
            with response:
                url, params = self._target(response), {}
        raise Fault("redirect", f"more than {_MOST_REDIRECTS} in a row", again=False)

    def _get(self, url: str, params: Mapping[str, str], packed: bool) -> requests.Response:
        headers = {name: key.get_secret_value() for name, key in self._keys.items()}
        headers["Accept-Encoding"] = "identity" if packed else "gzip"
        times = (self._politeness.connect_seconds, self._politeness.read_seconds)
        with _faults():
            return self._session.get(
                url,
                params=params,
                headers=headers,
                timeout=times,
                stream=True,
                allow_redirects=False,
            )

    def _target(self, response: requests.Response) -> str:
        target = urljoin(response.url, response.headers.get("location", ""))
        if _place(urlsplit(target)) != _place(urlsplit(self.url)):
            elsewhere = self._scrubber.clean(urlsplit(target).netloc)
            raise Fault("redirect", f"to another host, {elsewhere}", again=False)
        return target

    def _refuse_rest(self) -> None:
        if self.resting_until is None:
            return
        left = (self.resting_until - self._clock()).total_seconds()
        if left > 0:
            until = f"{self.resting_until:%Y-%m-%d %H:%M:%S} UTC"
            raise Fault("quota used up", f"until {until}", wait=left)
        self.resting_until = None

    def _refused(self, response: requests.Response, headers: Mapping[str, str]) -> Fault:
        body = _small_json(response)
        status = response.status_code
        again = status >= 500 or status in _PASSING
        wait = asked_wait(headers, body, self._clock()) if again else None
        detail = self._scrubber.clean(_said(body)) or response.reason or ""
        return Fault(f"HTTP {status}", detail, again=again, wait=wait)

    def _kept(self, response: requests.Response) -> dict[str, str]:
        found = {name: response.headers.get(name) for name in _KEPT}
        return {name: self._scrubber.clean(text) for name, text in found.items() if text}


def _session(url: str) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, TimedAdapter())
    session.headers["User-Agent"] = _AGENT
    # A proxy of the environment does not lead to this machine; a .netrc is nobody's business here.
    session.trust_env = not is_loopback(url)
    session.auth = lambda request: request
    return session


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except Fault:
        raise
    except FAILURES as error:
        raise fault_of(error) from None


def _refuse_form(headers: Mapping[str, str]) -> None:
    """Refuse what can be told to be wrong before its first byte."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in ("text/html", "application/xhtml+xml"):
        raise Fault("unfit content", "an HTML page", again=False)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Fault("unfit content", f"encoded as {encoding[:20]}", again=False)


def _copy(response: requests.Response, file: BinaryIO, most: int, deadline: float) -> int:
    told = response.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise _too_large(int(told), most)
    size = 0
    # read1 returns what has arrived: a trickle cannot hide behind a large block.
    while block := response.raw.read1(_BLOCK, decode_content=False):
        size += len(block)
        if size > most:
            raise _too_large(most, most)  # how much was in the air is chance
        if monotonic() > deadline:
            raise Fault("too slow", f"{size:,} bytes, then the time for one answer was over")
        with _room():
            file.write(block)
    return size


@contextmanager
def _room() -> Iterator[None]:
    """A disk that is full is no fault of the source."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"what is fetched cannot be written: {error.strerror}; free some space"
        ) from error


def _too_large(size: int, most: int) -> Fault:
    detail = f"{size / MEGABYTE:,.1f} MB or more, at most {most / MEGABYTE:,.1f} are taken"
    return Fault("too large", detail, again=False)


def _small_json(response: requests.Response) -> Any:
    """The JSON in the body of a refusal, if it holds some and comes at once."""
    deadline, text = monotonic() + _REFUSAL_SECONDS, b""
    try:
        while len(text) < _BLOCK and monotonic() < deadline:
            if not (block := response.raw.read1(_BLOCK, decode_content=True)):
                return json.loads(text)
            text += block
    except (*FAILURES, ValueError, RecursionError):
        pass
    return None


def _said(body: Any) -> str:
    """What the body of a refusal says, in the words of the source."""
    if not isinstance(body, dict):
        return ""
    parts = [body.get(name) for name in ("error_code", "message", "error", "reason")]
    return ", ".join(part for part in parts if isinstance(part, str))


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    default = {"http": 80, "https": 443}.get(parts.scheme)
    try:
        return parts.scheme, parts.hostname, parts.port or default
    except ValueError:
        return parts.scheme, None, None
