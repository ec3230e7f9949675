"""Units of work that another process can import."""

import os
import signal
import time
from dataclasses import dataclass

from cityflow.errors import FileRefused
from cityflow.storage import Store


@dataclass(frozen=True)
class Where:
    """What a unit was, and which process computed it."""

    item: int
    spec: object
    pid: int


def prepare(_: Store, spec: object) -> object:
    """The context is the spec."""
    return spec


def where(_: Store, spec: object, item: int) -> Where:
    """Takes a while, so that every worker gets some."""
    time.sleep(0.02)
    return Where(item, spec, os.getpid())


def refuse_elsewhere(_: Store, first: object, item: int) -> int:
    """Fails in any process but this one."""
    if os.getpid() != first:
        raise FileRefused("file", "a fault", "none")
    time.sleep(0.02)
    return item


def die_elsewhere(_: Store, first: object, item: int) -> int:
    """Kills any process but this one."""
    if os.getpid() != first:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return item
