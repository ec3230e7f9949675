"""A source with its hosts in order of preference: polite attempts, and each failure explained."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Final, TypeVar

from cityflow.contracts import Retry
from cityflow.errors import SourceError
from cityflow.telemetry import get_logger
from cityflow_ingest.tenant import Politeness
from cityflow_ingest.wire.faults import Fault
from cityflow_ingest.wire.host import Host

T = TypeVar("T")

_MOST_SAID: Final = 50
_OF_THE_HOST: Final = frozenset(
    {
        "no such host", "no connection", "no connection in time", "no secure connection",
        "no answer in time", "connection reset", "quota used up", "HTTP 429",
    }
)  # fmt: skip

_log = get_logger(__name__)


class Client:
    """Asks a source. What it noted is taken by its user with `take_retries` and `take_tally`."""

    def __init__(
        self,
        name: str,
        hosts: Sequence[Host],
        politeness: Politeness,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._hosts = list(hosts)
        self._politeness = politeness
        self._sleep = sleep
        self._retries: list[Retry] = []
        self._tally: Counter[str] = Counter()
        self.given_up = 0

    def attempt(self, work: Callable[[Host], T]) -> T:
        """The result of a piece of work that asks one host, tried until it is whole.

        Work that raises Fault is begun anew, on the next host or after a pause. Raises SourceError
        when nothing is left to try. A source that could not be reached is asked once a time, until
        it answers.
        """
        hosts, untried = list(self._hosts), set(self._hosts)
        most = 1 if self.given_up else self._politeness.attempts
        for number in count(1):
            host = hosts[0]
            untried.discard(host)
            try:
                result = work(host)
            except Fault as fault:
                hosts = self._left(hosts, fault)
                if number >= most:
                    hosts = [each for each in hosts if each in untried]
                if not hosts:
                    self._note(host, fault, "gave up")
                    self.given_up += fault.kind in _OF_THE_HOST
                    raise SourceError(f"{self.name}: {host.name}: {_told(fault, host)}") from None
                self._go_on(host, hosts[0], fault, number, fresh=hosts[0] in untried)
            else:
                self._tally[""] += 1
                self.given_up = 0
                self._prefer(host)
                return result
        raise AssertionError  # count() does not end

    def take_retries(self) -> tuple[Retry, ...]:
        """The requests that came to nothing since the last call, the first of them."""
        taken, self._retries = self._retries[:_MOST_SAID], []
        return tuple(taken)

    def take_tally(self) -> Counter[str]:
        """Attempts since the last call: of each kind of fault, and of none under the empty name."""
        taken, self._tally = self._tally, Counter()
        return taken

    @property
    def resting(self) -> dict[str, datetime]:
        """Hosts whose quota is used up, and until when."""
        return {host.name: host.resting_until for host in self._hosts if host.resting_until}

    def rest(self, until: Mapping[str, datetime]) -> None:
        """Take over what an earlier process learnt about quotas."""
        for host in self._hosts:
            host.resting_until = until.get(host.name, host.resting_until)

    def close(self) -> None:
        """Close all connections."""
        for host in self._hosts:
            host.close()

    def _left(self, hosts: list[Host], fault: Fault) -> list[Host]:
        """The hosts that are worth asking after a fault of the first, the next one first."""
        first, others = hosts[0], hosts[1:]
        if not fault.again:
            return others
        if fault.wait is None:
            return [*others, first]
        if fault.wait <= self._politeness.longest_wait_seconds:
            return hosts
        first.rest(fault.wait)
        return others

    def _go_on(self, host: Host, next_host: Host, fault: Fault, number: int, fresh: bool) -> None:
        if fresh:
            self._note(host, fault, f"asked {next_host.name}")
            return
        pause = self._pause(fault, number)
        self._note(host, fault, f"waited {pause:.1f} s, asked {next_host.name}")
        self._sleep(pause)

    def _pause(self, fault: Fault, number: int) -> float:
        """What the source asked for, or twice as long each time, shortened by chance so that
        many clients do not come back at once.
        """
        doubled: float = self._politeness.backoff_seconds * 2 ** (number - 1)
        backoff = random.uniform(0.5, 1) * min(doubled, self._politeness.longest_wait_seconds)
        return backoff if fault.wait is None else fault.wait + min(backoff, 1)

    def _prefer(self, host: Host) -> None:
        """Begin with the host that answered: one that is gone would cost a timeout each time."""
        self._hosts.remove(host)
        self._hosts.insert(0, host)

    def _note(self, host: Host, fault: Fault, then: str) -> None:
        self._tally[fault.kind] += 1
        until = None if fault.wait is None else host.time_after(fault.wait)
        self._retries.append(Retry(host=host.name, reason=str(fault), not_before=until, then=then))
        about = {"source": self.name, "host": host.name, "reason": str(fault), "then": then}
        _log.warning("request failed", **about, **({"not_before": str(until)} if until else {}))


def _told(fault: Fault, host: Host) -> str:
    """The fault, with the time before which the host is not asked again if it named one."""
    until = host.resting_until
    if until is None or fault.kind == "quota used up":
        return str(fault)
    return f"{fault}; not asked again before {until:%Y-%m-%d %H:%M:%S} UTC"
