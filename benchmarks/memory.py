"""How long a command takes, or how much memory its processes hold, sampled while they run."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_PAUSE_S = 0.02


@dataclass(frozen=True)
class Ran:
    """A finished command: seconds, highest sum of RSS over its processes (MiB, 0 if nobody looked),
    its output.
    """

    seconds: float
    peak_mib: float
    output: str


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self.peak = 0.0
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.wait(_PAUSE_S):
            try:
                tree = [self._root, *self._root.children(recursive=True)]
                self.peak = max(self.peak, sum(process.memory_info().rss for process in tree))
            except psutil.Error:
                continue


def run(command: Sequence[str], env: dict[str, str] | None = None, *, watched: bool = True) -> Ran:
    """Run a command to its end. Raises SystemExit with what it said if it fails.

    `watched`: also sample its memory, which takes a share of a processor.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    sampler = _Sampler(process.pid)
    if watched:
        sampler.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    if watched:
        sampler.stop.set()
        sampler.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{errors}")
    return Ran(seconds, sampler.peak / 2**20, output)
