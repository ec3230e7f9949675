"""Real processes for the storage contracts: many at once, killed ones, unprivileged ones."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import pytest

SPAWN = multiprocessing.get_context("spawn")
# As fresh as spawned ones, but what takes long to import is imported once for all of them.
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["pytest", "cityflow.storage"])
NOBODY = 65534
T = TypeVar("T")


def in_processes(count: int, function: Callable[..., T], *arguments: Any) -> list[T]:
    """Results of `function(n, *arguments)` in `count` fresh processes at once."""
    with ProcessPoolExecutor(count, mp_context=FRESH) as pool:
        tasks = [
            pool.submit(_under, dict(os.environ), function, n, *arguments) for n in range(count)
        ]
        return [task.result() for task in tasks]


def in_threads(count: int, function: Callable[[int], T]) -> list[T]:
    """Results of `function(n)` in `count` threads at once."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, range(count)))


def killed(function: Callable[..., None], *arguments: Any, after: float) -> Iterator[Any]:
    """What `function(pipe, *arguments)` sent before it was killed `after` its first message."""
    receiver, sender = FRESH.Pipe(duplex=False)
    process = FRESH.Process(target=_under, args=(dict(os.environ), function, sender, *arguments))
    process.start()
    sender.close()
    yield receiver.recv()
    time.sleep(after)
    process.kill()
    process.join()
    yield from _rest(receiver)


def unprivileged(function: Callable[..., T], *arguments: Any) -> T:
    """The result of a function in a fresh process that may not read what is root's alone."""
    with ProcessPoolExecutor(1, mp_context=FRESH) as pool:
        return pool.submit(_as_nobody, function, *arguments).result()


def _under(environ: dict[str, str], function: Callable[..., T], *arguments: Any) -> T:
    """The result of a function in this environment: the fork server's own is an older one."""
    os.environ.clear()
    os.environ.update(environ)
    return function(*arguments)


def _as_nobody(function: Callable[..., T], *arguments: Any) -> T:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return function(*arguments)


def _rest(receiver: Connection) -> Iterator[Any]:
    try:
        while True:
            yield receiver.recv()
    except EOFError:
        return


def one_line(error: pytest.ExceptionInfo[BaseException]) -> str:
    """The message of a raised error, which must be a single line."""
    message = str(error.value)
    assert message and "\n" not in message
    return message
